"""Recipes that train on small tables in seconds, held to the figures they carry."""

import json
from pathlib import Path

import pytest

import program
from program import only_run

QUICK = ["device=cpu", "threads=1", "tensorboard=off"]


def mean_is_within(recipe: str, output_dir: Path) -> bool:
    argv = ["train", f"experiment={recipe}", *QUICK, f"output_dir={output_dir}"]
    done = program.run(argv, output_dir / "said")
    assert done.code == 0, done.err
    (line,) = (line for line in done.out.splitlines() if " is within " in line or " is OUTSIDE " in line)
    return " is within " in line


@pytest.mark.parametrize("recipe", ["wine_mlp", "breast_cancer_mlp"])
def test_the_mean_of_the_folds_is_within_the_known_spread(recipe: str, tmp_path: Path) -> None:
    assert mean_is_within(recipe, tmp_path)


def test_one_linear_layer_comes_within_2_percent_of_least_squares_on_the_same_folds(tmp_path: Path) -> None:
    assert mean_is_within("diabetes_linear", tmp_path)
    summary = json.loads((only_run(tmp_path) / "summary.json").read_text())
    assert summary["best"]["test/rmse"] == pytest.approx(summary["linear"]["rmse"], rel=0.02)


def test_the_line_through_a_table_of_x_and_y_is_that_of_least_squares(tmp_path: Path) -> None:
    table = tmp_path / "points.csv"
    table.write_text("x,y\n" + "".join(f"{x},{3 * x + 5 + (-1) ** x}\n" for x in range(100)))
    argv = ["train", "experiment=xy_regression", f"dataset.path={table}", *QUICK]
    argv.append(f"output_dir={tmp_path / 'outputs'}")
    assert program.run(argv, tmp_path / "said").code == 0
    summary = json.loads((only_run(tmp_path / "outputs") / "summary.json").read_text())
    assert summary["best"]["test/rmse"] == pytest.approx(summary["linear"]["rmse"], rel=0.01)
    assert summary["best"]["test/rmse"] == pytest.approx(1, rel=0.02)
    answer = program.run(["predict", str(only_run(tmp_path / "outputs")), "x=10", "--json"], tmp_path / "said")
    assert "35." in answer.out or "34.9" in answer.out
