"""What a sweep tried: jobs that differ in seed and fold alone are one candidate. Imports no torch."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, stdev

from runner.errors import DataError
from runner.runs.metric_log import epoch_rows
from runner.runs.ranking import differing, place
from runner.runs.saved_run import SavedRun
from runner.runs.saved_sweep import SavedSweep


@dataclass(frozen=True)
class Candidate:
    """Values of the settings that are swept, as typed, and what the jobs with them came to."""

    settings: Mapping[str, str]
    status: str  # finished, pruned or failed
    values: tuple[float, ...]  # the monitor at the best epoch of each job; () of a failed one
    runs: tuple[SavedRun, ...]  # of the jobs that have that status

    @property
    def mean(self) -> float:
        return fmean(self.values) if self.values else math.nan

    @property
    def sd(self) -> float:
        """The sample's; 0 of a single job."""
        return stdev(self.values) if len(self.values) > 1 else 0.0


@dataclass(frozen=True)
class Candidates:
    """Those of a sweep in the order in which they were begun."""

    monitor: str
    higher_is_better: bool | None  # None where the runs do not say
    settings: tuple[str, ...]  # in which they differ
    log_scaled: Mapping[str, bool]  # of the settings that a search drew from an interval: whether by their logarithm
    all: tuple[Candidate, ...]
    jobs: Counter[str]  # by status: finished, pruned, failed, interrupted, not started ...
    left_out: tuple[str, ...]  # a line for each job that cannot be read

    @cached_property
    def finished(self) -> list[Candidate]:
        """The best first."""
        found = [candidate for candidate in self.all if candidate.status == "finished"]
        return sorted(found, key=lambda candidate: place(candidate.mean, self.higher_is_better))


@dataclass(frozen=True)
class Tried:
    """How one of the jobs stands; ``value`` is its monitor at its best epoch, None where it has none."""

    run: SavedRun
    settings: Mapping[str, str]
    status: str
    value: float | None


def read_candidates(sweep: SavedSweep) -> Candidates:
    """Raises DataError where no job is finished."""
    jobs, left_out = read_jobs(sweep)
    done = next((job for job in jobs if job.status == "finished"), None)
    if done is None:
        raise sweep.nothing_done
    settings = differing([job.settings for job in jobs])
    return Candidates(
        monitor_of(sweep, done.run),
        done.run.is_higher_better(monitor_of(sweep, done.run)),
        tuple(settings),
        dict(log_scaled(sweep)),
        tuple(grouped(jobs, settings)),
        Counter(job.status for job in jobs),
        tuple(left_out),
    )


def monitor_of(sweep: SavedSweep, run: SavedRun) -> str:
    return str(sweep.head.get("monitor") or run.monitor)


def read_jobs(sweep: SavedSweep) -> tuple[list[Tried], list[str]]:
    """(those that can be read, a line for each that cannot)."""
    jobs, left_out = [], []
    for run in sweep.jobs:
        try:
            jobs.append(read_job(sweep, run))
        except DataError as fault:
            left_out.append(f"{run.path.name}: {str(fault).partition(chr(10))[0]}")
    return jobs, left_out


def read_job(sweep: SavedSweep, run: SavedRun) -> Tried:
    """Raises DataError where its files are damaged or gone."""
    if not run.path.is_dir() and sweep.ended(run).get("how") == "finished":
        raise DataError("its folder is gone")
    status = "finished" if run.is_done else sweep.standing(run)
    settings = sweep.typed(run) or dict(run.settings)
    value = best_value(run, monitor_of(sweep, run)) if status in ("finished", "pruned") else None
    return Tried(run, settings, "failed" if status == "finished" and value is None else status, value)


def best_value(run: SavedRun, monitor: str) -> float | None:
    """That of the best epoch, of a pruned run of the epochs that it had; None where it is not finite."""
    values = [run.metrics[monitor]] if monitor in run.metrics else []
    if not values and run.status == "pruned" and run.directory.metrics.exists():
        values = [row[monitor] for row in epoch_rows(run.directory.metrics) if row.get(monitor) is not None]
    finite = filter(math.isfinite, values)
    return min(finite, key=lambda value: place(value, run.is_higher_better(monitor)), default=None)


def mean_curve(candidate: Candidate, monitor: str) -> list[tuple[int, float]]:
    """(epoch, mean of the monitor over the jobs) of the epochs that all of them have measured.

    Raises DataError where a line of their files is damaged.
    """
    there = [run.directory.metrics for run in candidate.runs if run.directory.metrics.exists()]
    of_runs = [
        {row["epoch"]: row[monitor] for row in epoch_rows(path) if row.get(monitor) is not None} for path in there
    ]
    common = [epoch for epoch in of_runs[0] if all(epoch in of_run for of_run in of_runs)] if of_runs else []
    means = ((epoch, fmean(of_run[epoch] for of_run in of_runs)) for epoch in common)
    return [(epoch, mean) for epoch, mean in means if math.isfinite(mean)]


def log_scaled(sweep: SavedSweep) -> Iterator[tuple[str, bool]]:
    """Each interval that a search drew from, and whether by its logarithm."""
    search = sweep.head.get("search")
    space = search.get("space") if isinstance(search, dict) else None
    for name, told in space.items() if isinstance(space, dict) else ():
        if isinstance(told, dict) and isinstance(is_log := told.get("log"), bool):
            yield name, is_log


def grouped(jobs: list[Tried], settings: list[str]) -> Iterator[Candidate]:
    """The candidates of which something is known; a finished job of one says more than its others."""
    groups: dict[tuple[tuple[str, str], ...], list[Tried]] = defaultdict(list)
    for job in jobs:
        groups[tuple((name, job.settings[name]) for name in settings if name in job.settings)].append(job)
    for told, group in groups.items():
        for status in ("finished", "pruned", "failed"):
            if alike := [job for job in group if job.status == status]:
                values = tuple(job.value for job in alike if job.value is not None)
                yield Candidate(dict(told), status, values, tuple(job.run for job in alike))
                break
