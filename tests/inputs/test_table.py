"""Rows of tables, as people type and save them."""

from pathlib import Path

import pytest

from runner.contracts import Column
from runner.errors import ConfigError, DataError
from runner.inputs import table
from runner.inputs.table import single_row, table_rows

COLUMNS = (Column("width_cm"), Column("colour", ("red", "green", "blue")))


def read(tmp_path: Path, text: str | bytes) -> tuple[list[str], list[list[float]], list[str], list[str]]:
    """(names, numbers, faults, notes) of a CSV file that holds ``text``."""
    path = tmp_path / "a.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    blocks = list(table_rows(str(path), COLUMNS))
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
    assert notes == ["a.csv: id, price: no column of this run, left aside"]


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
        "a.csv:3: width_cm='abc': is to be a number; colour='pink': is to be one of red, green, blue",
        "a.csv:4: has 1 cells, not 2",
        "a.csv:5: width_cm='': is to be a number",
        "a.csv:6: width_cm='nan': is to be a number",
        "a.csv:7: width_cm='1e999': is to be a number",
        "a.csv:8: width_cm='1_000': is to be a number",
    ]


def test_a_large_file_comes_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "AT_A_TIME", 2)
    path = tmp_path / "a.csv"
    path.write_text("width_cm,colour,id\n" + "".join(f"{i},red,0\n" for i in range(5)))
    blocks = list(table_rows(str(path), COLUMNS))
    assert [block.x[:, 0].tolist() for block in blocks] == [[0.0, 1.0], [2.0, 3.0], [4.0]]
    assert [len(block.notes) for block in blocks] == [1, 0, 0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty, or begins with an empty line"),
        ("width_cm,size\n1,2\n", "lacks colour; it has width_cm, size"),
        ("colour,colour,width_cm\nred,red,1\n", "has colour twice; which one is meant?"),
        ("a,b,c\n1,2,3\n", "its first line names no column of this run and has 3 cells, not 2"),
        ("a,b\n1,2\n", "unknown columns a, b\n  those of this run: width_cm, colour"),
        (b"colour,width_cm\n\xb0,1\n", "is no text in UTF-8"),
        (
            'colour,width_cm\nred,1\n"' + "x" * 200_000,
            "field larger than field limit (131072); what follows was not read",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_said_to_be_so(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(DataError) as fault:
        read(tmp_path, text)
    assert told in str(fault.value)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv: no such file or directory"):
        list(table_rows("nowhere.csv", COLUMNS))


def test_a_typed_row_is_read() -> None:
    rows = single_row({"colour": "green", "width_cm": "2.5"}, COLUMNS)
    assert (rows.names, rows.x.tolist()) == (["the row"], [[2.5, 1.0]])


def test_every_fault_of_a_typed_row_is_told() -> None:
    with pytest.raises(ConfigError) as fault:
        single_row({"color": "green", "width_cm": "wide"}, COLUMNS)
    assert fault.value.faults == (
        "color=...: no column of this run; did you mean colour? it has width_cm, colour",
        "colour=...: is missing; is to be one of red, green, blue",
        "width_cm='wide': is to be a number",
    )
