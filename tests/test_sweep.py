"""Jobs in processes of their own; the jobs here are the functions of tests/sweep_jobs.py."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from runner import sweep
from runner.errors import ConfigError
from runner.request import parse
from runner.sweep import JobOutcome, run_jobs


@pytest.fixture(autouse=True)
def light(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sweep, "PRELOAD", [])  # these jobs need no torch
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def outcomes(tmp_path: Path, *jobs: list[str]) -> list[JobOutcome]:
    return run_jobs(parse(["-m"]), jobs, tmp_path / "sweep", job="sweep_jobs:job")


def test_a_failing_job_stops_no_other_and_says_why(tmp_path: Path) -> None:
    words = [["name=well"], ["name=raises"], ["name=refuses"], ["name=killed"], ["name=vanishes"], ["name=exits"]]
    found = outcomes(tmp_path, *words, ["name=well"])
    assert [(job.number, job.exit_code, job.reason) for job in found] == [
        (0, 0, ""),
        (1, 1, "ValueError: no luck"),
        (2, 3, "no data here"),
        (3, 137, "killed by SIGKILL"),
        (4, 1, "its process ended without a result"),
        (5, 7, "not finite"),
        (6, 0, ""),
    ]
    assert found[1].folder == tmp_path / "sweep/1-name=raises"
    assert found[1].overrides == ("name=raises",)


def test_no_job_starts_when_one_of_them_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="epochs=0"):
        outcomes(tmp_path, ["name=well"], ["epochs=0"])
    assert not (tmp_path / "sweep").exists()


def test_a_signal_ends_the_running_job_and_the_sweep(tmp_path: Path) -> None:
    def press() -> None:
        deadline = time.monotonic() + 30
        while not (tmp_path / "sweep/0-name=waits/started").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    before = signal.getsignal(signal.SIGINT)
    found = outcomes(tmp_path, ["name=waits"], ["name=well"])
    assert [(job.exit_code, job.reason) for job in found] == [
        (130, "interrupted"),
        (130, "not started: the sweep was interrupted"),
    ]
    assert signal.getsignal(signal.SIGINT) is before
