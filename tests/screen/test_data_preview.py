"""``show dataset=csv dataset.path=...``: what a table is taken for."""

import re
from pathlib import Path

import torch

from program import run
from runner.contracts import Column
from runner.screen.data_preview import values_of
from tables import write

LINES = [
    f"{i + 1},{'' if i == 7 else i / 2},{('S', 'M', 'L')[i % 3]},{('ja', 'nein')[i % 2]},{i % 2}" for i in range(40)
]


def told(tmp_path: Path, *words: str) -> str:
    path = write(tmp_path / "my.csv", "id,size,fit,new,label", *LINES)
    done = run(["show", "dataset=csv", f"dataset.path={path}", "dataset.target=label", *words], tmp_path / "said")
    assert (done.code, done.err) == (0, "")
    return " ".join(done.out.split())


def test_it_shows_kinds_empty_cells_ranges_balance_and_split(tmp_path: Path) -> None:
    shown = told(tmp_path, "dataset.columns={fit: [S,M,L]}", "dataset.split_rows=[30,4]")
    assert shown.startswith("my.csv: 40 rows, 3 of 4 columns used column kind empty in the train rows")
    assert "size numeric 1 0 to 14.5 fit" in shown
    assert "fit ordinal S 10, M 10, L 10" in shown
    assert "new binary ja 15, nein 15" in shown
    assert "id row number label" in shown and "id left out: it numbers the rows" in shown
    assert "cells without a value: size 1: filled in" in shown
    assert "Into the net: 4 numbers a row size scaled; empty: 7.3793, and a mark fit S is 0, M is 1, L is 2" in shown
    assert (
        "Target label: 2 classes (binary) class train val test of train 0 15 2 3 50.0% 1 15 2 3 50.0% all 30 4 6"
        in shown
    )
    assert "official validation set; official test set" in shown


def test_it_shows_the_range_of_a_number_to_predict(tmp_path: Path) -> None:
    shown = told(tmp_path, "dataset.task=regression", "dataset.split_rows=[30,4]")
    assert "Target label: a number (regression) split rows lowest mean highest train 30 0 0.5 1 val 4 0 0.5 1" in shown


def test_it_shows_how_many_pictures_there_are_of_which_form(tmp_path: Path) -> None:
    done = run(["show", "dataset=digits", "dataset.augment=[]"], tmp_path)
    assert "  rows          1,797: 1,294 train, 144 val, 359 test\n  each          1 x 8 x 8, grey, uint8\n" in done.out
    assert done.out.endswith("\nnext\n  python -m runner train dataset=digits 'dataset.augment=[]'\n")


def test_of_a_table_without_a_target_the_columns_are_shown_and_lines_for_those_that_can_be_it(tmp_path: Path) -> None:
    path = write(tmp_path / "my.csv", "id,size,new,label", *(f"{i},{i / 2},{i % 3},{i % 2}" for i in range(1, 41)))
    done = run(["show", "dataset=csv", f"dataset.path={path}"], tmp_path / "said")
    shown = " ".join(done.out.split())
    assert "my.csv: 40 rows, 4 columns column kind empty examples id row number 1, 2, 3" in shown
    assert f"next python -m runner show dataset=csv dataset.path={path} dataset.target=label" in shown


def test_the_last_column_is_proposed_as_target_first_and_numbers_after_categories(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    rows = [f"{1000 + i * i},{20 + i % 7},{'yes' if i % 2 else 'no'},{i * 1.5}" for i in range(12)]
    path.write_text("\n".join(["patient,age,smoker,cost", *rows]))
    done = run(["show", "dataset=csv", f"dataset.path={path}"], tmp_path / "said")
    assert re.findall(r"dataset\.target=(\w+)$", done.out, re.M) == ["cost", "smoker", "patient", "age"]


def test_show_and_train_agree_on_every_count(tmp_path: Path) -> None:
    lines = [f"{'' if i % 10 < 3 else i},{f'C{i}' if i % 3 == 0 else ''},{'SQC'[i % 3]},{i % 2}" for i in range(60)]
    path = write(tmp_path / "passengers.csv", "age,cabin,port,alive", *lines)
    words = ["dataset=csv", f"dataset.path={path}", "dataset.target=alive", "dataset.limit=30"]
    words += ["dataset.columns={cabin: categorical}"]
    shown = " ".join(run(["show", *words], tmp_path / "said").out.split())
    rest = ["epochs=1", "threads=1", "device=cpu", "tensorboard=off", f"output_dir={tmp_path / 'out'}"]
    trained = " ".join(run(["train", *words, *rest], tmp_path / "trained").out.split())
    (empty,) = re.findall(r"cells without a value: age (\d+), cabin (\d+):", trained)
    (unknown,) = re.findall(r"cells of no category that train rows have: cabin (\d+):", trained)
    assert int(empty[0]) < 18 and int(unknown) > 0  # the rows that dataset.limit leaves out count for neither
    assert f"age numeric {empty[0]} " in shown and f"cabin categorical {empty[1]} {unknown} " in shown
    (columns,) = re.findall(r"csv, binary, (\d+) columns", trained)
    assert f"Into the net: {columns} numbers a row" in shown
    train, val, test = re.findall(r"train (\d+) val (\d+) test (\d+)", trained)[0]
    assert f"all {train} {val} {test} " in shown


def test_empty_cells_and_unknown_categories_are_counted_apart_as_train_counts_them(tmp_path: Path) -> None:
    rows = [f"{'' if i % 10 == 0 else 'xy'[i % 2]},{i % 2}" for i in range(36)]
    path = write(tmp_path / "my.csv", "kind,label", *rows, "purple,0", ",1", "purple,0", "green,1")
    words = ["dataset=csv", f"dataset.path={path}", "dataset.target=label", "dataset.split_rows=[30,6]"]
    shown = " ".join(run(["show", *words], tmp_path / "said").out.split())
    assert "column kind empty unknown in the train rows kind binary 5 3 x 12, y 15" in shown


def test_years_are_written_as_years() -> None:
    ranges = [
        values_of(Column("built"), torch.tensor(values)) for values in ([1985.0, 2023], [1985, 2023.5], [2514, 2612.0])
    ]
    assert ranges == ["1985 to 2023", "1,985 to 2,023.5", "2,514 to 2,612"]
