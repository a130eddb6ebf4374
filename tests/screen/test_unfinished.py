"""What report says below its table of what is not finished."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from past_runs import make_run, make_sweep
from runner.runs.directory import RunDirectory
from runner.runs.ranking import read_runs
from runner.screen.unfinished import ended_line, unfinished_lines

JOBS = [f"{number:04}-lr={number}" for number in range(6)]


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of six jobs two are finished and one failed, two say that they are running, one is not begun."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_OUTPUTS", str(tmp_path))
    folder = make_sweep(tmp_path / "sweep", JOBS)
    for name, status in zip(JOBS, ("finished", "finished", "failed", "running", "running"), strict=False):
        make_run(folder / name, status=status)
    return folder


def lines(folder: Path, *running: str) -> list[str]:
    with ExitStack() as owners:
        for name in running:
            owners.enter_context(RunDirectory(folder / name).owned())
        return [text for text in unfinished_lines(read_runs([folder])[0])]


def test_a_sweep_on_its_way_says_how_many_jobs_are_running_and_how_many_wait(sweep: Path) -> None:
    with RunDirectory(sweep).owned():
        said = lines(sweep, *JOBS[3:5])
    assert said == ["2 of 6 jobs are still running", "1 not started yet", "failed: sweep/0002-lr=2"]


def test_a_sweep_that_was_killed_says_what_goes_on_with_it(sweep: Path) -> None:
    assert lines(sweep, JOBS[3]) == [
        "1 of 6 jobs is still running",
        "1 stopped, 1 not started: python -m runner resume last",
        "1 failed: python -m runner resume last retry=failed",
        "failed: sweep/0002-lr=2",
    ]


def test_why_a_job_failed_stands_below_its_folder(sweep: Path) -> None:
    told = "failed: sweep/0002-lr=9\n  loss is not finite at step 12\n  lower optimizer.lr"
    assert ended_line("failed", "loss is not finite at step 12\nlower optimizer.lr", sweep / "0002-lr=9") == told


def test_among_other_runs_a_sweep_is_named(sweep: Path) -> None:
    make_run(sweep.parent / "run", status="running")
    assert lines(sweep.parent) == [
        "sweep: 2 stopped, 1 not started: python -m runner resume last",
        "sweep: 1 failed: python -m runner resume last retry=failed",
        "stopped; python -m runner resume run",
        "failed: sweep/0002-lr=2",
    ]


def test_a_run_that_somebody_owns_is_running_and_one_that_nobody_owns_was_stopped(sweep: Path) -> None:
    for name in ("one", "two"):
        make_run(sweep.parent / "runs" / name, status="running")
    folds = make_run(sweep.parent / "runs" / "folds", status="running")
    make_run(folds / "fold-0", status="running")
    found = lines(sweep.parent / "runs", "one", "folds")
    assert sorted(found) == [
        "running: runs/folds/fold-0",
        "running: runs/one",
        "stopped; python -m runner resume runs/two",
    ]


def test_of_an_older_build_the_jobs_go_on_one_by_one(sweep: Path) -> None:
    make_run(sweep.parent / "older" / "0-lr=1", status="running")
    (sweep.parent / "older" / "multirun.yaml").touch()
    assert lines(sweep.parent / "older") == ["stopped; python -m runner resume older/0-lr=1"]


def test_of_many_some_are_told(sweep: Path) -> None:
    for number in range(12):
        make_run(sweep.parent / "many" / f"run-{number}", status="interrupted")
    said = lines(sweep.parent / "many")
    assert len(said) == 11 and said[-1] == "2 more that are not finished"


def test_a_job_whose_files_say_nothing_stands_as_its_process_ended(sweep: Path) -> None:
    (sweep / JOBS[5]).mkdir()
    with (sweep / "journal.jsonl").open("a") as journal:
        journal.write('{"ended": 5, "how": "failed", "reason": "no data"}\n{"ended": 0, "how": "interrupted"}\n')
    assert lines(sweep)[:2] == [
        "2 stopped: python -m runner resume last",
        "2 failed: python -m runner resume last retry=failed",
    ]
