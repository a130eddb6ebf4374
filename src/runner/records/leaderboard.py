"""The jobs of a sweep, best first. Imports no torch: a sweep's own process has no other use for it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from runner.monitor import direction
from runner.records.numerals import counted, figure
from runner.records.run_directory import DONE


@dataclass(frozen=True)
class Job:
    """One run of a sweep, as its folder tells it."""

    number: int
    overrides: Mapping[str, str]  # setting -> value, as given: {"optimizer.lr": "0.1", "model": "mlp"}
    folder: Path
    status: str  # finished, stopped_early, interrupted or failed
    reason: str  # one line, empty where nothing went wrong
    metrics: Mapping[str, float]  # of its best epoch


def sweep_table(jobs: Sequence[Job], monitor: str) -> RenderableType:
    """Every job: those that are done in the order of ``monitor``, then the others with the reason and the folder."""
    done, others = ranked(jobs, monitor)
    settings = differing(jobs)
    parts: list[RenderableType] = [Text(_head(done, others, monitor), style="bold")]
    parts += [Text(f"in {folder}", style="dim") for folder in dict.fromkeys(job.folder.parent for job in jobs)]
    if done:
        parts.append(_done_table(done, settings, monitor))
    parts += [_failure_text(job, settings) for job in others]
    return Group(*parts)


def ranked(jobs: Sequence[Job], monitor: str) -> tuple[list[Job], list[Job]]:
    """The done jobs, best first (equal ones by number, no number last), and the others by number."""
    sign = 1 if direction(monitor) == "min" else -1
    by_number = sorted(jobs, key=lambda job: job.number)

    def place(job: Job) -> float:
        value = job.metrics.get(monitor, math.nan)
        return math.inf if math.isnan(value) else sign * value

    done = sorted((job for job in by_number if job.status in DONE), key=place)
    return done, [job for job in by_number if job.status not in DONE]


def differing(jobs: Sequence[Job]) -> list[str]:
    """The settings that are not the same in all jobs, in the order they were given."""
    names = dict.fromkeys(name for job in jobs for name in job.overrides)
    return [name for name in names if len({job.overrides.get(name) for job in jobs}) > 1]


def _done_table(done: Sequence[Job], settings: Sequence[str], monitor: str) -> Table:
    metrics = _metrics(done, monitor)
    table = Table(box=None, padding=(0, 3, 0, 0), pad_edge=False, header_style="dim")
    table.add_column(Text("job"), justify="right")
    for setting in settings:
        table.add_column(Text(setting), overflow="fold")
    for metric in metrics:
        table.add_column(Text(metric), justify="right", no_wrap=True)
    table.add_column(Text("folder"), overflow="fold")
    for place, job in enumerate(done):
        values = [Text(job.overrides.get(setting, "")) for setting in settings]
        scores = [figure(job.metrics[metric]) if metric in job.metrics else "-" for metric in metrics]
        table.add_row(str(job.number), *values, *scores, Text(job.folder.name), style="" if place else "bold green")
    return table


def _metrics(done: Sequence[Job], monitor: str) -> list[str]:
    """What jobs are compared by: the monitor, then whatever else was measured on rows not trained on."""
    names = dict.fromkeys(name for job in done for name in job.metrics)
    return [monitor, *(name for name in names if name != monitor and name.startswith(("val/", "test/")))]


def _head(done: Sequence[Job], others: Sequence[Job], monitor: str) -> str:
    best = "smallest" if direction(monitor) == "min" else "largest"
    failed = f", {len(others)} not finished" if others else ""
    return f"{counted(len(done) + len(others), 'job')}{failed}; {best} {monitor} first"


def _failure_text(job: Job, settings: Sequence[str]) -> Text:
    given = " ".join(f"{setting}={job.overrides[setting]}" for setting in settings if setting in job.overrides)
    what = f"{job.status}: {job.reason}" if job.reason else job.status
    return Text(f"job {job.number}  {given}\n  {what}\n  {job.folder}", style="red")
