"""Runs put together by seed and fold, and in order; the expected numbers are worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bringing import with_wide
from past_runs import make_run
from runner.runs.ranking import Contest, Score, contests, differing, read_runs, score


def contest(folder: Path, metric: str | None = None) -> Contest:
    (found,) = contests(read_runs([folder])[0], metric)
    return found


def test_seeds_are_put_together_with_mean_and_sample_deviation(tmp_path: Path) -> None:
    for seed, loss in enumerate([0.1, 0.2, 0.3]):
        make_run(tmp_path / f"{seed}", loss, seed=seed)
    found = contest(tmp_path)
    (entry,) = found.entries
    assert entry.repeats == "3 seeds"
    loss = entry.scores["val/loss"]
    assert round(loss.mean, 12) == 0.2 and loss.sd is not None and round(loss.sd, 12) == 0.1
    assert found.best_run(entry).path.name == "0"


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


def test_case_04_runs_are_ranked_as_their_metrics_say_whatever_the_names(tmp_path: Path) -> None:
    said = {"higher_is_better": {"loss": False, "my_error": True, "brier": False, "gap": None}}
    for name, value in {"a": 0.4, "bb": 0.9, "ccc": 0.1}.items():
        best = {"val/loss": 0.5, "test/my_error": value, "test/brier": value, "test/gap": value}
        tell(make_run(tmp_path / name, optimizer__lr=len(name)), said | {"best": best})

    def order(metric: str) -> tuple[bool | None, list[str]]:
        found = contest(tmp_path, metric)
        return found.higher_is_better, [found.best_run(entry).path.name for entry in found.entries]

    assert order("test/my_error") == (True, ["bb", "a", "ccc"])
    assert order("test/brier") == (False, ["ccc", "a", "bb"])
    assert order("test/gap") == (None, ["bb", "a", "ccc"])


def test_case_04_runs_that_disagree_on_what_is_better_are_not_ranked_together(tmp_path: Path) -> None:
    for name, is_higher in {"a": True, "bb": False}.items():
        told = {"higher_is_better": {"brier": is_higher}, "best": {"test/brier": 0.5}}
        tell(make_run(tmp_path / name), told)
    assert [found.higher_is_better for found in contests(read_runs([tmp_path])[0], "test/brier")] == [True, False]


def test_case_04_a_run_of_an_older_build_is_ranked_by_what_the_metrics_of_the_program_are(tmp_path: Path) -> None:
    for name in ("a", "bb"):
        best = {f"test/{metric}": float(len(name)) for metric in ("f1", "rmse", "brier")}
        tell(make_run(tmp_path / name, optimizer__lr=len(name)), {"best": best})
    found = {metric: contest(tmp_path, f"test/{metric}") for metric in ("f1", "rmse", "brier")}
    assert {name: each.higher_is_better for name, each in found.items()} == {"f1": True, "rmse": False, "brier": None}


def tell(folder: Path, told: dict[str, object]) -> None:
    """Adds to what the run's summary says."""
    path = folder / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | told))


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


def test_what_a_model_brings_along_does_not_tell_its_runs_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_wide(tmp_path / "conf")
    monkeypatch.chdir(tmp_path)
    dnn = {"model": "dnn", "optimizer": "adam", "scheduler": "none", "batch_size": "64"}
    wide = {"model": "wide", "optimizer": "adamw", "scheduler": "warmup_cosine", "batch_size": "128"}
    assert differing([dnn, wide]) == ["model"]
    assert differing([dnn, wide | {"batch_size": "32"}]) == ["model", "batch_size"]


def test_four_metrics_at_most_the_own_first_then_the_same_on_other_rows(tmp_path: Path) -> None:
    best = {f"{split}/{name}": 0.5 for split in ("train", "val", "test") for name in ("loss", "rmse", "mae")}
    tell(make_run(tmp_path / "a"), {"best": best})
    assert contest(tmp_path).metrics == ["val/loss", "test/loss", "val/rmse", "val/mae"]


def test_a_deviation_needs_finite_values() -> None:
    assert score([1.0]) == Score(1.0, None)
    assert score([float("inf"), 1.0]) == Score(float("inf"), None)


def test_values_of_a_net_that_diverged_leave_room_for_others() -> None:
    assert str(Score(95_926_936_229_205.0, 106_973_161_920_801.0)) == "9.6e+13 ± 1.1e+14"
    assert (str(Score(0.25, 0.5)), str(Score(135907728.0, None))) == ("0.2500 ± 0.5000", "135,907,700")


def test_a_small_spread_has_the_decimals_of_its_mean() -> None:
    assert str(Score(0.5216, 8.127e-4)) == "0.5216 ± 0.0008"
    assert str(Score(0.5216, 1.2e-5)) == "0.5216 ± 1.200e-05"  # four decimals would say that there is none
    assert str(Score(2e-5, 8e-4)) == "2.000e-05 ± 8.000e-04"


def test_equal_ones_are_in_the_order_of_their_folders(tmp_path: Path) -> None:
    for name, lr in {"0001": 0.1, "0000": 0.2}.items():
        for seed in (1, 0):
            tell(make_run(tmp_path / f"{name}-{seed}", seed=seed, optimizer__lr=lr), {"started": f"{lr}{-seed}"})
    found = contest(tmp_path)
    assert [found.best_run(entry).path.name for entry in found.entries] == ["0000-0", "0001-0"]
