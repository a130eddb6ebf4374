"""What files of all kinds are read as."""

import gzip
import json
import time
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

import pytest
import torch

from program import only_run, run
from runner.contracts import Column, Split
from runner.data.checks import check_data
from runner.data.csv import fetch_table
from runner.data.table import dialect
from runner.data.table.dialect import Reading
from runner.data.table.file import find_file
from runner.data.table.new_table import table_rows
from runner.errors import ConfigError, DataError
from runner.runs.directory import RunDirectory
from runner.runs.schema import read_schema
from tables import HEADER, ROWS, fitted, read, write

PLAIN = "\n".join([HEADER, *ROWS]) + "\n"
COLUMNS = (Column("size"), Column("colour", ("blue", "green", "red")), Column("old", ("no", "yes"), ordered=True))
FORMS = {
    "as it is": PLAIN.encode(),
    "with a mark of Excel": PLAIN.encode("utf-8-sig"),
    "utf-16": PLAIN.encode("utf-16"),
    "CRLF": PLAIN.replace("\n", "\r\n").encode(),
    "CR alone": PLAIN.replace("\n", "\r").encode(),
    "semicolons and decimal commas": PLAIN.replace(",", ";").replace(".", ",").encode(),
    "tabs": PLAIN.replace(",", "\t").encode(),
    "pipes": PLAIN.replace(",", "|").encode(),
    "spaces around": PLAIN.replace(",", " , ").encode(),
    "a comma at the end of lines": PLAIN.replace("\n", ",\n").encode(),
    "a comma at the end of rows": PLAIN.replace("\n", ",\n").replace("price,", "price").encode(),
    "empty lines": PLAIN.replace("\n", "\n\n").encode() + b",,,\n  \n",
    "no line end": PLAIN.rstrip().encode(),
    "quotes": "\n".join(",".join(f'"{c}"' for c in line.split(",")) for line in PLAIN.splitlines()).encode(),
    "gzip": gzip.compress(PLAIN.encode(), mtime=0),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_table_in_another_form_is_the_same(tmp_path: Path, form: str) -> None:
    (tmp_path / "my.csv").write_bytes(FORMS[form])
    data, _ = fitted(tmp_path / "my.csv")
    assert (data.task, data.columns, data.class_names) == ("regression", COLUMNS, ())
    assert data.x[:3].tolist() == [[0, 2, 1], [1.5, 1, 0], [3, 0, 1]]
    assert data.y[:3].tolist() == [0.25, 1.75, 3.25]
    assert len(data.y) == 40


@pytest.mark.parametrize(
    "above",
    [
        "size,price\n",
        "\nsize,price\n",
        ",\n , \nsize,price\r\n",
        "size,price\r",
        '"size",price\r',
        '"size\nof it","price"\n',
    ],
)
def test_what_stands_above_the_rows_is_none_of_them(tmp_path: Path, above: str) -> None:
    path = tmp_path / "my.csv"
    rows = "".join(f"{i},{i * 3}\n" for i in range(40))
    for named in (above, above.replace("size", "2019").replace("price", "2020")):
        path.write_bytes((named + rows).encode())
        data = read(path, "price" if "price" in named else "2020", header=True)
        assert data.y.tolist() == [i * 3 for i in range(40)]
        assert data.x.frame.x_NC[:, 0].tolist() == list(range(40))


def test_without_a_header_columns_are_numbered_and_that_is_said(tmp_path: Path) -> None:
    data, _ = fitted(write(tmp_path / "my.csv", *ROWS), target="c4")
    assert [column.name for column in data.columns] == ["c1", "c2", "c3"]
    assert len(data.y) == 40
    assert "line 1 names no columns; they are called c1 to c4" in data.notes[0]
    named, _ = fitted(tmp_path / "my.csv", names=tuple(HEADER.split(",")))
    assert named.columns == COLUMNS


@pytest.mark.parametrize(
    ("encoding", "red", "found"),
    [("cp949", "빨강", "cp949"), ("latin-1", "rosé", "cp1252"), ("cp1252", "Grün", "cp1252")],
)
def test_an_encoding_that_is_plain_is_found_and_said(tmp_path: Path, encoding: str, red: str, found: str) -> None:
    path = write(tmp_path / "my.csv", *PLAIN.replace("red", red).splitlines(), encoding=encoding)
    data, _ = fitted(path)
    assert red in data.columns[1].categories
    assert f"read as {found}; if it is not, say which: dataset.encoding=..." in data.notes[0]


def test_a_run_says_what_was_left_out_once(tmp_path: Path) -> None:
    lines = [f"{i},{line}" for i, line in enumerate(ROWS)]
    path = write(tmp_path / "my.csv", f"id,{HEADER}", *lines)
    argv = ["train", "dataset=csv", f"dataset.path={path}", "dataset.target=price", "epochs=1", "batch_size=8"]
    done = run([*argv, "model=linear", "tensorboard=off", f"output_dir={tmp_path / 'outputs'}"], tmp_path / "said")
    assert (done.code, done.err) == (0, "")
    assert "".join(done.out.split()).count("columnidisleftout:itnumberstherows") == 1


def test_hangul_in_path_columns_and_classes(tmp_path: Path) -> None:
    (tmp_path / "데이터").mkdir()
    lines = [f"{i % 9},{('서울', '부산')[i % 2]}" for i in range(40)]
    write(tmp_path / "데이터" / "가격.csv", "면적,도시", *lines)
    argv = ["train", "dataset=csv", "dataset.path=데이터/가격.csv", "dataset.target=도시", "epochs=1", "batch_size=8"]
    done = run(
        [*argv, "model=linear", "tensorboard=off", f"output_dir={tmp_path / 'outputs'}"],
        tmp_path / "said",
        cwd=tmp_path,
    )
    assert done.code == 0, done.err
    assert "2 classes: 부산 14, 서울 15" in done.out
    stored = read_schema(RunDirectory(only_run(tmp_path / "outputs")))
    assert (stored.class_names, stored.columns) == (("부산", "서울"), (Column("면적", missing="filled"),))


@pytest.mark.parametrize(
    ("values", "task", "names"),
    [
        (["yes", "no"], "binary", ("no", "yes")),
        (["1", "0"], "binary", ("0", "1")),
        (["1.0", "2"], "binary", ("1", "2")),
        (["b", "c", "a"], "multiclass", ("a", "b", "c")),
        (["10", "9", "2"], "multiclass", ("2", "9", "10")),
        (["None", "NA", "x"], "multiclass", ("NA", "None", "x")),
        (["0.5", "1", "2"], "regression", ()),
        ([str(i) for i in range(40)], "regression", ()),
    ],
)
def test_the_task_is_as_the_values_of_the_target_tell(
    tmp_path: Path, values: list[str], task: str, names: tuple[str, ...]
) -> None:
    lines = [f"{i / 2},{values[i % len(values)]}" for i in range(60 if len(values) < 40 else 40)]
    data, _ = fitted(write(tmp_path / "my.csv", "a,b", *lines), target="b")
    assert (data.task, data.class_names) == (task, names)


def test_the_task_that_is_said_wins(tmp_path: Path) -> None:
    lines = [f"{i / 2},{i % 3}" for i in range(60)]
    path = write(tmp_path / "my.csv", "a,b", *lines)
    assert fitted(path, target="b", task="regression")[0].y[:4].tolist() == [0, 1, 2, 0]
    assert fitted(path, target="b")[0].task == "multiclass"


LEFT_OUT = {
    "id": ([str(i) for i in range(40)], "it numbers the rows"),
    "same": (["7"] * 40, "it is the same in every train row"),
    "word": (["seven"] * 40, "it is the same in every train row"),
    "void": ([""] * 40, "it is empty in every train row"),
    "day": (
        [f"2024-01-{i % 28 + 1:02}" for i in range(40)],
        "it holds dates or times; as year, month, weekday and hour",
    ),
    "name": ([f"house {i}" for i in range(40)], "different texts in"),
    "stamp": ([str(2**53 + i % 5) for i in range(40)], "float32 has too few digits to tell its values apart"),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_column_that_tells_nothing_is_left_out_and_that_is_said(tmp_path: Path, name: str) -> None:
    values, why = LEFT_OUT[name]
    lines = [f"{value},{line}" for value, line in zip(values, ROWS, strict=True)]
    data, _ = fitted(write(tmp_path / "my.csv", f"{name},{HEADER}", *lines), missing="impute")
    assert tuple(data.ignored) == (name,)
    assert [column.name for column in data.columns] == ["size", "colour", "old"]
    assert any(f"column {name} is left out: " in note and why in note for note in data.notes)


def test_a_column_of_numbers_that_count_up_is_no_id_unless_it_is_called_so(tmp_path: Path) -> None:
    lines = [f"{i},{3 * i + 1}" for i in range(40)]
    data, _ = fitted(write(tmp_path / "my.csv", "x,y", *lines), target="y")
    assert [column.name for column in data.columns] == ["x"]


ID_TARGETS = {
    "id": [str(i + 1) for i in range(40)],
    "pupil_id": [str(20_240_000_001 + i) for i in range(40)],  # float32 could not tell them apart
    "번호": [str(40 - i) for i in range(40)],
}


@pytest.mark.parametrize("name", ID_TARGETS)
@pytest.mark.parametrize("task", [None, "regression"])
def test_a_target_that_numbers_the_rows_is_said_to_do_so(tmp_path: Path, name: str, task: str | None) -> None:
    lines = [f"{line},{number}" for line, number in zip(ROWS, ID_TARGETS[name], strict=True)]
    path = write(tmp_path / "my.csv", f"{HEADER},{name}", *lines)
    data, _ = fitted(path, target=name, task=task, columns={"size": "numeric"})
    assert data.task == "regression"
    (note,) = (note for note in data.notes if "target" in note)
    assert note.startswith(f"{name}, the target, numbers the rows: the net would learn the order of the file")


def test_a_run_says_once_that_its_target_numbers_the_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "my.csv", f"id,{HEADER}", *(f"{i},{line}" for i, line in enumerate(ROWS)))
    argv = ["train", "dataset=csv", f"dataset.path={path}", "dataset.target=id", "epochs=1", "batch_size=8"]
    done = run([*argv, "model=linear", "tensorboard=off", f"output_dir={tmp_path / 'outputs'}"], tmp_path / "said")
    assert (done.code, done.err) == (0, "")
    assert "".join(done.out.split()).count("id,thetarget,numberstherows") == 1


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("refractive_index", [str(1.5 + i / 100) for i in range(40)]),  # a measurement that happens to be called so
        ("glycemic_index", [str(i % 30) for i in range(40)]),
        ("species_id", [str(i % 3) for i in range(40)]),  # classes
        ("serial", [str(i) for i in range(40)]),  # not called an id
    ],
)
def test_a_target_that_measures_something_is_not_said_to_number_the_rows(
    tmp_path: Path, name: str, values: list[str]
) -> None:
    lines = [f"{line},{value}" for line, value in zip(ROWS, values, strict=True)]
    data, _ = fitted(write(tmp_path / "my.csv", f"{HEADER},{name}", *lines), target=name)
    assert not any("numbers the rows" in note for note in data.notes)


def test_what_says_that_there_is_none_is_no_third_value_of_a_binary_column(tmp_path: Path) -> None:
    path = write(tmp_path / "my.csv", "x,y", *(f"{('yes', 'no', 'NA')[i % 3]},{i}" for i in range(40)))
    data, _ = fitted(path, target="y", columns={"x": "binary"}, missing="impute")
    assert data.columns == (Column("x", ("no", "yes"), ordered=True, missing="marked"),)
    assert data.x[:3, 0].nan_to_num(-1).tolist() == [1, 0, -1]


def test_what_is_said_of_a_column_wins(tmp_path: Path) -> None:
    lines = [f"{i % 5:02},{('S', 'M', 'L')[i % 3]},{i},{i}" for i in range(40)]
    path = write(tmp_path / "my.csv", "zip,size,id,y", *lines)
    said = {"zip": "categorical", "size": ["S", "M", "L"], "id": "numeric"}
    data, _ = fitted(path, target="y", columns=said)
    assert data.columns == (
        Column("zip", ("00", "01", "02", "03", "04")),
        Column("size", ("S", "M", "L"), ordered=True),
        Column("id"),
    )
    assert data.x[:2].tolist() == [[0, 0, 0], [1, 1, 1]]
    assert fitted(path, target="y", columns={"zip": "ignored", "id": "ignored"})[0].ignored.keys() == {"zip", "id"}


def test_none_is_a_category_among_words_and_nothing_among_numbers(tmp_path: Path) -> None:
    lines = [f"{'NA' if i % 4 == 0 else i / 2},{('None', 'NA', 'x')[i % 3]},{i}" for i in range(40)]
    data, _ = fitted(write(tmp_path / "my.csv", "a,b,y", *lines), target="y", missing="impute")
    assert data.columns == (Column("a", missing="marked"), Column("b", ("NA", "None", "x"), missing="filled"))
    assert data.x[:2].isnan().tolist() == [[True, False], [False, False]]


def test_an_empty_category_is_code_minus_one_once_empty_cells_are_imputed(tmp_path: Path) -> None:
    lines = [f"{('', 'p', 'q', 'r')[i % 4]},{('', 'yes', 'no')[i % 3]},{i}" for i in range(40)]
    data, _ = fitted(write(tmp_path / "my.csv", "a,b,y", *lines), target="y", missing="impute")
    assert data.columns[0] == Column("a", ("p", "q", "r"), missing="filled")
    assert data.columns[1] == Column("b", ("no", "yes"), ordered=True, missing="marked")
    assert data.x[0].nan_to_num(nan=-9).tolist() == [-1, -9]


def test_rows_outside_train_change_nothing_that_was_fitted(tmp_path: Path) -> None:
    """The leak test: kinds, categories, classes and what is filled in come from the train rows alone."""
    train = [f"{line},{('a', 'b')[i % 2]},train" for i, line in enumerate(ROWS)]
    calm = ["1,red,no,2,a,test", "2,blue,yes,3,b,val"]
    wild = ["-1e9,red,no,1e9,b,test", ",,,-1e9,a,val"]
    header = f"{HEADER},kind,part"
    found = []
    for name, others in (("calm.csv", calm), ("wild.csv", wild)):
        path = write(tmp_path / name, header, *train, *others)
        data, _ = fitted(path, target="kind", split_column="part", missing="impute", unknown="zeros")
        found.append((data.columns, data.class_names, tuple(data.ignored), data.x[:40].tolist(), data.y[:40].tolist()))
    assert found[0] == found[1]


def test_numbers_of_val_and_test_rows_do_not_decide_what_a_column_is(tmp_path: Path) -> None:
    lines = [f"{i},{i % 3},train" for i in range(40)] + ["x1,0,test"] * 60
    path = write(tmp_path / "my.csv", "a,y,part", *lines)
    with pytest.raises(DataError, match="line 42, column a: 'x1' is not a number, and this is a column of numbers"):
        fitted(path, target="y", split_column="part")


def test_case_1_a_split_column_may_say_any_usual_name(tmp_path: Path) -> None:
    parts = ["Training"] * 30 + ["dev"] * 4 + ["Testing"] * 6
    path = write(tmp_path / "my.csv", f"{HEADER},part", *(f"{a},{b}" for a, b in zip(ROWS, parts, strict=True)))
    _, rows = fitted(path, split_column="part")
    assert [len(rows.train), rows.val.tolist(), rows.test.tolist()] == [30, [30, 31, 32, 33], list(range(34, 40))]
    parts[-1] = "eval"
    path = write(tmp_path / "my.csv", f"{HEADER},part", *(f"{a},{b}" for a, b in zip(ROWS, parts, strict=True)))
    with pytest.raises(DataError, match=r"column part: (Testing and eval|eval and Testing) both name the test split"):
        fitted(path, split_column="part")


def test_splits_by_a_column_and_by_position(tmp_path: Path) -> None:
    parts = ["train"] * 30 + ["valid"] * 4 + ["Test"] * 6
    path = write(tmp_path / "my.csv", f"{HEADER},part", *(f"{a},{b}" for a, b in zip(ROWS, parts, strict=True)))
    data, rows = fitted(path, split_column="part")
    assert [len(rows.train), rows.val.tolist(), rows.test.tolist()] == [30, [30, 31, 32, 33], list(range(34, 40))]
    assert "part" not in [column.name for column in data.columns]
    data, rows = fitted(path, split_rows=(20, 5), columns={"part": "ignored"})
    assert [rows.train.tolist(), rows.val.tolist(), rows.test.tolist()] == [
        list(range(20)),
        list(range(20, 25)),
        list(range(25, 40)),
    ]


def test_a_split_by_position_may_be_without_validation(tmp_path: Path) -> None:
    path = write(tmp_path / "my.csv", HEADER, *ROWS)
    argv = ["train", "dataset=csv", f"dataset.path={path}", "dataset.target=price", "dataset.split_rows=[30,0]"]
    argv += ["model=linear", "batch_size=8", "epochs=1", "tensorboard=off", f"output_dir={tmp_path / 'outputs'}"]
    done = run([*argv, "monitor=val/mae"], tmp_path / "said")
    assert done.code == 2 and "monitor=val/mae: nothing of that name is measured; choose train/loss" in done.err
    assert not (tmp_path / "outputs").exists()
    done = run(argv, tmp_path / "said")
    assert done.code == 0, done.err
    assert "no validation; official test set" in done.out
    assert run(["eval", str(only_run(tmp_path / "outputs"))], tmp_path / "said").code == 0


def test_a_run_answers_for_new_rows_as_its_own_were_read(tmp_path: Path) -> None:
    lines = [f"{'' if i == 5 else i % 9},{('red', 'green', 'blue')[i % 3]},{('no', 'yes')[i % 2]}" for i in range(60)]
    path = write(tmp_path / "my.csv", "size,colour,sold", *lines)
    argv = ["train", "dataset=csv", f"dataset.path={path}", "dataset.target=sold", "dataset.unknown=refuse", "epochs=1"]
    argv += [
        "dataset.categorical=embedding",
        "model=dnn",
        "batch_size=8",
        "tensorboard=off",
        f"output_dir={tmp_path / 'outputs'}",
    ]
    assert run(argv, tmp_path / "said").code == 0
    path.unlink()
    directory = only_run(tmp_path / "outputs")
    new = write(tmp_path / "new.csv", "colour,size", "red,3", "blue,", "pink,1", ",2")
    done = run(["predict", str(directory), str(new)], tmp_path / "said")
    assert done.code == 1 and "new.csv:4: colour='pink': must be one of blue, green, red" in done.err
    assert all(f"new.csv:{line}" in done.out for line in (2, 3, 5)) and "new.csv:4" not in done.out
    kept = json.dumps(torch.load(directory / "checkpoints" / "best.pt")["schema"])  # tuples there, lists in the file
    assert json.loads(kept) == json.loads((directory / "schema.json").read_text("utf-8"))


def test_a_table_at_an_address_is_received_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mirror import Mirror, serve

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Mirror() as mirror:
        mirror.replies["/d/my.csv"] = serve(PLAIN.encode())
        address = f"http://{mirror.host}/d/my.csv"
        for _ in range(2):
            assert fetch_table(address, tmp_path).read_text() == PLAIN
        assert mirror.asked == ["/d/my.csv"]
        with pytest.raises(DataError, match=r"other.csv: cannot be downloaded \(127.0.0.1:\d+: HTTP 404"):
            fetch_table(f"http://{mirror.host}/other.csv", tmp_path)


def test_what_comes_from_an_address_and_is_no_table_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mirror import Mirror, serve

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    broken = {
        b"": "the file is empty",
        b"<!DOCTYPE html>busy": "is a web page",
        gzip.compress(PLAIN.encode())[:-9]: "is cut short",
    }
    with Mirror() as mirror:
        address = f"http://{mirror.host}/d/my.csv"
        for body, told in broken.items():
            mirror.replies["/d/my.csv"] = serve(body)
            with pytest.raises(DataError, match=told) as raised:
                fetch_table(address, tmp_path)
            assert str(raised.value).startswith(f"dataset.path={address}: ")
        mirror.replies["/d/my.csv"] = serve(PLAIN.encode())
        assert fetch_table(address, tmp_path).read_text() == PLAIN


def test_case_19_what_a_server_says_instead_of_a_table_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mirror import Mirror, serve

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Mirror() as mirror:
        address = f"http://{mirror.host}/d/my.csv"
        for said in (
            "Too many requests, try again later.",
            "Busy\n\nplease wait\n",
            "<Error>\n<Code>X</Code>\n</Error>",
        ):
            mirror.replies["/d/my.csv"] = serve(said.encode())
            with pytest.raises(DataError, match="the downloaded file is not a table: "):
                fetch_table(address, tmp_path)
        for i, table in enumerate(("a,b\n1,2\n", "1 2\n3 4\n", "Sales\n\na;b\n1;2\n", "가,나\n1,2\n")):
            mirror.replies[f"/d/{i}.csv"] = serve(table.encode("cp949"))
            assert fetch_table(address.replace("my", str(i)), tmp_path).read_text("cp949") == table


@pytest.mark.parametrize(("of_file", "typed"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_case_19_a_name_is_found_however_its_accents_are_written(tmp_path: Path, of_file: str, typed: str) -> None:
    lines = [f"{i},{('서울', '부산')[i % 2]},{i % 3}" for i in range(40)]
    path = tmp_path / normalize(of_file, "가격é.csv")
    path.write_text(normalize(of_file, "\n".join(["가격,도시,é", *lines])))
    target, city = normalize(typed, "가격"), normalize(typed, "도시")
    said = {city: [normalize(typed, "부산"), normalize(typed, "서울")], normalize(typed, "é"): "ignored"}
    data, _ = fitted(tmp_path / normalize(typed, "가격é.csv"), target=target, columns=said)
    assert data.columns == (Column("도시", ("부산", "서울"), ordered=True),)
    assert data.x[:2].tolist() == [[1.0], [0.0]]


def test_case_39_a_column_whose_name_holds_a_comma_wins(tmp_path: Path) -> None:
    path = write(tmp_path / "my.csv", 'x,z,"x,z"', *(f"{i},{i % 3},{i % 5 + 0.5}" for i in range(40)))
    assert fitted(path, target="x,z")[0].y[:3].tolist() == [0.5, 1.5, 2.5]
    with pytest.raises(
        ConfigError, match=r"dataset.target=z,x: .* no such column; one target at a time: dataset.target=z"
    ):
        read(path, target="z,x")


@pytest.mark.parametrize("cell", ["{i}", "{i}.5", "w{k}"])
def test_case_50_a_target_behind_more_columns_than_a_sample_holds_is_found(
    tmp_path: Path, cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialect, "SAMPLE_BYTES", 2**9)
    names = [f"column_{k}" for k in range(300)]
    lines = [",".join(cell.format(i=(i * k) % 7, k=(i + k) % 2) for k in range(300)) for i in range(40)]
    path = write(tmp_path / "my.csv", ",".join([*names, "y"]), *(f"{line},{i}" for i, line in enumerate(lines)))
    assert len(dialect.sample(path.read_bytes(), ",")[0]) == 301
    data, _ = fitted(path, target="y")
    assert data.y.tolist() == list(range(40)) and data.x.shape[0] == 40


def test_case_50_twins_among_many_columns_are_found_at_once(tmp_path: Path) -> None:
    names = [f"c{k}" for k in range(40_000)]
    begun = time.process_time()
    with pytest.raises(DataError, match="columns 40000 and 40001 are both called c39999"):
        dialect._names(tmp_path, [*names, "c39999"], Reading(), has_header=True)
    assert time.process_time() - begun < 2


def test_unfitted_rows_have_no_numbers(tmp_path: Path) -> None:
    table = read(write(tmp_path / "my.csv", HEADER, *ROWS)).x
    assert table.shape == (40, 3)
    with pytest.raises(AssertionError, match="not fitted"):
        table[torch.tensor([0])]


def test_two_ways_to_say_the_splits_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"split_column cannot be used with dataset.split_rows"):
        read(tmp_path / "my.csv", split_column="a", split_rows=(1, 1))


def test_rows_that_limit_leaves_unused_may_hold_anything(tmp_path: Path) -> None:
    bad = ["1,pink,no,2", ",red,no,2", "1e39,red,no,2"]
    data = read(write(tmp_path / "a.csv", HEADER, *ROWS, *bad))
    rows = Split(train=torch.arange(20), val=torch.arange(20, 30), test=torch.arange(30, 40))
    limited = data.x.fitted(rows)
    check_data(limited)
    clean = read(write(tmp_path / "b.csv", HEADER, *ROWS)).x.fitted(rows)
    assert torch.equal(limited.x[:40], clean.x) and limited.columns == clean.columns
    assert limited.x[40:].tolist() == [[0.0] * 3] * 3
    with pytest.raises(DataError, match=r"line 44, column size: '1e39' is not a finite number"):
        data.x.fitted(replace(rows, test=torch.tensor([42])))
    with pytest.raises(DataError, match=r"line 42, column colour: 'pink' is a category .* \(1 such cells in this"):
        data.x.fitted(replace(rows, test=torch.arange(30, 41)))


def test_a_class_of_unused_rows_alone_is_no_fault(tmp_path: Path) -> None:
    data = read(write(tmp_path / "a.csv", "x,y", *(f"{i},{'ab'[i % 2]}" for i in range(40)), "9,c"), target="y")
    rows = Split(train=torch.arange(20), val=torch.arange(20, 30), test=torch.arange(30, 40))
    assert data.x.fitted(rows).class_names == ("a", "b", "c")
    with pytest.raises(DataError, match=r"line 42, column y: 'c' is a class that no train row has \(1 such rows\)"):
        data.x.fitted(replace(rows, test=torch.arange(30, 41)))


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1", "2", "30"], [1.0, 2.0, 30.0]),
        (["100000000000000000000000", "2", "-3"], [1e23, 2.0, -3.0]),  # pandas takes them for texts
        (["18446744073709551615", "2", "3"], [2.0**64, 2.0, 3.0]),
        (["9007199791611905", "-9223372036854775808", "3"], [9007199791611904.0, -(2.0**63), 3.0]),
        (["1.5", "2", "1e3"], [1.5, 2.0, 1000.0]),
    ],
)
def test_whole_numbers_of_any_size_are_numbers(tmp_path: Path, cells: list[str], numbers: list[float]) -> None:
    path = write(tmp_path / "a.csv", "x,y", *(f"{cell},{i}.5" for cell in cells for i in range(10)))
    data, _ = fitted(path, target="y")
    assert data.x[::10, 0].tolist() == torch.tensor(numbers).tolist()
    (block,) = table_rows(str(path), data.columns, Reading())
    assert torch.equal(block.x, data.x)


@pytest.mark.parametrize(("step", "is_rounded"), [(12_345, True), (2**26, False), (0.1, False)])
def test_a_target_of_whole_numbers_that_float32_rounds_is_said_to_be(
    tmp_path: Path, step: float, is_rounded: bool
) -> None:
    path = write(tmp_path / "my.csv", "x,y", *(f"{i},{i * step + (10**9 if is_rounded else 0)}" for i in range(40)))
    data, _ = fitted(path, target="y")
    assert any("y: whole numbers above 16,777,216 are rounded to 7 digits" in note for note in data.notes) == is_rounded


def test_spaces_after_a_delimiter_are_no_part_of_a_cell(tmp_path: Path) -> None:
    for name, space in (("a.csv", ""), ("b.csv", "  ")):
        write(tmp_path / name, "x,w,y", *(f'{i / 4},{space}"{"ab"[i % 2]},c",{space}{i / 2}' for i in range(30)))
    plain, spaced = (fitted(tmp_path / name, target="y")[0] for name in ("a.csv", "b.csv"))
    assert torch.equal(plain.x, spaced.x) and plain.columns == spaced.columns
    assert plain.columns[1].categories == ("a,c", "b,c")


def test_a_line_that_is_for_excel_is_no_header(tmp_path: Path) -> None:
    lines = ["sep=;", HEADER, *ROWS]
    data, _ = fitted(write(tmp_path / "my.csv", *[line.replace(",", ";") for line in lines]))
    assert (len(data.y), [column.name for column in data.columns]) == (40, ["size", "colour", "old"])


@pytest.mark.parametrize(
    ("num_rows", "told"), [(30, "c2 is predicted as a number"), (19, "; as classes: dataset.task=multiclass")]
)
def test_classes_are_spoken_of_where_they_would_be_taken(tmp_path: Path, num_rows: int, told: str) -> None:
    path = write(tmp_path / "my.csv", "c1,c2", *(f"{i % 7},{i * 1000 + 1}" for i in range(num_rows)))
    assert any(note.endswith(told) for note in fitted(path, target="c2")[0].notes)


def test_a_file_below_the_current_folder_is_named_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "my.csv", "c1,c2", "1,2")
    monkeypatch.chdir(tmp_path)
    assert find_file(str(tmp_path / "my.csv"), tmp_path / "data") == Path("my.csv")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("집갑.csv", "; did you mean 'dataset.path=집값.csv'?"),
        ("folder/prizes.CSV", "; did you mean dataset.path=folder/prices.csv?"),
        ("a.csv", "/a.csv\n  in another folder: data_dir=..."),  # as good as any other
        ("집값.xlsx", "/집값.xlsx\n  in another folder: data_dir=..."),  # another program's
        ("nowhere/집값.csv", "/집값.csv\n  in another folder: data_dir=..."),
    ],
)
def test_a_file_of_nearly_the_name_is_told(
    typed: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name in ("집값.csv", "folder/prices.csv"):
        (tmp_path / name).touch()
    with pytest.raises(DataError) as fault:
        find_file(typed, tmp_path / "data")
    assert str(fault.value).startswith(f"dataset.path={typed}: no such file; looked for ")
    assert str(fault.value).endswith(told)
