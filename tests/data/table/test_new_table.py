"""Rows of tables, as people type and save them."""

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.contracts import Column
from runner.data.table import faults as module
from runner.data.table import new_table
from runner.data.table.dialect import Reading
from runner.data.table.new_table import table_rows
from runner.data.table.notation import column_values, value_of
from runner.data.table.typed_row import single_row
from runner.errors import DataError
from tables import write

COLUMNS = (Column("width_cm"), Column("colour", ("red", "green", "blue")))


def read(tmp_path: Path, text: str | bytes) -> tuple[list[str], list[list[float]], list[str], list[str]]:
    """(names, numbers, faults, notes) of a CSV file that holds ``text``."""
    path = tmp_path / "a.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    blocks = list(table_rows(str(path), COLUMNS, Reading()))
    names = [name.rpartition("/")[2] for block in blocks for name in block.names]
    faults = [fault.rpartition("/")[2] for block in blocks for fault in block.faults]
    notes = [note.rpartition("/")[2] for block in blocks for note in block.notes]
    return names, [row for block in blocks for row in block.x.tolist()], faults, notes


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    names, numbers, faults, notes = read(tmp_path, "colour,width_cm\nblue,1.5\nred,2\n")
    assert (names, numbers) == (["a.csv:2", "a.csv:3"], [[1.5, 2.0], [2.0, 0.0]])
    assert (faults, notes) == ([], [])


def test_without_a_heading_the_order_is_that_of_the_run(tmp_path: Path) -> None:
    assert read(tmp_path, "1.5,blue\n2,red\n")[:2] == (["a.csv:1", "a.csv:2"], [[1.5, 2.0], [2.0, 0.0]])


def test_columns_that_the_run_does_not_know_are_left_aside_and_said(tmp_path: Path) -> None:
    _, numbers, _, notes = read(tmp_path, "id,colour,width_cm,price\n7,green,1,9\n")
    assert numbers == [[1.0, 1.0]]
    assert notes == ["a.csv: id, price: not used by the run; ignored"]


@pytest.mark.parametrize("text", ["colour;width_cm\nblue;1.5\n", "colour\twidth_cm\nblue\t1.5\n"])
def test_the_separator_is_seen(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text)[1] == [[1.5, 2.0]]


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbfcolour,width_cm\r\nblue,1.5\r\n",  # as a spreadsheet saves it
        b'"colour","width_cm"\n" blue ","1.5"\n',
        b"colour,width_cm\n\n\nblue,1.5\n\n",
    ],
)
def test_what_spreadsheets_make_of_a_table_is_read(tmp_path: Path, text: bytes) -> None:
    assert read(tmp_path, text)[1:3] == ([[1.5, 2.0]], [])


def test_wrong_rows_are_told_one_by_one_and_the_rest_is_read(tmp_path: Path) -> None:
    text = "width_cm,colour\n1,red\nabc,pink\n2\n,red\nnan,red\n1e999,red\n1_000,red\n3,blue\n"
    names, numbers, faults, _ = read(tmp_path, text)
    assert (names, numbers) == (["a.csv:2", "a.csv:9"], [[1.0, 0.0], [3.0, 2.0]])
    assert faults == [
        "a.csv:3: width_cm='abc': must be a number; colour='pink': must be one of red, green, blue",
        "a.csv:4: has 1 cells, not 2",
        "a.csv:5: width_cm='': must be a number",
        "a.csv:6: width_cm='nan': must be a number",
        "a.csv:7: width_cm='1e999': must be a number",
        "a.csv:8: width_cm='1_000': must be a number",
    ]


def test_a_quote_that_never_closes_is_a_fault_of_its_row(tmp_path: Path) -> None:
    names, _, faults, _ = read(tmp_path, 'colour,width_cm\nred,1\n"blue,2\nred,3\n')
    assert names == ["a.csv:2"]
    assert faults == ["a.csv:3: has 1 cells, not 2; a quote opens here and takes in the next lines"]


HANGUL = (Column("너비"), Column("색", ("빨강", "파랑")))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_encodings_are_found_as_those_of_a_table_to_train_on(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "값.csv").write_bytes("색,너비\n파랑,1.5\n빨강,2\n".encode(encoding))
    (block,) = table_rows(str(tmp_path / "값.csv"), HANGUL, Reading())
    assert block.x.tolist() == [[1.5, 1.0], [2.0, 0.0]]
    assert bool(block.notes) == (encoding == "cp949")


def test_an_encoding_that_was_said_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("width_cm,colour\n1,grün\n".encode("cp1252"))
    columns = (Column("width_cm"), Column("colour", ("blau", "grün")))
    (block,) = table_rows(str(tmp_path / "a.csv"), columns, Reading(encoding="cp1252"))
    assert (block.x.tolist(), block.notes) == ([[1.0, 1.0]], [])


def test_a_gzipped_file_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, gzip.compress(b"colour,width_cm\nblue,1.5\n"))[1] == [[1.5, 2.0]]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("colour;width_cm\nblue;1,5\nred;-0,25\n", [[1.5, 2.0], [-0.25, 0.0]]),
        ("colour|width_cm\nblue|1.5\n", [[1.5, 2.0]]),
        ("1,5;blue\n", [[1.5, 2.0]]),
        ("colour,width_cm,\nblue,1.5,\n", [[1.5, 2.0]]),  # a delimiter at the end of every line
    ],
)
def test_delimiters_and_decimal_commas_are_found(tmp_path: Path, text: str, rows: list[list[float]]) -> None:
    assert read(tmp_path, text)[1:3] == (rows, [])


def test_a_decimal_comma_that_may_part_thousands_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("colour;width_cm\nblue;1,500\n")
    (found,) = table_rows(str(tmp_path / "a.csv"), COLUMNS, Reading())
    assert list(found.faults) == [f"{tmp_path / 'a.csv'}:2: width_cm='1,500': must be a number"]
    (said,) = table_rows(str(tmp_path / "a.csv"), COLUMNS, Reading(decimal=","))
    assert said.x.tolist() == [[1.5, 2.0]]


def test_without_a_header_the_columns_may_be_those_of_the_runs_own_file(tmp_path: Path) -> None:
    """Trained on five columns that nobody has named, or that the command has; the third was the target."""
    (tmp_path / "a.csv").write_text("1,x,9,2,3\n")
    by_place = (Column("c1"), Column("c4"))
    (block,) = table_rows(str(tmp_path / "a.csv"), by_place, Reading())
    assert block.x.tolist() == [[1.0, 2.0]]
    by_name = (Column("width_cm"), Column("height_cm"))
    names = ("width_cm", "kind", "price", "height_cm", "age")
    (block,) = table_rows(str(tmp_path / "a.csv"), by_name, Reading(names=names))
    assert block.x.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    "cell", ["1.5", " 2 ", "-3e2", "+.5", "1.", "0x10", "1_0", "nan", "inf", "1e39", "", "٣", "1 2"]
)
@pytest.mark.parametrize("decimal", [".", ","])
def test_many_cells_are_read_as_each_of_them_alone(cell: str, decimal: str) -> None:
    column = Column("width_cm")
    cells = ["1", cell.replace(".", decimal), "2"]
    values, wrong = column_values(cells, column, decimal)
    alone = value_of(column, cells[1].strip(), decimal)
    assert list(wrong) == ([1] if isinstance(alone, str) else [])
    assert list(values) == [1.0, 0.0 if isinstance(alone, str) else alone, 2.0]


def test_a_large_file_comes_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_table, "AT_A_TIME", 2)
    path = tmp_path / "a.csv"
    path.write_text("width_cm,colour,id\n" + "".join(f"{i},red,0\n" for i in range(5)))
    blocks = list(table_rows(str(path), COLUMNS, Reading()))
    assert [block.x[:, 0].tolist() for block in blocks] == [[0.0, 1.0], [2.0, 3.0], [4.0]]
    assert [len(block.notes) for block in blocks] == [1, 0, 0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty"),
        (" , \n,\n", "holds no cell with anything in it"),
        ("width_cm,size\n1,2\n", "lacks colour; it has width_cm, size"),
        ("colour,colour,width_cm\nred,red,1\n", "line 1: columns 1 and 2 are both called colour"),
        ("a,b,c\n1,2,3\n", "its first line names no column of this run and has 3 cells, not 2"),
        ("a,b\n1,2\n", "unknown columns a, b\n  those of this run: width_cm, colour"),
        (b"colour,width_cm\n\xb0\x81,1\n", "line 2: byte 0xb0 is not UTF-8, and the encoding of the text is not clear"),
        (b"PK\x03\x04", "the zip file is cut short or damaged"),
    ],
)
def test_a_file_that_cannot_be_used_is_said_to_be_so(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(DataError) as fault:
        read(tmp_path, text)
    assert told in str(fault.value)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv: cannot be read: no such file or directory"):
        list(table_rows("nowhere.csv", COLUMNS, Reading()))


def test_case_19_a_name_is_known_however_its_accents_are_typed(tmp_path: Path) -> None:
    typed = {normalize("NFD", name): normalize("NFD", cell) for name, cell in {"너비": "2", "색": "파랑"}.items()}
    assert single_row(typed, HANGUL, None).x.tolist() == [[2.0, 1.0]]
    (tmp_path / "a.csv").write_text(normalize("NFD", "색,너비\n파랑,2\n"))
    (block,) = table_rows(str(tmp_path / "a.csv"), HANGUL, Reading())
    assert block.x.tolist() == [[2.0, 1.0]]


def test_case_43_a_quote_left_open_is_said_of_rows_to_predict_too(tmp_path: Path) -> None:
    rows = [f"{i},red,1,2" for i in range(9)]
    rows[2], rows[6] = '2,"red,1,2', '6,red",1,2'
    (block,) = table_rows(str(write(tmp_path / "a.csv", "width_cm,colour,b,c", *rows)), COLUMNS, Reading())
    assert "line 4, column colour: one cell of row 3 holds 5 lines, each like a row: is a quote" in block.notes[0]


PLAIN = [
    "1.5,blue\n2,red\n",
    "-0.25,green\n1e3,red\n",
    "7,blue",  # without an end
]
ODD = [
    "abc,blue\n1,red\n",
    "1,violet\n",
    "1\n2,red,3\n",  # one field too few, one too many
    "\n\n5,green\n",
    ",red\n",
    "inf,red\n1e60,red\nnan,red\n0x10,red\nTrue,red\n",
    " 3 , blue \r\n4,red\r\n",
    "\uff12,red\n1_000,red\n",
]


@settings(deadline=None)  # the first example imports pandas
@given(st.lists(st.sampled_from([*PLAIN, *ODD]), min_size=1, max_size=12), st.booleans(), st.sampled_from([8, 40, 400]))
def test_a_large_file_is_read_in_blocks_as_if_it_were_read_line_by_line(
    parts: list[str], has_quoted_header: bool, block_bytes: int
) -> None:
    header = '"width_cm","colour"\n' if has_quoted_header else "width_cm,colour\n"
    text = header + "".join(part if part.endswith("\n") else f"{part}\n" for part in parts[:-1]) + parts[-1]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        try:
            expected = read(Path(folder), text)
        except DataError:
            return  # refused as a whole, before a row is read
        patch.setattr(module, "BLOCK_BYTES", block_bytes)
        patch.setattr(new_table, "BLOCK_BYTES", 0)
        assert read(Path(folder), text) == expected


def test_plain_blocks_of_a_large_file_are_not_read_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", 40)
    monkeypatch.setattr(new_table, "BLOCK_BYTES", 0)
    monkeypatch.delattr(new_table.Table, "by_record")
    rows = "".join(f"{i}.5,{('red', 'green', 'blue')[i % 3]}\n" for i in range(100))
    names, numbers, faults, _ = read(tmp_path, f"width_cm,colour\n{rows}")
    assert (names[0], names[-1], len(numbers), faults) == ("a.csv:2", "a.csv:101", 100, [])
    assert numbers[-1] == [99.5, 0.0]


def test_of_a_file_without_one_whole_row_each_is_told(tmp_path: Path) -> None:
    names, _, faults, _ = read(tmp_path, "width_cm,colour\n1\n2\n")
    assert (names, faults) == ([], ["a.csv:2: has 1 cells, not 2", "a.csv:3: has 1 cells, not 2"])


LACKING = (
    Column("width_cm", missing="filled"),
    Column("colour", ("red", "green"), missing="filled", takes_unknown=True),
    Column("height_cm"),
)


@pytest.mark.parametrize("block_bytes", [1, 1 << 20])
def test_a_category_that_no_train_row_has_is_said(
    block_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "colour: 'pink' stands in no train row; taken as none of its categories"
    assert single_row({"width_cm": "1", "colour": "pink", "height_cm": "2"}, LACKING, None).notes == [told]
    monkeypatch.setattr(new_table, "BLOCK_BYTES", block_bytes)
    path = tmp_path / "a.csv"
    path.write_text("width_cm,colour,height_cm\n1,pink,2\n1,mauve,2\n1,,2\n1,red,2\n")
    (rows,) = table_rows(str(path), LACKING, Reading())
    assert rows.notes == ["colour: 'mauve', 'pink' stand in no train row; taken as none of its categories"]
    assert rows.num_unseen == 2


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (
            "height_cm,colour",
            "lacks width_cm; it has height_cm, colour\n  add it with empty cells, which are filled in as in training",
        ),
        ("colour", "lacks width_cm, height_cm; it has colour"),
    ],
)
def test_of_a_column_that_may_be_empty_is_told_how_to_add_it(head: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{head}\nred,2\n")
    with pytest.raises(DataError) as fault:
        list(table_rows(str(tmp_path / "a.csv"), LACKING, Reading()))
    assert str(fault.value).endswith(told)
