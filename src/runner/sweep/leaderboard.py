"""The jobs of a sweep, best first. Imports no torch: a sweep's own process has no other use for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from runner.engine.best import is_higher_better
from runner.runs.directory import DONE
from runner.runs.ranking import order, place
from runner.screen.table import ranking
from runner.text import counted, figure, here


@dataclass(frozen=True)
class Job:
    """One run of a sweep, as its folder tells it."""

    number: int
    overrides: Mapping[str, str]  # setting -> value, as given: {"optimizer.lr": "0.1", "model": "mlp"}
    folder: Path
    status: str  # finished, stopped_early, interrupted or failed
    reason: str  # one line, empty where nothing went wrong
    metrics: Mapping[str, float]  # of its best epoch
    higher_is_better: Mapping[str, bool]  # by the name of a metric without the split


def sweep_table(jobs: Sequence[Job], monitor: str) -> RenderableType:
    """Every job: those that are done in the order of ``monitor``, then the others with the reason and the folder."""
    said = [is_higher_better(monitor, job.higher_is_better) for job in jobs]
    higher = next((value for value in said if value is not None), None)
    done, others = ranked(jobs, monitor, higher)
    settings = differing(jobs)
    parts: list[RenderableType] = [Text(_head(done, others, order(monitor, higher)), style="bold")]
    parts += [Text(f"in {here(folder)}", style="dim") for folder in dict.fromkeys(job.folder.parent for job in jobs)]
    if done:
        parts.append(_done_table(done, settings, monitor))
    parts += [_failure_text(job, settings) for job in others]
    return Group(*parts)


def ranked(jobs: Sequence[Job], monitor: str, higher_is_better: bool | None) -> tuple[list[Job], list[Job]]:
    """The done jobs, best first (equal ones by number, no number last), and the others by number."""
    by_number = sorted(jobs, key=lambda job: job.number)
    done = sorted(
        (job for job in by_number if job.status in DONE),
        key=lambda job: place(job.metrics.get(monitor), higher_is_better),
    )
    return done, [job for job in by_number if job.status not in DONE]


def differing(jobs: Sequence[Job]) -> list[str]:
    """The settings that are not the same in all jobs, in the order they were given."""
    names = dict.fromkeys(name for job in jobs for name in job.overrides)
    return [name for name in names if len({job.overrides.get(name) for job in jobs}) > 1]


def _done_table(done: Sequence[Job], settings: Sequence[str], monitor: str) -> Table:
    metrics = _metrics(done, monitor)
    lines = [
        [
            str(job.number),
            *(job.overrides.get(setting, "") for setting in settings),
            *(figure(job.metrics[metric]) if metric in job.metrics else "-" for metric in metrics),
            job.folder.name,
        ]
        for job in done
    ]
    return ranking(["job", *settings, *metrics, "folder"], lines, numbers=["job", *metrics])


def _metrics(done: Sequence[Job], monitor: str) -> list[str]:
    """What jobs are compared by: the monitor, then whatever else was measured on rows not trained on."""
    names = dict.fromkeys(name for job in done for name in job.metrics)
    return [monitor, *(name for name in names if name != monitor and name.startswith(("val/", "test/")))]


def _head(done: Sequence[Job], others: Sequence[Job], in_order: str) -> str:
    failed = f", {len(others)} not finished" if others else ""
    return f"{counted(len(done) + len(others), 'job')}{failed}; {in_order}"


def _failure_text(job: Job, settings: Sequence[str]) -> Text:
    given = " ".join(f"{setting}={job.overrides[setting]}" for setting in settings if setting in job.overrides)
    what = f"{job.status}: {job.reason}" if job.reason else job.status
    return Text(f"job {job.number}  {given}\n  {what}\n  {job.folder}", style="red")
