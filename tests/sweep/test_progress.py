"""How far a job has come, by what its run has written so far."""

from __future__ import annotations

from pathlib import Path

from runner.runs.directory import RunDirectory
from runner.screen.sweep import RunningJob
from runner.sweep.progress import JobProgress, seconds_left


def row(epoch: int, loss: float) -> str:
    return f'{{"step": {10 * epoch}, "epoch": {epoch}, "train/loss": 1.0, "val/loss": {loss}}}\n'


def test_a_job_stands_where_its_last_whole_row_says(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    progress = JobProgress(3, directory)
    assert progress.after(1.0) == RunningJob(3)
    directory.write_summary({"monitor": "val/loss", "config": {"epochs": 10}})
    directory.metrics.write_text(row(1, 0.5) + row(2, 0.75) + '{"step": 30, "epo')
    assert progress.after(4.0) == RunningJob(3, epoch=2, epochs=10, monitor=0.5, seconds_left=16.0)
    directory.metrics.write_text(row(1, 0.5) + row(2, 0.75) + row(3, 0.25))
    assert progress.after(6.0) == RunningJob(3, epoch=3, epochs=10, monitor=0.25, seconds_left=14.0)


def test_a_job_that_went_on_counts_only_the_epochs_of_now(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    directory.write_summary({"monitor": "val/loss", "config": {"epochs": 10}})
    directory.metrics.write_text(row(6, 0.1))
    progress = JobProgress(0, directory)
    directory.metrics.write_text(row(6, 0.1) + row(7, 0.5))
    assert progress.after(2.0).monitor == 0.1
    assert progress.after(2.0).seconds_left == 6.0  # 2 s an epoch, three to come


def test_the_time_left_is_that_of_all_jobs_on_all_places() -> None:
    running = [RunningJob(0, seconds_left=4.0), RunningJob(1, seconds_left=2.0)]
    assert seconds_left(running, 0, [], 2) == 4.0  # of the longest
    assert seconds_left(running, 3, [10.0, 20.0], 2) == (6.0 + 45.0) / 2
    assert seconds_left(running, 3, [], 2) is None
    assert seconds_left([RunningJob(0)], 0, [], 2) is None
