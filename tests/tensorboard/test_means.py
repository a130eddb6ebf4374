"""The means over the seeds of a sweep, read back by TensorBoard's own reader."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from past_runs import make_run, make_sweep
from runner.runs.saved_sweep import SavedSweep
from runner.tensorboard.means import NUMBER_OR_REPEAT, write_means

JOBS = ("0000-lr=0.1-seed=0", "0001-lr=0.1-seed=1", "0002-lr=0.01-seed=0")


def never(message: str) -> None:
    raise AssertionError(f"unexpected warning: {message}")


def job(folder: Path, losses: Sequence[float | None], best: float = 0.5, **config: object) -> None:
    """A job that was done, with its val/loss of each epoch of two steps."""
    make_run(folder, best, **config)
    rows = [
        {"step": 2 * epoch, "epoch": epoch, "lr": 0.1, "train/loss": 1.0, "val/loss": loss}
        for epoch, loss in enumerate(losses, start=1)
    ]
    (folder / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))


@pytest.fixture
def sweep(tmp_path: Path) -> SavedSweep:
    """Two seeds of one setting, of which one stopped an epoch earlier, and one of another."""
    folder = make_sweep(tmp_path / "sweep", JOBS)
    job(folder / JOBS[0], [0.5, 0.25, 0.125], 0.125, optimizer__lr=0.1, seed=0)
    job(folder / JOBS[1], [0.75, 0.75], 0.75, optimizer__lr=0.1, seed=1)
    job(folder / JOBS[2], [0.5], optimizer__lr=0.01)
    return SavedSweep(folder)


def points(folder: Path, tag: str) -> list[tuple[int, float]]:
    reader = EventAccumulator(str(folder)).Reload()
    return [(point.step, round(point.value, 4)) for point in reader.Scalars(tag)]


def runs(sweep: SavedSweep) -> list[str]:
    return sorted({str(file.parent.relative_to(sweep.path)) for file in sweep.path.rglob("events.*")})


def test_a_setting_has_a_mean_and_a_deviation_at_each_epoch_that_all_its_seeds_reached(sweep: SavedSweep) -> None:
    write_means(sweep, never)
    assert runs(sweep) == ["mean+sd/lr=0.1", "mean-sd/lr=0.1", "mean/lr=0.01", "mean/lr=0.1"]
    assert points(sweep.path / "mean" / "lr=0.1", "val/loss") == [(2, 0.625), (4, 0.5)]
    sd = [0.25 / math.sqrt(2), 0.5 / math.sqrt(2)]
    for line, sign in (("mean-sd", -1), ("mean+sd", 1)):
        told = [(2, round(0.625 + sign * sd[0], 4)), (4, round(0.5 + sign * sd[1], 4))]
        assert points(sweep.path / line / "lr=0.1", "val/loss") == told
    assert points(sweep.path / "mean" / "lr=0.1", "best/val/loss") == [(5, 0.4375)]
    tags = EventAccumulator(str(sweep.path / "mean" / "lr=0.1")).Reload().Tags()["scalars"]
    assert set(tags) == {"train/loss", "val/loss", "best/val/loss", "best/test/accuracy"}


def test_what_one_seed_could_not_measure_has_no_mean(sweep: SavedSweep) -> None:
    job(sweep.path / "0003-lr=0.1-seed=2", [0.5, None], optimizer__lr=0.1, seed=2)
    with (sweep.path / "journal.jsonl").open("a") as journal:
        journal.write('{"job": 3, "folder": "0003-lr=0.1-seed=2"}\n')
    write_means(SavedSweep(sweep.path), never)
    assert [step for step, _ in points(sweep.path / "mean" / "lr=0.1", "val/loss")] == [2]


def test_a_sweep_that_goes_on_writes_them_anew(sweep: SavedSweep) -> None:
    write_means(sweep, never)
    reader = EventAccumulator(str(sweep.path / "mean" / "lr=0.1")).Reload()
    job(sweep.path / "0003-lr=0.1-seed=2", [0.625, 1.25], optimizer__lr=0.1, seed=2)
    with (sweep.path / "journal.jsonl").open("a") as journal:
        journal.write('{"job": 3, "folder": "0003-lr=0.1-seed=2"}\n')
    write_means(SavedSweep(sweep.path), never)
    assert points(sweep.path / "mean" / "lr=0.1", "val/loss") == [(2, 0.625), (4, 0.75)]
    assert [(point.step, point.value) for point in reader.Reload().Scalars("val/loss")] == [(2, 0.625), (4, 0.75)]


def test_where_nothing_is_repeated_or_nothing_is_wanted_there_are_none(sweep: SavedSweep, tmp_path: Path) -> None:
    single = make_sweep(tmp_path / "single", JOBS[1:])
    job(single / JOBS[1], [0.5], optimizer__lr=0.1)
    job(single / JOBS[2], [0.5], optimizer__lr=0.01)
    silent = make_sweep(tmp_path / "silent", JOBS[:2])
    for seed in range(2):
        job(silent / JOBS[seed], [0.5], seed=seed, tensorboard="off")
    for folder in (single, silent):
        write_means(SavedSweep(folder), never)
        assert runs(SavedSweep(folder)) == []


def test_a_damaged_job_leaves_the_means_out_with_a_warning(sweep: SavedSweep) -> None:
    (sweep.path / JOBS[0] / "metrics.jsonl").write_text('{"step": 2\n{"step": 4}\n')
    warnings: list[str] = []
    write_means(sweep, warnings.append)
    assert len(warnings) == 1 and "TensorBoard goes without the means: " in warnings[0]


@pytest.mark.parametrize(
    ("folder", "told"),
    [
        ("0000-cnn-lr=1e-05-seed=3", "cnn-lr=1e-05"),
        ("12-seed=0-fold=1-lr=0.1", "lr=0.1"),
        ("0004-split_seed=3-dataset.seed=1-fold=1", "split_seed=3-dataset.seed=1"),
        ("0001-seed=0", ""),
        ("0003", ""),
    ],
)
def test_a_setting_is_called_by_its_jobs_without_their_number_and_repeat(folder: str, told: str) -> None:
    assert NUMBER_OR_REPEAT.sub("", folder).strip("-") == told
