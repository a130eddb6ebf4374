"""What happens to the jobs of a sweep, told one by one: they begin, side by side, and end, each in its own way."""

from __future__ import annotations

import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from runner.runs.directory import RunDirectory, make
from runner.runs.saved_run import DONE, SavedRun
from runner.sweep.local import Ended
from runner.sweep.plan import Job
from runner.text import duration

How = Literal["finished", "failed", "interrupted", "pruned"]
LOOKED_AT_S = 0.25  # how often whoever iterates hears of the running jobs
GRACE_S = 30.0  # from the wish to end until a process is killed


class Handle(Protocol):
    """A job that was begun."""

    began: float  # by time.monotonic


class BackEnd(Protocol):
    """Where jobs run; each has handles of its own."""

    outlives_driver: bool  # whether jobs go on when whoever began them has ended

    def submit(self, task: Any, folder: Path) -> Handle: ...
    def under_way(self, task: Any, folder: Path) -> Handle | None: ...
    def state(self, handle: Any) -> Ended | None: ...
    def cancel(self, handle: Any, number: int = signal.SIGTERM) -> None: ...
    def wait(self, handles: Collection[Any], seconds: float) -> None: ...
    def farewell(self, handles: Collection[Any]) -> str: ...


@dataclass(frozen=True)
class Begun:
    job: Job
    is_found: bool = False  # an earlier sweep began it, and it went on


@dataclass(frozen=True)
class Over:
    """A job's end: ``finished``; ``failed``, which is a result; ``pruned`` by a search; ``interrupted``: it goes on."""

    job: Job
    how: How
    reason: str  # "" when it finished
    seconds: float = 0.0
    stops_the_sweep: bool = False  # the disk is full: others would end so too


@dataclass(frozen=True)
class Running:
    """The jobs that run now."""

    jobs: Sequence[tuple[Job, float]]  # each with the seconds it has run


Event = Begun | Over | Running


@dataclass(frozen=True)
class Limits:
    """How jobs are run."""

    at_a_time: int
    timeout_s: float | None = None
    retries: int = 0


@dataclass
class _Attempt:
    job: Job
    handle: Handle
    seconds_over: float | None = None  # since when it was told to end, of its own time
    is_told: bool = False  # of the signal


@dataclass
class Driver:
    """Iterating ``run`` runs the jobs. Once ``stop`` is set they save and end, when it ``is_urgent`` at once."""

    folder: Path
    back_end: BackEnd
    limits: Limits
    stop: Callable[[], int]  # 0, or the signal's number
    is_urgent: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = time.monotonic
    attempts: Counter[int] = field(default_factory=Counter)  # of each job, by this driver
    is_stuck: bool = False  # the disk is full
    left: list[Handle] = field(default_factory=list)  # jobs that go on when the driver has ended

    def run(self, jobs: Iterator[Job | None]) -> Generator[Event, None, None]:
        """Runs them in their order; None says that the next job is not known before another has ended.

        Raises RunError where a folder cannot be made; running jobs have saved and ended then.
        """
        again, running = deque[Job](), list[_Attempt]()
        try:
            while True:
                while len(running) < self.limits.at_a_time and (job := self.next_job(again, jobs)) is not None:
                    if any(each.job.number == job.number for each in running):
                        continue  # a search may propose the same values again before they have ended
                    found = self.back_end.under_way(job, self.folder / job.folder)
                    yield Begun(job, found is not None)
                    running.append(self.begin(job) if found is None else _Attempt(job, found))
                if not running:
                    return
                yield Running([(each.job, self.clock() - each.handle.began) for each in running])
                if self.stop() and self.back_end.outlives_driver:
                    return
                self.back_end.wait([each.handle for each in running], LOOKED_AT_S)
                self.tell(running)
                for attempt, ended in self.ended(running):
                    running.remove(attempt)
                    over = self.judged(attempt, ended)
                    yield over
                    if self.may_retry(over):
                        again.append(attempt.job)
        finally:
            self.end(running)

    @property
    def is_ending(self) -> bool:
        return bool(self.stop()) or self.is_stuck

    def next_job(self, again: deque[Job], jobs: Iterator[Job | None]) -> Job | None:
        """None where none may begin now."""
        if self.is_ending:
            return None
        return again.popleft() if again else next(jobs, None)

    def begin(self, job: Job) -> _Attempt:
        folder = self.folder / job.folder
        make(folder)
        self.attempts[job.number] += 1
        return _Attempt(job, self.back_end.submit(job, folder))

    def tell(self, running: Sequence[_Attempt]) -> None:
        """Pass on what the sweep was told, and end what has taken too long."""
        number = self.stop()
        for each in running:
            if number and not each.is_told:
                self.back_end.cancel(each.handle, number)
                each.is_told = True
            if self.is_urgent():
                self.back_end.cancel(each.handle, signal.SIGKILL)
            self.check_time(each)

    def check_time(self, attempt: _Attempt) -> None:
        limit, seconds = self.limits.timeout_s, self.clock() - attempt.handle.began
        if limit is None or seconds < limit:
            return
        if attempt.seconds_over is None:
            attempt.seconds_over = seconds
            self.back_end.cancel(attempt.handle)
        elif seconds > attempt.seconds_over + GRACE_S:
            self.back_end.cancel(attempt.handle, signal.SIGKILL)

    def ended(self, running: Sequence[_Attempt]) -> Iterator[tuple[_Attempt, Ended]]:
        for attempt in list(running):
            if (found := self.back_end.state(attempt.handle)) is not None:
                yield attempt, found

    def judged(self, attempt: _Attempt, ended: Ended) -> Over:
        """What the end of a process says of its job."""
        self.is_stuck = self.is_stuck or ended.is_short_of_disk
        self.attempts[attempt.job.number] -= ended.is_lost  # which is no fault of the job
        seconds = self.clock() - attempt.handle.began
        run = SavedRun(RunDirectory(self.folder / attempt.job.folder))
        how, reason = verdict(ended, run)
        if attempt.seconds_over is not None and how != "finished":
            how, reason = "interrupted", f"stopped after {duration(seconds)}: sweep.job_timeout_s"
        return Over(attempt.job, how, reason, seconds, ended.is_short_of_disk)

    def may_retry(self, over: Over) -> bool:
        tried_again = self.attempts[over.job.number] - 1
        return over.how == "interrupted" and not self.is_ending and tried_again < self.limits.retries

    def end(self, running: Sequence[_Attempt]) -> None:
        """Whoever iterates has left before the end: no job stays behind that would not go on by itself."""
        if self.back_end.outlives_driver:
            self.left = [each.handle for each in running]
            return
        end_all([each.handle for each in running], self.back_end, self.is_urgent, self.clock)


def end_all(
    left: Sequence[Handle],
    back_end: BackEnd,
    is_urgent: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Tells the processes to end, and waits until they have; what hangs, or all once it ``is_urgent``, is killed."""
    for handle in left:
        back_end.cancel(handle)
    deadline = clock() + GRACE_S
    while left := [handle for handle in left if back_end.state(handle) is None]:
        back_end.wait(left, LOOKED_AT_S)
        for handle in left if is_urgent() or clock() > deadline else ():
            back_end.cancel(handle, signal.SIGKILL)


def verdict(ended: Ended, run: SavedRun) -> tuple[How, str]:
    """(how the job ended, the reason)."""
    code = ended.exit_code
    if code <= 0 and run.known.get("status") in DONE:  # it may have been killed after its last file was written
        return "finished", ""
    if code == 0 and run.known.get("status") == "pruned":
        return "pruned", f"after epoch {run.known.get('final', {}).get('epoch')}"
    if code < 0:
        return "interrupted", ended.reason or how_it_ended(code)
    if code == 0:
        return "failed", "its process ended without a result"
    reason = ended.reason or str(run.known.get("reason") or f"exit code {code}")
    if ended.is_saved:
        return "interrupted", f"saved after {signal.Signals(code - 128).name}"
    is_interrupted = ended.is_short_of_memory or ended.is_short_of_disk
    return ("interrupted" if is_interrupted else "failed"), reason


def how_it_ended(exit_code: int) -> str:
    """killed by SIGKILL, for -9."""
    if exit_code >= 0:
        return f"its process ended with {exit_code}"
    names = {number.value: number.name for number in signal.Signals}
    return f"killed by {names.get(-exit_code, f'signal {-exit_code}')}"
