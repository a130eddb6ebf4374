"""``show dataset=csv dataset.path=...``: what a table is taken for."""

from pathlib import Path

from program import run
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
    assert shown.startswith("csv: 40 rows, 3 features, binary, target label column kind empty in the train rows")
    assert "size numeric 1 0 to 14.5, mean 7.379" in shown
    assert "fit ordinal S 10, M 10, L 10" in shown
    assert "new binary ja 15, nein 15" in shown
    assert "id ignored" in shown and "column id is left out: it numbers the rows" in shown
    assert "cells without a value: size 1: filled in" in shown
    assert "Classes class train val test of train 0 15 2 3 50.0% 1 15 2 3 50.0% all 30 4 6" in shown
    assert "official validation set; official test set" in shown


def test_it_shows_the_range_of_a_number_to_predict(tmp_path: Path) -> None:
    shown = told(tmp_path, "dataset.task=regression", "dataset.split_rows=[30,4]")
    assert "Target split rows lowest mean highest train 30 0 0.5 1 val 4 0 0.5 1 test 6 0 0.5 1" in shown


def test_images_have_no_columns_to_show(tmp_path: Path) -> None:
    done = run(["show", "dataset=digits", "dataset.augment=[]"], tmp_path)
    assert done.code == 2 and "look at it: python -m runner view dataset=digits" in done.err
