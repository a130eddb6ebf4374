"""Recipes that train 5 folds of a small table in seconds, held to the figures they carry."""

import json
from pathlib import Path

import pytest

import program
from program import only_run


@pytest.mark.parametrize("recipe", ["wine_mlp", "breast_cancer_mlp", "diabetes_linear"])
def test_the_mean_of_the_folds_is_within_the_known_spread(recipe: str, tmp_path: Path) -> None:
    argv = ["train", f"experiment={recipe}", "device=cpu", "threads=1", f"output_dir={tmp_path}"]
    done = program.run(argv, tmp_path / "said")
    assert done.code == 0, done.err
    (line,) = (line for line in done.out.splitlines() if " is within " in line or " is OUTSIDE " in line)
    assert " is within " in line


def test_one_linear_layer_comes_within_2_percent_of_least_squares_on_the_same_folds(tmp_path: Path) -> None:
    argv = ["train", "experiment=diabetes_linear", "split_seed=3", "device=cpu", "threads=1", f"output_dir={tmp_path}"]
    assert program.run(argv, tmp_path / "said").code == 0
    summary = json.loads((only_run(tmp_path) / "summary.json").read_text())
    assert summary["best"]["test/rmse"] == pytest.approx(summary["linear"]["rmse"], rel=0.02)
