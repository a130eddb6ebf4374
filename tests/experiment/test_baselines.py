"""What stands beside every result, in the files and on the screen."""

import json
from pathlib import Path

import pytest
import torch

import program
from program import TINY, only_run
from runner.contracts import Data, Split
from runner.experiment.baselines import constant


def train(folder: Path, *words: str) -> tuple[program.Done, dict]:
    done = program.run(["train", *words, "device=cpu", "threads=1", f"output_dir={folder}"], folder / "said")
    assert done.code == 0, done.err
    return done, json.loads((only_run(folder) / "summary.json").read_text())


def test_the_constant_answer_is_that_of_the_train_rows_scored_on_the_others():
    rows = Split(
        train=torch.tensor([0, 1, 2]), val=torch.tensor([], dtype=torch.int64), test=torch.tensor([3, 4, 5, 6])
    )
    classes = Data(torch.zeros(7, 1), torch.tensor([1, 1, 0, 0, 0, 0, 1]), "binary", ("a", "b"))
    assert constant(classes, rows, "test") == {"accuracy": 0.25}
    numbers = Data(torch.zeros(7, 1), torch.tensor([1.0, 2, 3, 2, 2, 6, 2]), "regression")
    assert constant(numbers, rows, "test") == {"rmse": 2.0, "mae": 1.0}  # the mean is 2; one row is 4 off


def test_a_linear_net_trained_to_the_end_comes_to_the_linear_model(tmp_path):
    words = ["dataset=diabetes", "model=linear", "optimizer=lbfgs", "batch_size=354", "epochs=3", "val_fraction=0"]
    _, summary = train(tmp_path, *words)
    assert summary["linear"].keys() == {"rmse", "mae", "r2"}
    assert summary["best"]["test/rmse"] == pytest.approx(summary["linear"]["rmse"], rel=1e-4)
    assert summary["baseline"]["rmse"] > summary["linear"]["rmse"]


def test_the_end_shows_both_beside_the_scores(tmp_path):
    done, summary = train(tmp_path, "dataset=iris", "model=mlp", "epochs=1", "metric=[accuracy,f1]")
    assert summary["linear"].keys() == {"accuracy", "f1"}
    assert summary["linear"]["accuracy"] > 0.9
    (head,) = (line for line in done.out.splitlines() if line.strip().startswith("majority class "))
    assert head.split() == ["majority", "class", "linear"]
    (line,) = (line.split() for line in done.out.splitlines() if line.startswith("accuracy "))
    assert line[4:6] == [f"{summary[key]['accuracy']:.4f}" for key in ("baseline", "linear")]


def test_where_it_would_take_long_it_is_left_out_and_the_end_says_so(tmp_path):
    words = ["dataset=random", "dataset.shape=[600]", "dataset.num_rows=1400", "dataset.num_classes=10"]
    done, summary = train(tmp_path, *words, "model=linear", "max_steps=1", "epochs=1")
    told = "1,008 x 600 x 10 (rows, columns, classes) is more than 5,000,000"
    assert (summary["linear"], summary["linear_left_out"]) == ({}, told)
    assert f"no linear model beside it: {told}" in done.out


def test_embedded_categories_are_told_apart_by_the_linear_model_as_one_hot_ones_are(tmp_path):
    words = ["dataset=car", "model=linear", "max_steps=1", "epochs=1"]
    _, one_hot = train(tmp_path / "a", *words)
    _, embedded = train(tmp_path / "b", *words, "dataset.categorical=embedding")
    assert one_hot["linear"] == embedded["linear"]
    assert one_hot["linear"]["accuracy"] > 0.88


def test_a_run_that_is_judged_by_no_rows_has_none(tmp_path):
    words = [word for word in TINY if not word.startswith(("threads", "device"))]
    _, summary = train(tmp_path, *words, "val_fraction=0", "test_fraction=0")
    assert summary["baseline"] == summary["linear"] == {}
    assert "linear_left_out" not in summary
