"""The jobs of a sweep put together by their settings."""

import json
import math
from pathlib import Path

import pytest

from past_runs import make_jobs
from runner.errors import DataError
from runner.runs.candidates import Candidates, mean_curve, read_candidates
from runner.runs.saved_sweep import SavedSweep


def read(folder: Path) -> Candidates:
    return read_candidates(SavedSweep(folder))


def test_jobs_that_differ_in_their_seed_are_one_candidate(tmp_path: Path) -> None:
    lr = "optimizer.lr"
    jobs = [
        (f"{lr}=0.1 seed=0", 1.0, "finished"),
        (f"{lr}=0.1 seed=1", 3.0, "finished"),
        (f"{lr}=0.01 seed=0", 1.5, "finished"),
    ]
    found = read(make_jobs(tmp_path / "sweep", *jobs))
    assert found.settings == ("optimizer.lr",) and found.monitor == "val/loss" and found.higher_is_better is False
    assert [(each.settings[lr], each.mean) for each in found.all] == [("0.1", 2.0), ("0.01", 1.5)]
    assert [each.sd for each in found.all] == [math.sqrt(2), 0.0]
    assert [each.mean for each in found.finished] == [1.5, 2.0], "the best first"


def test_a_candidate_is_finished_where_one_of_its_jobs_is(tmp_path: Path) -> None:
    jobs = [
        ("seed=0 optimizer.lr=0.1", None, "failed"),
        ("seed=1 optimizer.lr=0.1", 0.5, "finished"),
        ("seed=0 optimizer.lr=9.0", None, "failed"),
        ("seed=0 optimizer.lr=5.0", None, "finished"),  # without a value: its loss was not a number
        ("seed=0 optimizer.lr=2.0", 0.9, "pruned"),
        ("seed=0 optimizer.lr=3.0", None, "waiting"),
    ]
    found = read(make_jobs(tmp_path / "sweep", *jobs))
    assert [(each.status, each.values) for each in found.all] == [
        ("finished", (0.5,)),
        ("failed", ()),
        ("failed", ()),
        ("pruned", (0.9,)),
    ]
    assert dict(found.jobs) == {"failed": 3, "finished": 1, "pruned": 1, "not started": 1}


def test_the_best_of_a_pruned_job_is_that_of_its_epochs(tmp_path: Path) -> None:
    jobs = [("optimizer.lr=0.1", 0.5, "finished"), ("optimizer.lr=1.0", None, "pruned")]
    sweep = make_jobs(tmp_path / "sweep", *jobs)
    rows = [{"step": n, "epoch": n, "train/loss": 1.0, "val/loss": loss} for n, loss in ((1, 0.8), (2, 0.7), (3, None))]
    (sweep / "0002-job" / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    pruned = read(sweep).all[1]
    assert (pruned.status, pruned.values) == ("pruned", (0.7,))
    assert mean_curve(pruned, "val/loss") == [(1, 0.8), (2, 0.7)]


def test_the_curve_of_a_candidate_is_the_mean_over_its_jobs_where_all_have_measured(tmp_path: Path) -> None:
    sweep = make_jobs(tmp_path / "sweep", *((f"optimizer.lr=0.1 seed={n}", 0.5, "finished") for n in (0, 1)))
    for name, losses in (("0001-job", (0.8, 0.6, 0.5)), ("0002-job", (0.6, 0.2))):
        rows = [{"step": n, "epoch": n, "train/loss": 1.0, "val/loss": loss} for n, loss in enumerate(losses, start=1)]
        (sweep / name / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (both,) = read(sweep).all
    assert dict(mean_curve(both, "val/loss")) == pytest.approx({1: 0.7, 2: 0.4})
    assert mean_curve(both, "val/accuracy") == []


def test_what_a_search_drew_by_its_logarithm_is_known(tmp_path: Path) -> None:
    sweep = make_jobs(tmp_path / "sweep", ("optimizer.lr=0.1", 0.5, "finished"), ("optimizer.lr=0.2", 0.5, "finished"))
    head = json.loads((sweep / "sweep.json").read_text())
    space = {
        "optimizer.lr": {"kind": "interval", "log": True},
        "batch_size": {"kind": "interval", "log": False},
        "model": {"kind": "choice"},
    }
    (sweep / "sweep.json").write_text(json.dumps(head | {"search": {"space": space}}))
    assert read(sweep).log_scaled == {"optimizer.lr": True, "batch_size": False}


def test_a_job_whose_folder_is_gone_or_damaged_is_left_out_and_said(tmp_path: Path) -> None:
    jobs = [(f"optimizer.lr={lr}", lr, "finished") for lr in (0.1, 0.2, 0.3)]
    sweep = make_jobs(tmp_path / "sweep", *jobs)
    (sweep / "0001-job" / "summary.json").unlink()
    (sweep / "0001-job").rmdir()
    (sweep / "0002-job" / "summary.json").write_text("[")
    found = read(sweep)
    assert [each.mean for each in found.all] == [0.3]
    gone, damaged = found.left_out
    assert gone == "0001-job: its folder is gone"
    assert damaged.startswith("0002-job: ") and "damaged" in damaged


def test_without_a_finished_job_there_is_nothing(tmp_path: Path) -> None:
    sweep = make_jobs(tmp_path / "sweep", ("optimizer.lr=0.1", None, "failed"), ("optimizer.lr=0.2", 0.5, "pruned"))
    with pytest.raises(DataError, match="sweep: is a sweep without a finished job\n  to see them: "):
        read(sweep)
