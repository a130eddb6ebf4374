"""The trials of ``search=halving``: all to the first rung, the better ones from where they are held to the next."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from runner.search.halving import Rung
from runner.sweep.plan import Job
from runner.sweep.trials import Trials


@dataclass
class Halving(Trials):
    """Every run is planned for its whole length; a rung is an epoch at whose end it is held until it may go on."""

    def jobs(self, redone: Collection[str]) -> Iterator[Job | None]:
        """As those of ``Trials``; None while the jobs of a rung still run."""
        going_on: Sequence[int] = range(self.plan.searching.trials)
        for rung in self.plan.rungs:
            yield from self.up_to(rung, going_on, redone)
            going_on = [number for number in going_on if number < len(self.trials)]  # max_seconds may have ended it
            while not all(self.has_reached(rung, job) for number in going_on for job in self.jobs_of(number)):
                yield None
            going_on = self.best(rung, going_on)

    def up_to(self, rung: Rung, going_on: Sequence[int], redone: Collection[str]) -> Iterator[Job]:
        stops = {rung.epoch: None} if rung != self.plan.rungs[-1] else {}
        for number in going_on:
            if number == len(self.trials):
                if self.must_end():
                    return
                self.propose(number)
            for job in self.jobs_of(number):
                is_again = self.folder.standing(job) == "failed" and "failed" in redone
                if is_again or not self.has_reached(rung, job):
                    yield replace(job, stops=stops)

    def has_reached(self, rung: Rung, job: Job) -> bool:
        """Whether the job has come to that epoch, or to an end of its own."""
        standing = self.folder.standing(job)
        if standing == "pruned":
            return int(self.folder.run_of(job).known.get("final", {}).get("epoch", 0)) >= rung.epoch
        return standing in ("finished", "failed")

    def best(self, rung: Rung, going_on: Sequence[int]) -> list[int]:
        """The trials that go on to the rung after this one, in their order; one that failed does not."""
        ladder = self.plan.rungs
        num_trials = ladder[min(ladder.index(rung) + 1, len(ladder) - 1)].num_trials
        scores = {number: score for number in going_on if (score := self.score_at(rung, number)) is not None}
        return sorted(sorted(scores, key=scores.__getitem__)[:num_trials])

    def score_at(self, rung: Rung, number: int) -> float | None:
        """The mean over its seeds and folds of the best score up to that epoch, whatever came after it."""
        jobs = self.jobs_of(number)
        by_epoch = [self.by_epoch(job) for job in jobs if self.folder.run_of(job).directory.metrics.exists()]
        has_all = jobs and len(by_epoch) == len(jobs)
        is_sound = [
            len(each) >= rung.epoch or self.folder.standing(job) == "finished"
            for each, job in zip(by_epoch, jobs, strict=False)
        ]
        if not has_all or not all(is_sound):
            return None
        mean = fmean(each[: rung.epoch][-1] for each in by_epoch)
        return mean if math.isfinite(mean) else None
