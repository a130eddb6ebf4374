"""Jobs in processes forked from this one, and every way in which such a process ends."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.errors import DataError, Interrupted, RunError
from runner.sweep import local
from runner.sweep.local import Ended, LocalJobs


def ended(work: Callable[[object, Path], object], folder: Path) -> Ended:
    back_end = LocalJobs(work)
    handle = back_end.submit(None, folder)
    handle.process.join(30)
    found = back_end.state(handle)
    assert found is not None
    return found


def fails(task: object, folder: Path) -> None:
    print("so far")
    raise ValueError("no luck")


def refuses(task: object, folder: Path) -> None:
    raise DataError("no data here")


def is_full(task: object, folder: Path) -> None:
    raise RunError("not written") from OSError(errno.ENOSPC, "No space left on device")


def is_greedy(task: object, folder: Path) -> None:
    raise RunError("out of memory on cpu") from MemoryError()


def is_told_to_end(task: object, folder: Path) -> None:
    raise Interrupted("saved after epoch 3", signal.SIGTERM)


def test_what_the_work_returns_is_told(tmp_path: Path) -> None:
    assert ended(lambda task, folder: {"disk": 3}, tmp_path) == Ended(0, answer={"disk": 3})


def test_a_fault_of_the_user_has_its_exit_code(tmp_path: Path) -> None:
    assert ended(refuses, tmp_path) == Ended(3, "no data here")


def test_a_fault_of_the_program_is_told_in_the_log(tmp_path: Path) -> None:
    assert ended(fails, tmp_path) == Ended(1, "ValueError: no luck")
    told = (tmp_path / "train.log").read_text().splitlines()
    assert told[0] == "so far" and told[1].startswith("Traceback") and told[-1] == "ValueError: no luck"


def test_too_little_disk_or_memory_is_told_apart(tmp_path: Path) -> None:
    assert ended(is_full, tmp_path) == Ended(1, "not written", is_short_of_disk=True)
    assert ended(is_greedy, tmp_path) == Ended(1, "out of memory on cpu", is_short_of_memory=True)


def test_fault_30_a_process_that_ends_by_itself_says_how(tmp_path: Path) -> None:
    assert ended(lambda task, folder: sys.exit(7), tmp_path) == Ended(7, "exit code 7")
    assert ended(lambda task, folder: os._exit(0), tmp_path) == Ended(0)
    assert ended(lambda task, folder: os.kill(os.getpid(), signal.SIGKILL), tmp_path) == Ended(-9)


def test_a_job_that_a_signal_ended_is_told_from_one_that_left_with_the_same_code(tmp_path: Path) -> None:
    assert ended(is_told_to_end, tmp_path) == Ended(143, "saved after epoch 3", is_saved=True)
    assert ended(lambda task, folder: sys.exit(143), tmp_path) == Ended(143, "exit code 143")


def test_a_process_that_the_system_refuses_is_said_and_leaves_no_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(process: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    back_end = LocalJobs(fails)
    monkeypatch.setattr(local, "begin", refuse)
    before = len(os.listdir("/dev/fd"))
    with pytest.raises(RunError) as fault:
        back_end.submit(None, tmp_path)
    told = "cannot start another process for a job: Resource temporarily unavailable; run fewer at a time: sweep.jobs=1"
    assert str(fault.value) == told and len(os.listdir("/dev/fd")) == before


def test_fault_33_a_job_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    def leaks(task: object, folder: Path) -> int:
        before = len(os.environ)
        os.environ["LEAKED"] = "1"
        return before

    assert ended(leaks, tmp_path).answer == ended(leaks, tmp_path).answer


def test_a_cancelled_job_ends(tmp_path: Path) -> None:
    back_end = LocalJobs(lambda task, folder: time.sleep(30))
    handle = back_end.submit(None, tmp_path)
    assert back_end.state(handle) is None
    back_end.cancel(handle)
    back_end.wait([handle], 10)
    handle.process.join(10)
    assert back_end.state(handle) == Ended(-15)


PARENT = """
import os, sys, time
from pathlib import Path
from runner.sweep.local import LocalJobs
def work(task, folder):
    (folder / "pid").write_text(str(os.getpid()))
    time.sleep(30)
LocalJobs(work).submit(None, Path(sys.argv[1]))
time.sleep(30)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a parent that is gone is seen by getppid")
def test_a_job_whose_sweep_was_killed_ends_by_itself(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)])
    pid = tmp_path / "pid"
    until(lambda: pid.exists() and pid.read_text() != "")
    parent.kill()
    parent.wait()
    until(lambda: not Path(f"/proc/{pid.read_text()}").exists())


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)
