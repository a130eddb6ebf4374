"""The trials of a search, one after the other: each comes from its number and the journal, so that no kill matters."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from statistics import fmean

from runner.errors import ConfigError, DataError
from runner.runs.metric_log import epoch_rows
from runner.runs.ranking import place
from runner.search.pruning import limits
from runner.search.sampler import sampler
from runner.search.space import Point
from runner.search.trial import Trial, seen
from runner.sweep.folder import SweepFolder
from runner.sweep.line import GridJob
from runner.sweep.plan import Job, folder_name
from runner.sweep.search_plan import SearchPlan

ENDED = ("finished", "failed", "pruned")  # how a job stands of which a trial can be told


@dataclass
class Trials:
    """Iterating ``jobs`` proposes the trials one after the other, each when those that it rests on have ended."""

    plan: SearchPlan
    folder: SweepFolder
    make: Callable[[GridJob], Job]  # without a number and a folder; raises ConfigError or DataError
    note: Callable[[str], None] = lambda text: None  # says what a user should know
    clock: Callable[[], float] = time.monotonic
    is_over_time: bool = False
    begun: float = field(init=False)

    def __post_init__(self) -> None:
        self.begun = self.clock()
        self.sampler = sampler(self.plan.searching, self.plan.space)
        self.trials = [self.trial(number) for number in sorted(self.folder.trials)]

    def trial(self, number: int) -> Trial:
        """As the journal has it."""
        told = self.folder.told.get(number, {"outcome": "running", "score": None, "by_epoch": []})
        point = self.folder.trials[number]["point"]
        return Trial(number, point, told["outcome"], told["score"], tuple(told["by_epoch"]))

    @property
    def num_to_come(self) -> int:
        """Jobs of the trials that are still to be proposed."""
        left = 0 if self.is_over_time else self.plan.searching.trials - len(self.trials)
        return left * len(self.plan.repeats)

    def jobs(self, redone: Collection[str]) -> Iterator[Job | None]:
        """Those to be run, in the order of their trials; None while the next trial rests on one that still runs.

        ``redone`` are the standings of jobs that are to be run.
        """
        for number in range(self.plan.searching.trials):
            if number == len(self.trials):
                while not self.is_known(number):
                    yield None
                if self.must_end():
                    return
                self.propose(number)
            for job in self.jobs_of(number):
                if self.folder.standing(job) in redone:
                    yield replace(job, stops=self.stops(number))

    def stops(self, number: int) -> Mapping[int, float]:
        """Where the trial is pruned: a value of the monitor that it must have reached, by epoch."""
        pruning, window, epochs = self.plan.searching.pruning, self.plan.searching.window, self.plan.epochs
        if pruning is None or window is None or epochs is None:
            return {}
        found = limits(pruning, number, seen(self.trials, number, window), epochs)
        return {epoch: self.value(score) for epoch, score in found.items()}

    def jobs_of(self, number: int) -> list[Job]:
        return [self.folder.jobs[own - 1] for own in self.folder.trials[number]["jobs"]]  # numbered from 1 on

    def must_end(self) -> bool:
        most = self.plan.searching.max_seconds
        self.is_over_time = most is not None and self.clock() - self.begun >= most
        return self.is_over_time

    def is_known(self, number: int) -> bool:
        """Whether what trial ``number`` is chosen by is known; what has come to be known is written down."""
        window = self.plan.searching.window
        if window is None:
            return True
        for earlier in range(len(self.folder.told), number):
            if not self.tell(earlier):
                break
        return len(self.folder.told) > number - window

    def tell(self, number: int) -> bool:
        """Writes what came of the trial, once all its jobs have ended; whether they have."""
        jobs = self.jobs_of(number)
        standings = [self.folder.standing(job) for job in jobs]
        if not all(standing in ENDED for standing in standings):
            return False
        scores = [self.score(job) for job in jobs]
        mean = fmean(scores) if scores and "failed" not in standings else math.nan
        outcome = "failed" if not math.isfinite(mean) else "pruned" if "pruned" in standings else "finished"
        by_epoch = self.by_epoch(jobs[0]) if self.plan.searching.pruning and outcome != "failed" else []
        self.folder.write_told(number, outcome, None if outcome == "failed" else mean, by_epoch)
        self.trials[number] = self.trial(number)
        return True

    def score(self, job: Job) -> float:
        """The monitor at its best epoch, the smaller the better."""
        run, monitor = self.folder.run_of(job), self.folder.header.monitor
        return place(run.known.get("best", {}).get(monitor), run.is_higher_better(monitor))

    def value(self, score: float) -> float:
        """The monitor with that score."""
        monitor = self.folder.header.monitor
        said = (self.folder.run_of(job).is_higher_better(monitor) for job in self.folder.jobs)
        return score if next((higher for higher in said if higher is not None), None) is False else -score

    def by_epoch(self, job: Job) -> list[float]:
        """The best score so far at the end of each epoch."""
        run, monitor = self.folder.run_of(job), self.folder.header.monitor
        values = (row.get(monitor) for row in epoch_rows(run.directory.metrics))
        return list(accumulate((place(value, run.is_higher_better(monitor)) for value in values), min))

    def propose(self, number: int) -> None:
        """Writes down where the trial lies, and those of its jobs that no trial before it has.

        A trial that cannot be begun has no jobs: it has failed.
        """
        point, jobs = self.sampler(number, self.trials), list[Job]()
        try:
            made = [self.made(point, repeat) for repeat in self.plan.repeats]
        except (ConfigError, DataError) as fault:
            made = []
            self.note(f"trial {number} cannot be begun: {fault}")
        for job, texts in made:
            jobs.append(self.added(job, texts))
        self.folder.write_trial(number, point, [job.number for job in jobs])
        self.trials.append(self.trial(number))

    def made(self, point: Point, repeat: Mapping[str, str]) -> tuple[Job, Mapping[str, str]]:
        asked = self.plan.job(point, repeat)
        return self.make(asked), asked.swept

    def added(self, job: Job, texts: Mapping[str, str]) -> Job:
        """The job with a number and a folder, or that of an earlier trial which is the same."""
        if there := next((known for known in self.folder.jobs if known.identity == job.identity), None):
            return there
        number = len(self.folder.jobs) + 1
        new = replace(job, number=number, folder=folder_name(number, texts))
        self.folder.add([new])
        return new
