"""The jobs of a sweep run to their ends: each fact written down and shown, and what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from runner.config.sweeping import Sweeping
from runner.engine.stop import Interruption, interruption
from runner.errors import RunError
from runner.runs.ranking import place
from runner.runs.saved_run import SavedRun
from runner.runs.summary import versions
from runner.screen.sweep import EndedJob, SweepConsole, SweepPlan, SweepState, shared_and_own
from runner.sweep.driver import BackEnd, Begun, Driver, Event, Limits, Over, Running
from runner.sweep.ending import conclude
from runner.sweep.folder import SweepFolder
from runner.sweep.job import torch_of
from runner.sweep.plan import Job
from runner.sweep.progress import JobProgress, seconds_left
from runner.sweep.search_plan import introduced
from runner.sweep.trial import Needs
from runner.sweep.trials import Trials


class Urgency(Interruption):
    """The first signal lets the jobs save, the second ends them at once."""

    is_urgent = False

    def handle(self, number: int, frame: Any) -> None:
        self.is_urgent = self.number is not None
        self.number = self.number or number


@dataclass
class SweepRun:
    """The jobs of one command."""

    folder: SweepFolder
    back_end: BackEnd
    before: Callable[[Job], None]  # called when a job is about to begin
    sweeping: Sweeping
    at_a_time: int
    needs: Needs
    retries_failed: bool = False
    search: Trials | None = None  # where the jobs are not known from the start
    screen: SweepConsole = field(default_factory=SweepConsole)
    progress: dict[int, JobProgress] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)  # that the jobs took which have ended here
    ends: dict[int, str] = field(default_factory=dict)  # how each job has ended
    notes: set[str] = field(default_factory=set)
    num_todo: int = 0  # jobs, those of this command that have begun among them
    apart: dict[int, dict[str, str]] = field(default_factory=dict)  # what tells each job from the others
    trouble: str = ""  # why no other job is begun
    stop: Urgency = field(default_factory=Urgency)

    def run(self, jobs: Sequence[Job]) -> int:
        """The exit code; ``jobs`` are those that were asked for, of a search all that are known by now.

        Raises Interrupted after a signal, RunError where the disk is full.
        """
        redone = ("waiting", "interrupted", *(["failed"] if self.retries_failed else []))
        standings = {job.number: self.folder.standing(job) for job in jobs}
        self.ends = {number: how for number, how in standings.items() if how not in redone}
        todo = [job for job in jobs if standings[job.number] in redone]
        self.num_todo = len(todo) + (self.search.num_to_come if self.search is not None else 0)
        limits = Limits(self.at_a_time, self.sweeping.job_timeout_s, self.sweeping.retries)
        with interruption(self.stop), closing(self.folder.journal):
            self.begin()
            driver = Driver(
                self.folder.path, self.back_end, limits, lambda: self.stop.number or 0, lambda: self.stop.is_urgent
            )
            try:
                queue = iter(todo) if self.search is None else self.search.jobs(redone)
                with closing(driver.run(queue)) as events:
                    for event in events:
                        self.follow(event)
            except RunError as refusal:  # of the disk, to a folder or the journal
                self.trouble = str(refusal)
            finally:
                self.screen.close()
            if not driver.left:
                self.thin_out()
        ends = self.stop.number, self.trouble, self.back_end.farewell(driver.left)
        if self.search is None:
            return conclude(self.folder, jobs, *ends)
        return conclude(self.folder, self.folder.jobs, *ends, self.search.num_to_come)

    def begin(self) -> None:
        header, search = self.folder.header, list[tuple[str, list[str]]]()
        settings = {job.number: job.settings for job in self.folder.jobs}
        common, self.apart = shared_and_own(settings)
        if self.search is not None:
            self.search.note, plan = self.screen.note, self.search.plan
            common, search = plan.common(), introduced(plan)
            self.apart = {number: plan.own(words) for number, words in settings.items()}
        num_to_come = self.search.num_to_come if self.search is not None else 0
        more = " more" if self.num_todo < len(settings) + num_to_come else ""
        size = f"about {megabytes(self.needs.disk * self.num_todo)}{more}" if self.needs.disk and self.num_todo else ""
        how = header.monitor, self.folder.path, header.threads, self.at_a_time
        self.screen.begin(SweepPlan(self.apart, common, *how, size, search, num_to_come))
        if not self.num_todo:
            told = ", ".join(f"{count} {how}" for how, count in Counter(self.ends.values()).items())
            self.screen.note(f"nothing is left to do: {told}")

    def follow(self, event: Event) -> None:
        """Write down what happened, and show it."""
        match event:
            case Begun(job, is_found):
                self.ends.pop(job.number, None)
                if self.search is not None:
                    self.apart[job.number] = self.search.plan.own(job.settings)
                if not is_found:
                    self.before(job)
                    self.folder.write_begin(job)
                self.progress[job.number] = JobProgress(job.number, self.folder.run_of(job).directory)
                self.screen.begun(self.progress[job.number].state)
            case Over():
                self.trouble = event.reason if event.stops_the_sweep else self.trouble
                self.show_end(event)
                self.folder.write_end(event.job, event.how, event.reason)
            case Running(jobs):
                num_waiting = self.num_todo - len(self.progress)
                ends = Counter(self.ends.values())
                running = [self.progress[job.number].after(seconds) for job, seconds in jobs]
                left = seconds_left(running, num_waiting, self.seconds, self.at_a_time)
                counts = {how: ends[how] for how in ("finished", "failed", "interrupted", "pruned")}
                self.screen.show(SweepState(running, num_waiting, seconds_left=left, **counts))

    def show_end(self, over: Over) -> None:
        self.seconds.append(over.seconds)
        self.ends[over.job.number] = over.how
        run = self.folder.run_of(over.job)
        monitor = run.known.get("best", {}).get(self.folder.header.monitor)
        self.screen.ended(EndedJob(over.job.number, over.how, over.seconds, run.path, monitor, over.reason))
        for note in [*notes_of(run), *other_torch(run)]:
            if note not in self.notes:
                self.notes.add(note)
                self.screen.note(note)

    def thin_out(self) -> None:
        """Take away the checkpoints of all but the best jobs, where that was asked for."""
        kept = self.folder.header.keep if self.sweeping.keep == "all" else self.sweeping.keep
        most = int(kept.partition(":")[2] or len(self.folder.jobs))
        done = [run for job in self.folder.jobs if (run := self.folder.run_of(job)).known.get("best")]
        monitor = self.folder.header.monitor
        done.sort(key=lambda run: place(run.known["best"].get(monitor), run.is_higher_better(monitor)))
        done.sort(key=lambda run: run.is_done, reverse=True)  # those that a search has pruned come last
        for run in done[most:]:
            for file in run.directory.checkpoints.glob("*.pt"):
                file.unlink()


def notes_of(run: SavedRun) -> list[str]:
    """How the job's data was read, where a user should know of it."""
    first_fold = SavedRun(run.directory.fold(0))  # above folds there is no data
    return [note for each in (run, first_fold) for note in each.known.get("data", {}).get("notes", [])]


def other_torch(run: SavedRun) -> Iterator[str]:
    """A node of a cluster may have another torch than the machine that a sweep is started on."""
    there, here = torch_of(run), versions()["torch"]
    if there not in (None, here):
        yield f"a job ran with torch {there}, and here is {here}: its bits may be others"


def megabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"
