# ruff: noqa: E501  a fault a line
"""Faults 41, 42, 44 and 45 of a table, as a user meets them: the exit code, where it stands, and nothing written."""

import gzip
from pathlib import Path

import pytest

from program import run
from tables import HEADER, ROWS, write

GOOD = "\n".join([HEADER, *ROWS]) + "\n"


def with_line(number: int, line: str, *more: str) -> str:
    """The good table with another line ``number``, counted from 1."""
    lines = [HEADER, *ROWS]
    lines[number - 1 : number] = [line, *more]
    return "\n".join(lines) + "\n"


FAULTS = {
    # 41: the form of the file
    "missing target": (GOOD, ["dataset.target=prise"], 2, "dataset.target=prise: there is no column prise; the nearest is price; did you mean:\n"),
    "missing column": (GOOD, ["dataset.columns={colours: ignored}"], 2, "dataset.columns=colours: {path} has no such"),
    "extra field": (with_line(4, "1,red,no,2,9"), [], 3, "{path}, line 4: 5 fields, where there are 4 columns"),
    "extra field at once": (with_line(2, "1,red,no,2,9"), [], 3, "{path}, line 2: 5 fields"),
    "index shift": (GOOD.replace("\n", "\n0,").replace("0,", "", 0), [], 3, "{path}, line 2: 5 fields"),
    "shift below a delimiter at the end": (HEADER + "\n" + "".join(f"{line},\n" for line in ROWS[:5]) + "1,000,red,no,2\n", [], 3, "{path}, line 7: 5 fields, where there are 4 columns"),
    "lines cut short": (GOOD + "1\n" * 3000, [], 3, "{path}, line 42: 1 fields, where there are 4 columns"),
    "missing field": (with_line(4, "1,red,2"), [], 3, "{path}, line 4: 3 fields, where there are 4 columns"),
    "twin columns": (GOOD.replace(HEADER, "size,colour,size,price"), [], 3, "{path}, line 1: columns 1 and 3 are both called size"),
    "byte 0": (with_line(5, "1,r\0d,no,2"), [], 3, "{path}, line 5: a byte 0"),
    "open quote": (with_line(6, '1,"red,no,2'), [], 3, "{path}, line 6, column colour: a quote opens here"),
    "another order": (GOOD, ["dataset.names=[colour,size,old,price]"], 3, "{path}, line 1: column 1 is size, where colour should"),
    "too few names": (GOOD, ["dataset.names=[a,b]"], 2, "{path}: 2 columns are named, and line 1 has 4 fields"),
    "empty file": ("", [], 3, "{path}: the file is empty"),
    "nothing but delimiters": (",,,\n,,,\n", [], 3, "{path}: holds no cell with anything in it"),
    "header only": (HEADER + "\n", [], 3, "{path}: line 1 names the columns and no row follows"),
    "one column": ("price\n" + "".join(f"{i}\n" for i in range(40)), [], 3, "{path}: holds no column beside price: nothing to predict from"),
    "one row": (f"{HEADER}\n{ROWS[0]}\n", [], 3, "{path}: holds 1 row"),
    "a title above": ("Sales\n\n" + GOOD, [], 2, "has no such column; line 3 holds the word: take out the lines above"),
    "a cut workbook": ("PK\x03\x04", [], 3, "{path}: the zip file is cut short or damaged"),
    "a cut archive": ("BZh91AY", [], 3, "{path}: the bzip2 file is cut short or damaged"),
    "case 39, two targets": (GOOD, ["dataset.target=size,price"], 2, "dataset.target=size,price: {path} has no such column; one target at a time: dataset.target=size"),
    "case 39, two in a list": (GOOD, ["dataset.target=[size,price]"], 2, "dataset.target=[size,price]: must be text or a whole number; one target at a time: dataset.target=size"),
    "JSON": ('[{"a": 1}]', [], 3, "{path}: is JSON; write it as CSV"),
    "a web page": ("<!DOCTYPE html>", [], 3, "{path}: is a web page"),
    "wrong encoding": (GOOD.replace("blue", "blau grün"), ["dataset.encoding=ascii"], 3, "{path}, line 4: byte 0xc3 is not ascii"),
    "no encoding": (GOOD, ["dataset.encoding=klingon"], 2, "dataset.encoding=klingon: no such encoding"),
    # 42: the cells
    "blank number": (with_line(3, ",red,no,2"), ["dataset.strict=true"], 3, "{path}, line 3, column size: empty, one of 1 cells without a value"),
    "NA as a number": (with_line(3, "NA,red,no,2"), ["dataset.strict=true"], 3, "{path}, line 3, column size: 'NA', one of 1 cells"),
    "blank category": (with_line(3, "1,,no,2"), ["dataset.strict=true"], 3, "{path}, line 3, column colour: empty, one of 1 cells"),
    "blank target": (with_line(3, "1,red,no,"), ["dataset.strict=true"], 3, "{path}, line 3, column price: empty: the target has no value"),
    "inf": (with_line(3, "inf,red,no,2"), [], 3, "{path}, line 3, column size: 'inf' is not a number"),
    "1e400": (with_line(3, "1e400,red,no,2"), [], 3, "{path}, line 3, column size: '1e400' is not a finite number"),
    "1e39": (with_line(3, "1e39,red,no,2"), [], 3, "{path}, line 3, column size: '1e39' is not a finite number"),
    "inf in the target": (with_line(3, "1,red,no,1e400"), [], 3, "{path}, line 3, column price: '1e400' is not a finite number"),
    "text in a number": (with_line(3, "two,red,no,2"), [], 3, "{path}, line 3, column size: 'two' is not a number"),
    "text in the target": (with_line(3, "1,red,no,dear"), [], 3, "{path}, line 3, column price: 'dear' is not a number"),
    "a row of totals": (GOOD + "Total,,,99\n", [], 3, "{path}, line 42, column size: 'Total' is not a number"),
    "no such order": (GOOD, ["dataset.columns={colour: [red,green]}"], 3, "{path}, line 4, column colour: 'blue' is not one of its categories: red, green"),
    "a switch in an order": (GOOD, ["dataset.columns={old: [false,true]}"], 2, "put true and false, yes and no in quotes, as ['true','false']"),
    "a third of two": (GOOD, ["dataset.columns={colour: binary}"], 3, "{path}, line 2, column colour: 'red' is another than blue and green, and the column was said to be binary"),
    "an order of the target": (GOOD, ["dataset.columns={price: numeric}"], 2, "dataset.columns.price=numeric: is the target; how to take it: dataset.task"),
    "a kind of the split": (GOOD, ["dataset.columns={old: binary}", "dataset.split_column=old"], 2, "dataset.columns.old=binary: is dataset.split_column, no feature"),
    "the target as split": (GOOD, ["dataset.split_column=price"], 2, "dataset.split_column=price: is the target"),
    "no such place": (GOOD, ["dataset.target=4"], 2, "dataset.target=4: there are 4 columns, 0 to 3 or from the end -1 to -4"),
    "no such kind": (GOOD, ["dataset.columns={colour: colourful}"], 2, "dataset.columns.colour=colourful: give numeric"),
    "one class": ("a,b\n" + "".join(f"{i},x\n" for i in range(20)), ["dataset.target=b"], 3, "column b, the target, is 'x' in every row"),
    "texts for classes": ("a,b\n" + "".join(f"{i},x{i}y\n" for i in range(40)), ["dataset.target=b"], 3, "40 different texts in 40 rows"),
    "binary of three": (GOOD, ["dataset.target=colour", "dataset.task=binary"], 2, "dataset.task=binary: {path}: column colour, the target, has 3 values: blue, green, red"),
    "numbers as classes": (GOOD, ["dataset.task=multiclass"], 2, "dataset.task=multiclass: {path}: column price, the target, has 40 values in 40 rows"),
    # 44 and 45: the splits and the labels
    "no split": (GOOD, ["dataset.split_column=old"], 3, "{path}, line 2, column old: 'yes' is not a split; write train, val or test"),
    "too few rows": (GOOD, ["dataset.split_rows=[30,20]"], 3, "{path}: has 40 rows, and the first 30 are to train, the next 20 to"),
    "two splits": (GOOD, ["dataset.split_rows=[3,2]", "dataset.split_column=old"], 2, "split_column cannot be used with dataset.split_rows"),
    "batch too large": (GOOD, ["batch_size=64"], 2, "batch_size=64 is more than the 29 train rows"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_its_place_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    content, words, code, told = FAULTS[name]
    path = tmp_path / "my.csv"
    path.write_bytes(content.encode())
    argv = ["train", "dataset=csv", f"dataset.path={path}", "dataset.target=price", "model=linear", "batch_size=8"]
    done = run([*argv, *words, f"output_dir={tmp_path / 'outputs'}"], tmp_path / "said")
    assert (done.code, done.out) == (code, ""), done.err
    assert told.replace("{path}", str(path)) in done.err
    assert all(len(line) < 400 for line in done.err.splitlines()) and len(done.err.splitlines()) <= (
        7 if name == "a row of totals" else 3
    )
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("cut.csv.gz", gzip.compress(GOOD.encode(), mtime=0)[:-20], "the gzip file is cut short or damaged"),
        ("absent.csv", None, "no such file; looked for"),
        ("shift_jis.csv", GOOD.replace("red", "赤い").encode("shift_jis"), "line 2: byte 0x90 is not UTF-8, and the encoding of the text is not clear"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, name: str, content: bytes | None, told: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    argv = [
        "train",
        "dataset=csv",
        f"dataset.path={name}",
        "dataset.target=price",
        f"output_dir={tmp_path / 'outputs'}",
    ]
    done = run(argv, tmp_path / "said", cwd=tmp_path)
    assert done.code == 3 and told in done.err and name in done.err
    assert not (tmp_path / "outputs").exists()


def test_a_word_within_another_is_no_header_further_down(tmp_path: Path) -> None:
    path = write(tmp_path / "my.csv", HEADER, *ROWS)
    argv = ["train", "dataset=csv", f"dataset.path={path}", f"output_dir={tmp_path / 'outputs'}"]
    assert "take out the lines" not in run([*argv, "dataset.target=gree"], tmp_path / "said").err
    assert "line 3 holds the word" in run([*argv, "dataset.target=green"], tmp_path / "said").err


def test_a_category_of_test_rows_alone_is_refused_or_made_none_of_them(tmp_path: Path) -> None:
    lines = [f"{line},{'test' if i >= 38 else 'train'}" for i, line in enumerate(ROWS)]
    lines[39] = lines[39].replace("red", "pink")
    path = write(tmp_path / "my.csv", f"{HEADER},part", *lines)
    argv = ["train", "dataset=csv", f"dataset.path={path}", "dataset.target=price", "dataset.split_column=part"]
    argv += ["model=linear", "batch_size=8", "epochs=1", f"output_dir={tmp_path / 'outputs'}", "dataset.strict=true"]
    done = run(argv, tmp_path / "said")
    assert done.code == 3
    assert f"{path}, line 41, column colour: 'pink' is a category that no train row has" in done.err
    assert "dataset.unknown=zeros" in done.err
    assert not (tmp_path / "outputs").exists()
    assert run([*argv, "dataset.unknown=zeros"], tmp_path / "said").code == 0


def test_a_class_of_test_rows_alone_is_refused(tmp_path: Path) -> None:
    lines = [f"{i},{'c' if i == 19 else 'ab'[i % 2]},{'test' if i == 19 else 'train'}" for i in range(20)]
    path = write(tmp_path / "my.csv", "x,y,part", *lines)
    argv = ["train", "dataset=csv", f"dataset.path={path}", "dataset.target=y", "dataset.split_column=part"]
    done = run([*argv, "batch_size=4", f"output_dir={tmp_path / 'outputs'}"], tmp_path / "said")
    assert done.code == 3
    assert f"{path}, line 21, column y: 'c' is a class that no train row has" in done.err
    assert not (tmp_path / "outputs").exists()


def test_a_table_that_changed_by_a_byte_is_not_resumed(tmp_path: Path) -> None:
    """Fault 43: same size, same time of change."""
    import os

    path = write(tmp_path / "my.csv", HEADER, *ROWS)
    argv = ["train", "dataset=csv", f"dataset.path={path}", "dataset.target=price", "model=linear", "batch_size=8"]
    assert run([*argv, "epochs=1", f"output_dir={tmp_path / 'outputs'}"], tmp_path / "said").code == 0
    (directory,) = (tmp_path / "outputs").glob("20*/*")
    before = path.stat()
    path.write_text(GOOD.replace(ROWS[7], ROWS[7].replace("3.5", "3.6")))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    done = run(["resume", str(directory), "epochs=2"], tmp_path / "said")
    assert done.code == 3 and "the data has changed since the run was saved (digest" in done.err
