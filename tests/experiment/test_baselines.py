"""What stands beside the scores of a net, on the same rows: counted by hand, and at the end of a run."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import program
from experiments import assembled
from program import TINY, only_run
from runner.config.run_config import changed
from runner.contracts import Column, Data, Split
from runner.experiment import baselines, trees
from runner.experiment.baselines import constant
from runner.experiment.estimators import Table
from runner.runs.directory import results_digest

COLUMNS = (Column("number"), Column("category", ("red", "blue")))


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


def test_the_end_shows_all_three_beside_the_scores(tmp_path):
    done, summary = train(tmp_path, "dataset=iris", "model=mlp", "epochs=1", "metric=[accuracy,f1]")
    assert summary["linear"].keys() == {"accuracy", "f1"}
    assert summary["trees"]["hist"].keys() == {"accuracy", "f1"}
    assert summary["trees_seconds"].keys() == {"hist"}
    assert min(summary["linear"]["accuracy"], summary["trees"]["hist"]["accuracy"]) > 0.89
    (head,) = (line for line in done.out.splitlines() if line.strip().startswith("majority class "))
    assert head.split() == ["majority", "class", "linear", "trees"]
    (line,) = (line.split() for line in done.out.splitlines() if line.startswith("accuracy "))
    others = summary["baseline"], summary["linear"], summary["trees"]["hist"]
    assert line[4:7] == [f"{scores['accuracy']:.4f}" for scores in others]
    assert "trees: fitted and scored in 0." in done.out


def test_what_is_larger_than_the_limit_is_left_out_unless_all_is_asked_for(monkeypatch):
    monkeypatch.setattr(baselines, "MOST_NUMBERS", 1295)
    words = ["dataset=iris", "threads=1"]
    told = "108 x 4 x 3 (rows, columns, outputs) is more than 1,295; baselines.size=all fits it anyway"
    found = baselines.baselines(assembled(words), "test")
    assert (found["linear"], found["linear_left_out"]) == ({}, told)
    assert (found["trees"], found["trees_left_out"]) == ({}, [f"hist: {told}"])
    found = baselines.baselines(assembled([*words, "baselines.size=all"]), "test")
    assert found["linear"] and found["trees"] and not found["linear_left_out"] and not found["trees_left_out"]


def test_of_two_classes_there_is_one_output(monkeypatch):
    monkeypatch.setattr(baselines, "MOST_NUMBERS", 1)
    experiment = assembled(["dataset=breast_cancer", "threads=1"])
    assert baselines.why_not_linear(experiment).startswith("409 x 30 x 1 ")


def test_trees_that_are_not_installed_are_named_with_their_package_and_the_others_fitted():
    experiment = assembled(["dataset=iris", "threads=1", "baselines.trees=[catboost,hist]"])
    found = baselines.baselines(experiment, "test")
    assert found["trees_left_out"] == ["catboost: the package catboost is not installed; pip install catboost"]
    assert found["trees"].keys() == {"hist"}


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (ModuleNotFoundError("No module named 'six'"), "ModuleNotFoundError: No module named 'six'"),
        (ValueError("no trees\nat all"), "ValueError: no trees"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_trees_that_cannot_be_fitted_are_left_out_with_the_reason(monkeypatch, fault, told):
    def fails(table: Table) -> None:
        raise fault

    monkeypatch.setitem(trees.ENSEMBLES, "hist", trees.Trees("sklearn", fails))
    found = baselines.baselines(assembled(["dataset=iris", "threads=1"]), "test")
    (left_out,) = found["trees_left_out"]  # with the line of this file, as of any code that is no package's
    assert re.fullmatch(rf"hist: cannot be fitted: {re.escape(told)} \(test_baselines\.py, line \d+\)", left_out)
    assert (found["trees"], found["trees_seconds"]) == ({}, {}) and found["linear"]


@pytest.mark.parametrize("words", [["dataset=iris", "baselines.trees=[]"], ["dataset=digits"]])
def test_no_word_is_said_of_trees_that_nobody_wants_or_beside_pictures(words):
    found = baselines.baselines(assembled([*words, "threads=1"]), "test")
    assert (found["trees"], found["trees_left_out"]) == ({}, [])


def test_runs_of_the_same_rows_fit_them_once(tmp_path, monkeypatch):
    words = ["dataset=iris", "threads=1"]
    found = baselines.baselines(assembled(words), "test", shared=tmp_path)
    monkeypatch.setattr(baselines, "fitted_baselines", lambda *_: {})
    assert baselines.baselines(assembled([*words, "optimizer.lr=0.1"]), "test", shared=tmp_path) == found
    assert baselines.baselines(assembled([*words, "split_seed=1"]), "test", shared=tmp_path) == {}
    assert len(list(tmp_path.glob("baselines-*.json"))) == 2


def test_a_sweep_fits_them_once(tmp_path):
    words = ["-m", "dataset=iris", "optimizer.lr=0.1,0.2", "epochs=1", "threads=1", "device=cpu"]
    assert program.run(["train", *words, f"output_dir={tmp_path}"], tmp_path / "said").code == 0
    (shared,) = tmp_path.rglob("baselines-*.json")
    jobs = [path.parent for path in shared.parent.glob("*/config.yaml")]
    first, second = (json.loads((job / "summary.json").read_text())["trees_seconds"] for job in jobs)
    assert first == second == json.loads(shared.read_text())["trees_seconds"]


def test_a_category_that_is_missing_is_no_number_below_the_others():
    data = Data(torch.tensor([[-1.0, -1.0], [2.0, 0.0]]), torch.tensor([0, 1]), "binary", ("a", "b"), COLUMNS)
    experiment = replace(assembled(["dataset=iris"]), data=data)
    x_nF = baselines.tree_inputs(experiment, torch.tensor([0, 1]))
    assert np.isnan(x_nF).tolist() == [[False, True], [False, False]]
    assert x_nF[1].tolist() == [2, 0]
    assert data.x[0].tolist() == [-1, -1]


def test_libraries_take_the_threads_of_the_run(monkeypatch):
    from threadpoolctl import threadpool_info

    monkeypatch.delitem(sys.modules, "sklearn.linear_model", raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with baselines.threads_of_torch():
        assert {pool["num_threads"] for pool in threadpool_info()} == {2}
        assert "sklearn.linear_model" in sys.modules  # a library that is loaded later would not be limited
    torch.set_num_threads(before)


def test_embedded_categories_are_told_apart_by_the_linear_model_as_one_hot_ones_are(tmp_path):
    words = ["dataset=car", "model=linear", "max_steps=1", "epochs=1"]
    _, one_hot = train(tmp_path / "a", *words)
    _, embedded = train(tmp_path / "b", *words, "dataset.categorical=embedding")
    assert one_hot["linear"] == embedded["linear"]
    assert one_hot["linear"]["accuracy"] > 0.88


def test_a_run_that_is_judged_by_no_rows_has_none(tmp_path):
    words = [word for word in TINY if not word.startswith(("threads", "device"))]
    _, summary = train(tmp_path, *words, "val_fraction=0", "test_fraction=0")
    assert summary["baseline"] == summary["linear"] == summary["trees"] == {}
    assert "linear_left_out" not in summary


def test_a_run_is_measured_again_beside_other_trees_or_none():
    config = assembled(["dataset=iris", "threads=1"]).config
    assert changed(config, {"baselines.trees": ["xgboost"]}).baselines.trees == ["xgboost"]
    assert changed(config, {"baselines.size": "all"}).baselines.trees == ["hist"]


def test_the_results_of_a_run_from_before_there_were_trees_keep_their_digest():
    older = {"status": "finished", "best": {"val/loss": 0.5}}
    assert results_digest(older | {"trees": {"hist": {"accuracy": 0.9}}}) != results_digest(older)
    assert results_digest(older | {"trees_seconds": {"hist": 0.1}}) == results_digest(older)
    assert results_digest(older).startswith("69125a73b7ee")
