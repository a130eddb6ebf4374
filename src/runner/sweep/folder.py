"""The folder of a sweep as its driver sees it: which jobs belong to it and how each of them stands."""

from __future__ import annotations

import shlex
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from runner.errors import DataError, Interrupted
from runner.runs.directory import JOURNAL, SWEEP, RunDirectory
from runner.runs.files import read_json, write_json
from runner.runs.saved_run import DONE, SavedRun
from runner.runs.saved_sweep import SavedSweep
from runner.sweep.journal import Journal, read_journal
from runner.sweep.plan import Job, job_of_fact
from runner.text import here, program

Standing = Literal["waiting", "finished", "failed", "interrupted", "pruned"]
FORMAT = 1
SAVING_S = 60.0  # that a job of a dead sweep may take to save


@dataclass(frozen=True)
class Header:
    """sweep.json: what holds for all jobs and was fixed when the sweep began."""

    name: str
    started: str
    words: Sequence[str]  # as typed
    config_dir: str | None
    threads: int  # of a job for which nobody said another number
    jobs_at_a_time: int
    jobs_per_gpu: int
    device: str  # cpu, cuda, mps
    monitor: str
    keep: str = "all"
    search: Mapping[str, Any] | None = None  # of a search: its settings, space and words
    cluster: Mapping[str, Any] | None = None  # where the jobs run; None: on this machine


class SweepFolder:
    """Only the owner of the folder writes here: ``with RunDirectory(path).owned():``."""

    def __init__(self, path: Path, header: Header):
        self.path = path
        self.header = header
        self._ends: dict[int, Mapping[str, Any]] = {}  # of the jobs that have ended and were not begun again
        self._begun = Counter[int]()
        self.submitted: dict[int, str] = {}  # what a cluster calls the jobs that were handed to it and have not ended
        self.trials: dict[int, Mapping[str, Any]] = {}  # of a search, by number: their points and jobs
        self.told: dict[int, Mapping[str, Any]] = {}  # what came of them, as later trials were chosen by it
        facts = read_journal(path / JOURNAL)
        try:
            self.jobs = [job_of_fact(fact) for fact in facts if "job" in fact]
            for fact in facts:
                self._count(fact)
        except (KeyError, TypeError, ValueError) as fault:
            told = f"{here(path / JOURNAL)}: damaged: {type(fault).__name__}: {fault}"
            raise DataError(f"{told}\n  put the file back; the jobs that are finished stay beside it") from fault
        self.journal = Journal(path / JOURNAL)

    @classmethod
    def opened(cls, path: Path, header: Header | None = None) -> SweepFolder:
        """The sweep in ``path``; where there is none yet one with the ``header``. Raises DataError, RunError."""
        if header is None or (path / SWEEP).exists():
            return cls(path, read_header(path))
        Journal(path / JOURNAL).close()  # before the file that says that there is a sweep
        write_json(path / SWEEP, {"format": FORMAT, **asdict(header)})
        return cls(path, header)

    def rewrite(self, header: Header) -> None:
        """Puts another header in the place of the one it has."""
        if header != self.header:
            write_json(self.path / SWEEP, {"format": FORMAT, **asdict(header)})
            self.header = header

    def add(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self.journal.write(**job.as_fact())
        self.jobs += jobs

    def run_of(self, job: Job) -> SavedRun:
        return SavedRun(RunDirectory(self.path / job.folder))

    def _count(self, fact: Mapping[str, Any]) -> None:
        if "begun" in fact:
            self._ends.pop(fact["begun"], None)
            self.submitted.pop(fact["begun"], None)
            self._begun[fact["begun"]] += 1
        elif "ended" in fact:
            self._ends[fact["ended"]] = fact
            self.submitted.pop(fact["ended"], None)
        elif "submitted" in fact:
            self.submitted[fact["submitted"]] = str(fact["id"])
        elif "trial" in fact:
            self.trials[fact["trial"]] = fact
        elif "told" in fact:
            self.told[fact["told"]] = fact

    def write_begin(self, job: Job) -> None:
        self._write({"begun": job.number, "attempt": self._begun[job.number] + 1})

    def write_submitted(self, job: Job, known_as: str) -> None:
        self._write({"submitted": job.number, "id": known_as})

    def write_end(self, job: Job, how: str, reason: str) -> None:
        self._write({"ended": job.number, "how": how, "reason": reason})

    def trial_of(self, job: Job) -> int | None:
        """The first trial of a search that the job is of."""
        return next((number for number, fact in self.trials.items() if job.number in fact["jobs"]), None)

    def write_trial(self, number: int, point: Mapping[str, float], jobs: Sequence[int]) -> None:
        self._write({"trial": number, "point": dict(point), "jobs": list(jobs)})

    def write_told(self, number: int, outcome: str, score: float | None, by_epoch: Sequence[float]) -> None:
        self._write({"told": number, "outcome": outcome, "score": score, "by_epoch": list(by_epoch)})

    def _write(self, fact: Mapping[str, Any]) -> None:
        self._count(fact)
        self.journal.write(**fact)

    def standing(self, job: Job) -> Standing:
        """By its run directory; where that does not say, by how its process ended."""
        run = self.run_of(job)
        if not run.path.is_dir():
            return "waiting"
        status = run.known.get("status")
        if status in DONE:
            return "finished"
        said: Standing | None = self._ends.get(job.number, {}).get("how")
        if said in ("failed", "interrupted", "pruned"):
            return said
        is_of_this_attempt = self._begun[job.number] <= 1  # else it may be what the attempt before it came to
        return "failed" if status == "failed" and is_of_this_attempt else "interrupted"

    def reason(self, job: Job) -> str:
        return str(self._ends.get(job.number, {}).get("reason") or self.run_of(job).known.get("reason", ""))


@contextmanager
def owned(path: Path) -> Iterator[None]:
    """As ``RunDirectory.owned``; jobs of a driver that was killed are waited for, but for those of a cluster.

    They end by themselves as soon as they have saved. Raises RunError with the pid where another driver owns the sweep;
    Interrupted, with the way on, after a signal that no job was there to save for.
    """
    with RunDirectory(path).owned():
        deadline = time.monotonic() + (0 if SavedSweep(path).head.get("cluster") else SAVING_S)
        while any(RunDirectory(lock.parent).is_in_use for lock in path.glob("*/.lock")) and time.monotonic() < deadline:
            time.sleep(0.1)
        try:
            yield
        except KeyboardInterrupt as signalled:
            if not (path / SWEEP).exists():
                raise
            raise Interrupted(f"interrupted; go on with: {again(path)}", signal.SIGINT) from signalled


def again(path: Path) -> str:
    """The command that goes on with a sweep."""
    return f"{program()} resume {shlex.quote(here(path))}"


def read_header(path: Path) -> Header:
    """Raises DataError where it is damaged, or of a later build."""
    content: Mapping[str, Any] = read_json(path / SWEEP)
    if content.get("format") != FORMAT:
        raise DataError(f"{here(path / SWEEP)}: format {content.get('format')}, this version reads format {FORMAT}")
    try:
        return Header(**{name: value for name, value in content.items() if name != "format"})
    except TypeError as fault:
        raise DataError(f"{here(path / SWEEP)}: damaged: {fault}") from fault
