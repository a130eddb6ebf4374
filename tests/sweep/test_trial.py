"""One step of each kind of job, before the first begins."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from runner.compose.request import parse
from runner.errors import ConfigError, RunError
from runner.sweep import local
from runner.sweep.local import LocalJobs
from runner.sweep.plan import Job, check_jobs, packed_config
from runner.sweep.trial import Needs, kinds, try_jobs


def jobs(*words: str) -> list[Job]:
    return check_jobs(parse(["-m", "dataset=iris", *words])).jobs


def asks_for_its_number(job: Job, folder: Path) -> dict[str, int]:
    return {"memory": 10 * job.number, "disk": 100 - job.number}


def test_jobs_that_differ_in_rates_and_seeds_are_of_one_kind() -> None:
    found = jobs("model=mlp,linear", "optimizer.lr=0.1,0.2", "seed=0,1", "batch_size=8,16")
    assert len(found) == 16
    assert [job.settings["model"] + job.settings["batch_size"] for job in kinds(found)] == [
        "mlp8",
        "mlp16",
        "linear8",
        "linear16",
    ]


def test_what_is_needed_is_the_most_of_any_kind() -> None:
    found = jobs("model=mlp,linear,dnn")
    assert try_jobs(found, LocalJobs(asks_for_its_number), 2) == Needs(memory=20, disk=100)


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "killed by SIGKILL"),
        (lambda: os._exit(0), "its process ended with 0"),
        (lambda: 1 / 0, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_first_step_that_fails_is_told_with_its_job(end: object, told: str) -> None:
    def work(job: Job, folder: Path) -> dict[str, int]:
        if job.settings["model"] == "mlp":
            end()  # type: ignore[operator]
        return {"memory": 1, "disk": 1}

    with pytest.raises(ConfigError) as error:
        try_jobs(jobs("model=linear,mlp"), LocalJobs(work), 2)
    assert error.value.faults == (
        f"dataset=iris model=mlp: the first step fails: {told}\n  without this check: sweep.check=false",
    )


def test_kinds_of_job_beyond_ten_are_counted() -> None:
    first, _ = jobs("batch_size=1,2")
    plain = first.plain()
    found = [
        replace(first, number=n, words=(f"batch_size={n}",), packed=packed_config({**plain, "batch_size": n}))
        for n in range(1, 13)
    ]

    def refuses(job: Job, folder: Path) -> None:
        raise ConfigError("no")

    with pytest.raises(ConfigError) as error:
        try_jobs([*found, *found], LocalJobs(refuses), 4)
    assert len(error.value.faults) == 11 and error.value.faults[-1] == "2 more kinds of job cannot be begun"


def test_first_steps_that_are_left_early_have_ended_before_their_folder_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(job: Job, folder: Path) -> None:
        signal.signal(signal.SIGTERM, lambda number, frame: None)
        (tmp_path / "pid").write_text(str(os.getpid()))
        time.sleep(0.5)  # whatever it is told
        (folder / "late").touch()
        (tmp_path / "ended").touch()

    begin, begun = local.begin, list[object]()

    def only_once(process: object) -> None:
        if begun:
            while not (tmp_path / "pid").exists():
                time.sleep(0.01)
            raise BlockingIOError("no more")
        begun.append(process)
        begin(process)

    monkeypatch.setattr(local, "begin", only_once)
    with pytest.raises(RunError, match="cannot start another process for a job"):
        try_jobs(jobs("model=linear,mlp"), LocalJobs(work), 2)
    assert (tmp_path / "ended").exists()
