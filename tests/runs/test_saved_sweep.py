"""A sweep as its folder tells it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from past_runs import make_run, make_sweep
from runner.runs.directory import RunDirectory
from runner.runs.saved_sweep import SavedSweep

JOBS = ("0000-lr=0.1-seed=0", "0001-lr=0.1-seed=1", "0002-lr=0.01-seed=0", "0003-lr=0.01-seed=1")


def finished(folder: Path, *losses: float) -> Path:
    for number, loss in enumerate(losses):
        make_run(folder / JOBS[number], loss, optimizer__lr=(0.1, 0.01)[number // 2], seed=number % 2)
    return folder


def names(sweep: SavedSweep) -> list[str]:
    return [job.path.name for job in sweep.jobs]


def test_its_jobs_are_those_of_its_journal_begun_or_not(tmp_path: Path) -> None:
    folder = make_sweep(tmp_path / "sweep", JOBS[:2])
    make_run(folder / "0009-of-somebody-else")
    with (folder / "journal.jsonl").open("a") as journal:
        journal.write('{"job": 0, "attempt": 2}\nno json\n[]\n{"folder": "../0001-elsewhere"}\n{"folder": 3}\n{"folder')
    assert names(SavedSweep(folder)) == [*JOBS[:2]]


def test_of_an_older_build_they_are_the_folders_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("10-lr=1", "9-lr=0.1", "11", "notes"):
        make_run(tmp_path / "sweep" / name)
    (tmp_path / "sweep" / "multirun.yaml").touch()
    assert names(SavedSweep(tmp_path / "sweep")) == ["9-lr=0.1", "10-lr=1", "11"]


def test_when_it_was_started_stands_in_its_file_or_in_its_name(tmp_path: Path) -> None:
    assert SavedSweep(make_sweep(tmp_path / "new", JOBS)).started == "2026-01-02T00:00:00.000000"
    older = tmp_path / "2026-11-26" / "19-27-12-373041-dnn-iris"
    assert SavedSweep(older).started == "2026-11-26T19:27:12.373041"
    make_run(tmp_path / "moved" / "0-lr=1")
    assert SavedSweep(tmp_path / "moved").started == "2026-01-01T00:00:00.000006"


def test_the_winner_is_the_best_run_of_the_best_setting(tmp_path: Path) -> None:
    folder = finished(make_sweep(tmp_path / "sweep", JOBS), 0.1, 0.9, 0.3, 0.2)  # the luckiest run is of the worse
    winner = SavedSweep(folder).winner
    assert winner is not None and winner.path == folder / JOBS[3]


def test_the_winner_is_the_one_that_its_summary_names_once_it_has_ended(tmp_path: Path) -> None:
    folder = finished(make_sweep(tmp_path / "sweep", JOBS), 0.1, 0.9)
    for status, name in (("finished", JOBS[1]), ("running", JOBS[0])):
        told = {"format": 1, "kind": "sweep", "status": status, "winner": JOBS[1]}
        (folder / "summary.json").write_text(json.dumps(told))
        winner = SavedSweep(folder).winner
        assert winner is not None and winner.path == folder / name


@pytest.mark.parametrize("winner", ["0002-lr=0.01-seed=0", "../elsewhere", 7])
def test_a_winner_that_is_not_there_is_chosen_again(tmp_path: Path, winner: object) -> None:
    folder = finished(make_sweep(tmp_path / "sweep", JOBS), 0.1)
    (folder / "summary.json").write_text(json.dumps({"kind": "sweep", "status": "finished", "winner": winner}))
    found = SavedSweep(folder).winner
    assert found is not None and found.path == folder / JOBS[0]


def test_without_a_job_that_is_done_there_is_no_winner(tmp_path: Path) -> None:
    folder = make_sweep(tmp_path / "sweep", JOBS)
    make_run(folder / JOBS[0], status="failed")
    assert SavedSweep(folder).winner is None


def test_it_is_in_use_while_a_process_leads_it(tmp_path: Path) -> None:
    sweep = SavedSweep(make_sweep(tmp_path / "sweep", JOBS))
    assert not sweep.is_in_use
    with RunDirectory(sweep.path).owned():
        assert sweep.is_in_use
    assert not sweep.is_in_use
