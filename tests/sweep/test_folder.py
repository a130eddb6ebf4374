"""How a job stands: by its run directory, and where that does not say by the journal."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from runner.errors import DataError, Interrupted
from runner.runs.directory import RunDirectory
from runner.sweep.folder import Header, SweepFolder, owned
from runner.sweep.plan import Job, packed_config

HEADER = Header("digits", "2026-11-26", ["-m"], None, 1, 2, 1, "cpu", "val/loss")


def opened(path: Path, *facts: dict[str, object]) -> tuple[SweepFolder, Job]:
    path.mkdir()
    job = Job(0, ("seed=0",), "0000", packed_config({}), "a")
    lines = [json.dumps(fact) + "\n" for fact in (job.as_fact(), *facts)]
    (path / "journal.jsonl").write_text("".join(lines))
    folder = SweepFolder.opened(path, HEADER)
    return folder, folder.jobs[0]


BEGUN = {"begun": 0, "attempt": 1}
FAILED = {"ended": 0, "how": "failed", "reason": "nan"}


@pytest.mark.parametrize(
    ("status", "facts", "standing"),
    [
        ("finished", [BEGUN], "finished"),
        ("stopped_early", [BEGUN, FAILED], "finished"),  # the run says more than its process
        ("running", [BEGUN], "interrupted"),
        ("failed", [BEGUN], "failed"),  # its driver was killed before it could write that down
        ("failed", [BEGUN, FAILED], "failed"),
        ("running", [BEGUN, FAILED], "failed"),
        ("failed", [BEGUN, {"ended": 0, "how": "interrupted", "reason": "out of memory"}], "interrupted"),
        ("failed", [BEGUN, FAILED, BEGUN], "interrupted"),  # killed when it was tried again
    ],
)
def test_how_a_job_stands(status: str, facts: list[dict[str, object]], standing: str, tmp_path: Path) -> None:
    folder, job = opened(tmp_path / "sweep", *facts)
    assert folder.standing(job) == "waiting"  # its folder is not there
    run = RunDirectory(tmp_path / "sweep" / job.folder)
    run.path.mkdir()
    run.write_summary({"status": status})
    assert folder.standing(job) == standing


def test_an_attempt_that_begins_forgets_how_the_one_before_it_ended(tmp_path: Path) -> None:
    folder, job = opened(tmp_path / "sweep", BEGUN, FAILED)
    (tmp_path / "sweep" / job.folder).mkdir()
    assert (folder.standing(job), folder.reason(job)) == ("failed", "nan")
    folder.write_begin(job)
    assert folder.standing(job) == "interrupted"
    assert (tmp_path / "sweep/journal.jsonl").read_text().endswith('{"begun": 0, "attempt": 2}\n')


@pytest.mark.parametrize("fact", [{"begun": [1]}, {"job": 1}, {"job": 1, "folder": 3}])
def test_a_journal_that_says_something_else_is_refused(fact: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"journal.jsonl: damaged: .*\n  put the file back"):
        opened(tmp_path / "sweep", fact)


@pytest.mark.parametrize("folder", ["../out", "/tmp", "0001/../../out", ".."])
def test_fault_39_the_folder_of_a_job_does_not_lead_out_of_the_sweep(folder: str, tmp_path: Path) -> None:
    job = Job(1, (), folder, packed_config({}), "b").as_fact()
    with pytest.raises(DataError, match="is no folder of a job"):
        opened(tmp_path / "sweep", job)


def test_a_sweep_without_its_journal_is_left_alone(tmp_path: Path) -> None:
    opened(tmp_path / "sweep")
    (tmp_path / "sweep/journal.jsonl").unlink()
    with pytest.raises(DataError, match=r"journal.jsonl: cannot be read: No such file"):
        SweepFolder.opened(tmp_path / "sweep")
    assert not (tmp_path / "sweep/journal.jsonl").exists()


def test_jobs_of_a_driver_that_was_killed_are_waited_for_until_they_have_saved(tmp_path: Path) -> None:
    job = tmp_path / "0001-mlp"
    job.mkdir()
    lock = FileLock(job / ".lock", thread_local=False)  # as the job's own process holds it
    lock.acquire()
    threading.Timer(0.3, lock.release).start()
    assert RunDirectory(job).is_in_use
    with owned(tmp_path):
        assert not RunDirectory(job).is_in_use


def test_a_sweep_that_is_interrupted_with_no_job_to_save_for_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder, _ = opened(tmp_path / "a sweep")
    with pytest.raises(Interrupted) as told, owned(folder.path):
        raise KeyboardInterrupt
    assert (str(told.value), told.value.exit_code) == (
        "interrupted; go on with: python -m runner resume 'a sweep'",
        130,
    )
    (tmp_path / "new").mkdir()
    with pytest.raises(KeyboardInterrupt), owned(tmp_path / "new"):
        raise KeyboardInterrupt
