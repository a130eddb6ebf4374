"""Runs put together by seed and fold, and in order; the expected numbers are worked out by hand."""

from __future__ import annotations

from pathlib import Path

from past_runs import make_run
from runner.records.past_run import PastRun, read_runs
from runner.records.standings import Contest, Score, contests, differing, score


def contest(folder: Path, metric: str | None = None) -> Contest:
    (found,) = contests(read_runs([folder])[0], metric)
    return found


def test_seeds_are_put_together_with_mean_and_sample_deviation(tmp_path: Path) -> None:
    for seed, loss in enumerate([0.1, 0.2, 0.3]):
        make_run(tmp_path / f"{seed}", loss, seed=seed)
    (entry,) = contest(tmp_path).entries
    assert entry.repeats == "3 seeds"
    found = entry.scores["val/loss"]
    assert round(found.mean, 12) == 0.2 and found.sd is not None and round(found.sd, 12) == 0.1
    assert entry.best_run("val/loss").path.name == "0"
    assert entry.best_run("test/accuracy").path.name == "0"


def test_seeds_times_folds_are_one_entry(tmp_path: Path) -> None:
    for seed in range(2):
        for fold in range(3):
            make_run(tmp_path / f"{seed}-{fold}", 0.5, seed=seed, folds=3, fold=fold)
    (entry,) = contest(tmp_path).entries
    assert entry.repeats == "2 seeds x 3 folds" and len(entry.runs) == 6


def test_a_repeat_counts_once_the_newest(tmp_path: Path) -> None:
    make_run(tmp_path / "a", 0.9)
    make_run(tmp_path / "later", 0.3)
    (entry,) = contest(tmp_path).entries
    assert entry.scores["val/loss"] == Score(0.3, None) and entry.repeats == ""


def test_the_best_by_the_direction_of_the_metric_is_first_and_nan_is_last(tmp_path: Path) -> None:
    for name, loss in {"a": 0.4, "bb": float("nan"), "ccc": 0.1}.items():
        make_run(tmp_path / name, loss, optimizer__lr=len(name))
    order = [entry.runs[0].path.name for entry in contest(tmp_path).entries]
    assert order == ["ccc", "a", "bb"]
    by_accuracy = [entry.runs[0].path.name for entry in contest(tmp_path, "test/accuracy").entries]
    assert by_accuracy == ["ccc", "a", "bb"]


def test_data_sets_and_monitors_are_apart_and_the_unfinished_in_none(tmp_path: Path) -> None:
    make_run(tmp_path / "a")
    make_run(tmp_path / "bb", monitor="val/accuracy")
    make_run(tmp_path / "ccc", status="interrupted")
    wine = {"dataset": "wine", "model": "mlp", "optimizer": "adam", "metric": ["accuracy"]}
    make_run(tmp_path / "dddd", options=wine)
    found = [(c.dataset, c.metric, len(c.entries)) for c in contests(read_runs([tmp_path])[0])]
    assert found == [("iris", "val/loss", 1), ("iris", "val/accuracy", 1), ("wine", "val/loss", 1)]


def test_a_knob_that_another_option_lacks_is_no_column() -> None:
    mlp = {"model": "mlp", "model.hidden": "[8]", "epochs": "1", "seed": "0"}
    cnn = {"model": "cnn", "model.channels": "[8]", "epochs": "1", "seed": "1"}
    assert differing([mlp, cnn]) == ["model"]
    assert differing([mlp, cnn, mlp | {"model.hidden": "[9]"}]) == ["model", "model.hidden"]
    assert differing([mlp, mlp | {"epochs": "2"}]) == ["epochs"]
    assert differing([mlp, mlp | {"seed": "1"}], besides=()) == ["seed"]


def test_four_metrics_at_most_the_own_first_then_the_same_on_other_rows(tmp_path: Path) -> None:
    best = {f"{split}/{name}": 0.5 for split in ("train", "val", "test") for name in ("loss", "rmse", "mae")}
    runs, _ = read_runs([make_run(tmp_path / "a")])
    run = PastRun(runs[0].path, runs[0].summary, runs[0].config, runs[0].settings, best, "val/loss")
    (found,) = contests([run])
    assert found.metrics == ["val/loss", "test/loss", "val/rmse", "val/mae"]


def test_a_deviation_needs_finite_values() -> None:
    assert score([1.0]) == Score(1.0, None)
    assert score([float("inf"), 1.0]) == Score(float("inf"), None)
