"""The order in which jobs begin and end, with a back end that has no processes: a job ends when the test says so."""

from __future__ import annotations

import signal
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from runner.runs.directory import RunDirectory
from runner.sweep.driver import GRACE_S, Begun, Driver, Event, Limits, Over, Running
from runner.sweep.local import Ended
from runner.sweep.plan import Job


@dataclass
class Handle:
    number: int
    folder: Path
    began: float


@dataclass
class BackEnd:
    """Every tick a tenth of a second goes by; ``ends`` says after how many of its ticks a job ends, and how."""

    ends: dict[int, tuple[int, Ended]]
    now: float = 0.0
    told: list[tuple[int, int]] = field(default_factory=list)  # (job, signal)
    ticks: dict[int, int] = field(default_factory=dict)
    outlives_driver: bool = False
    found: Collection[int] = ()  # jobs that an earlier driver began

    def submit(self, task: Any, folder: Path) -> Any:
        assert task.number not in self.found, "begun again"
        self.ticks[task.number] = 0
        return Handle(task.number, folder, self.now)

    def state(self, handle: Any) -> Ended | None:
        signals = [number for job, number in self.told if job == handle.number]
        if signal.SIGKILL in signals:
            return Ended(-9)
        if handle.number not in self.ends:  # it listens to signals alone
            return Ended(128 + signals[0], "saved", is_saved=True) if signals else None
        after, ended = self.ends[handle.number]
        if self.ticks[handle.number] < after:
            return None
        if ended.exit_code == 0:
            RunDirectory(handle.folder).write_summary({"status": "finished"})
        return ended

    def cancel(self, handle: Any, number: int = signal.SIGTERM) -> None:
        self.told.append((handle.number, number))

    def under_way(self, task: Any, folder: Path) -> Any:
        return Handle(task.number, folder, self.now) if task.number in self.found else None

    def farewell(self, handles: Collection[Any]) -> str:
        return " ".join(str(handle.number) for handle in handles)

    def wait(self, handles: Collection[Any], seconds: float) -> None:
        self.now += 0.1
        for handle in handles:
            self.ticks[handle.number] += 1


def job(number: int) -> Job:
    return Job(number, (), f"{number:04}", b"")


@dataclass
class Told:
    """What the sweep was told."""

    signal_number: int = 0
    is_urgent: bool = False


def driver(folder: Path, back_end: BackEnd, told: Told, at_a_time: int = 2, **limits: Any) -> Driver:
    return Driver(
        folder,
        back_end,
        Limits(at_a_time, **limits),
        lambda: told.signal_number,
        lambda: told.is_urgent,
        clock=lambda: back_end.now,
    )


def in_short(events: Iterator[Event]) -> list[str]:
    told = []
    for event in events:
        if isinstance(event, Begun):
            told.append(f"begun {event.job.number}")
        elif isinstance(event, Over):
            told.append(f"{event.how} {event.job.number}")
    return told


def test_as_many_jobs_run_as_may_and_the_next_begins_when_one_ends(tmp_path: Path) -> None:
    back_end = BackEnd({0: (3, Ended(0)), 1: (1, Ended(0)), 2: (5, Ended(0))})
    events = list(driver(tmp_path, back_end, Told()).run(iter([job(0), job(1), job(2)])))
    assert in_short(iter(events)) == ["begun 0", "begun 1", "finished 1", "begun 2", "finished 0", "finished 2"]
    running = [[each.number for each, _ in e.jobs] for e in events if isinstance(e, Running)]
    assert running[:2] == [[0, 1], [0, 2]]


def test_a_job_that_is_proposed_again_while_it_runs_is_not_begun_twice(tmp_path: Path) -> None:
    back_end = BackEnd({0: (2, Ended(0)), 1: (1, Ended(0))})
    jobs = iter([job(0), job(0), job(1), job(0)])
    assert in_short(driver(tmp_path, back_end, Told(), at_a_time=3).run(jobs)) == [
        "begun 0",
        "begun 1",
        "finished 1",
        "finished 0",
    ]


@pytest.mark.parametrize(
    ("ended", "how", "reason"),
    [
        (Ended(1, "the loss is nan"), "failed", "the loss is nan"),
        (Ended(7, "exit code 7"), "failed", "exit code 7"),
        (Ended(-9), "interrupted", "killed by SIGKILL"),
        (Ended(143, "interrupted, saved after epoch 3", is_saved=True), "interrupted", "saved after SIGTERM"),
        (Ended(130, "exit code 130"), "failed", "exit code 130"),  # of a user's own code
        (Ended(1, "out of memory", is_short_of_memory=True), "interrupted", "out of memory"),
    ],
)
def test_how_a_process_ends_decides_what_becomes_of_its_job(
    ended: Ended, how: str, reason: str, tmp_path: Path
) -> None:
    events = driver(tmp_path, BackEnd({0: (1, ended), 1: (1, Ended(0))}), Told()).run(iter([job(0), job(1)]))
    over = {event.job.number: (event.how, event.reason) for event in events if isinstance(event, Over)}
    assert over == {0: (how, reason), 1: ("finished", "")}


def test_a_process_that_ends_without_a_result_has_failed(tmp_path: Path) -> None:
    back_end = BackEnd({0: (1, Ended(0))})
    back_end.state = lambda handle: Ended(0)  # type: ignore[method-assign]
    over = [event for event in driver(tmp_path, back_end, Told()).run(iter([job(0)])) if isinstance(event, Over)]
    assert [(each.how, each.reason) for each in over] == [("failed", "its process ended without a result")]


def test_after_a_signal_jobs_save_and_none_begins(tmp_path: Path) -> None:
    told, back_end, found = Told(), BackEnd({}), list[str]()
    for event in driver(tmp_path, back_end, told).run(iter([job(0), job(1), job(2)])):
        found += in_short(iter([event]))
        if isinstance(event, Running):
            told.signal_number = signal.SIGINT
    assert found == ["begun 0", "begun 1", "interrupted 0", "interrupted 1"]
    assert back_end.told == [(0, signal.SIGINT), (1, signal.SIGINT)]


def test_after_a_second_signal_they_end_at_once(tmp_path: Path) -> None:
    told, back_end = Told(), BackEnd({0: (10**6, Ended(0))})
    for event in driver(tmp_path, back_end, told).run(iter([job(0)])):
        if isinstance(event, Running):
            told.is_urgent, told.signal_number = bool(told.signal_number), signal.SIGINT
    assert back_end.told == [(0, signal.SIGINT), (0, signal.SIGKILL)]


def test_a_job_over_its_time_is_asked_to_save_and_then_killed(tmp_path: Path) -> None:
    back_end = BackEnd({0: (10**6, Ended(0))})
    (over,) = (e for e in driver(tmp_path, back_end, Told(), timeout_s=2.0).run(iter([job(0)])) if isinstance(e, Over))
    assert back_end.told[0] == (0, signal.SIGTERM)
    assert back_end.told[-1] == (0, signal.SIGKILL) and 2 + GRACE_S < over.seconds < 3 + GRACE_S
    assert over.how == "interrupted" and over.reason.startswith("stopped after 32") and "job_timeout_s" in over.reason


def test_an_interrupted_job_is_gone_on_with_as_often_as_was_said(tmp_path: Path) -> None:
    back_end = BackEnd({0: (1, Ended(-9)), 1: (1, Ended(1, "nan"))})
    found = in_short(driver(tmp_path, back_end, Told(), at_a_time=1, retries=2).run(iter([job(0), job(1)])))
    assert found == ["begun 0", "interrupted 0"] * 3 + ["begun 1", "failed 1"]


def test_a_job_whose_node_died_goes_on_and_no_try_is_counted(tmp_path: Path) -> None:
    back_end, found = BackEnd({0: (1, Ended(-9, "its node died", is_lost=True))}), list[str]()
    for event in driver(tmp_path, back_end, Told(), retries=0).run(iter([job(0)])):
        found += in_short(iter([event]))
        if found.count("interrupted 0") == 2:
            back_end.ends[0] = (1, Ended(0))
    assert found == ["begun 0", "interrupted 0"] * 2 + ["begun 0", "finished 0"]


def test_a_full_disk_lets_no_other_job_begin(tmp_path: Path) -> None:
    back_end = BackEnd({0: (1, Ended(1, "no space left", is_short_of_disk=True)), 1: (4, Ended(0))})
    sweep = driver(tmp_path, back_end, Told(), retries=5)
    assert in_short(sweep.run(iter([job(0), job(1), job(2)]))) == ["begun 0", "begun 1", "interrupted 0", "finished 1"]
    assert sweep.is_stuck


def test_whoever_leaves_early_leaves_no_job_behind(tmp_path: Path) -> None:
    back_end = BackEnd({})
    events = driver(tmp_path, back_end, Told()).run(iter([job(0), job(1)]))
    for event in events:
        if isinstance(event, Running):
            break
    events.close()
    assert back_end.told == [(0, signal.SIGTERM), (1, signal.SIGTERM)]


def test_jobs_that_outlive_the_driver_are_left_alone_after_a_signal(tmp_path: Path) -> None:
    told, back_end = Told(), BackEnd({}, outlives_driver=True)
    sweep, found = driver(tmp_path, back_end, told), list[str]()
    for event in sweep.run(iter([job(0), job(1), job(2)])):
        found += in_short(iter([event]))
        told.signal_number = signal.SIGINT if isinstance(event, Running) else 0
    assert found == ["begun 0", "begun 1"] and back_end.told == []
    assert [handle.number for handle in sweep.left] == [0, 1]


def test_a_job_that_an_earlier_driver_left_running_is_waited_for_and_not_begun_again(tmp_path: Path) -> None:
    back_end = BackEnd({0: (2, Ended(0)), 1: (1, Ended(0))}, found=[0], ticks={0: 0})
    (tmp_path / "0000").mkdir()
    events = list(driver(tmp_path, back_end, Told()).run(iter([job(0), job(1)])))
    assert [(e.job.number, e.is_found) for e in events if isinstance(e, Begun)] == [(0, True), (1, False)]
    assert in_short(iter(events))[-2:] == ["finished 1", "finished 0"]
