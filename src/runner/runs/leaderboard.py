"""What a sweep comes to, in files: leaderboard.csv and .md, and summary.json. Imports no torch.

leaderboard.* are a function of the jobs alone, whenever, wherever and in whatever order these were run: no clock,
seconds, pid or full path is in them, so that equal sweeps have equal ones to the byte.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runner.runs.conclusion import conclude
from runner.runs.directory import RunDirectory
from runner.runs.files import csv_cells, write_json, write_whole
from runner.runs.origin import as_shown
from runner.runs.ranking import Contest, Entry, contests, differing, order
from runner.runs.saved_run import DONE, FORMATS, SavedRun
from runner.text import counted, here, visible

CSV, MARKDOWN = "leaderboard.csv", "leaderboard.md"


@dataclass(frozen=True)
class JobResult:
    """How a job of a sweep stands; ``run`` is None where nothing of it can be read."""

    number: int
    folder: str  # its name, inside the sweep's
    settings: Mapping[str, str]  # as typed: {"optimizer.lr": "0.1"}
    status: str
    run: SavedRun | None  # as ``read_run`` reads it
    reason: str = ""
    trial: int | None = None  # of a search: jobs of one trial differ in seed and fold alone

    @property
    def is_done(self) -> bool:
        return self.run is not None and self.status in DONE

    @property
    def metrics(self) -> dict[str, float]:
        """Of its best checkpoint; {} of a job that may come to others."""
        found = self.run.metrics if self.run is not None and (self.is_done or self.status == "pruned") else {}
        return {name: int(value) if name in ("step", "epoch") else value for name, value in found.items()}


def write_leaderboard(folder: Path, jobs: Iterable[JobResult], status: str, head: Mapping[str, Any]) -> None:
    """Write the three files of the sweep in ``folder``, each whole; ``head`` is its name, started, monitor.

    ``status`` is running, finished, interrupted or failed. Raises RunError where the disk refuses.
    """
    in_order = sorted(jobs, key=lambda job: job.number)
    found = contests(job.run for job in in_order if job.run is not None and job.is_done)
    write_whole(folder / CSV, csv_text(in_order).encode(), last=False)
    write_whole(folder / MARKDOWN, markdown(in_order, found).encode(), last=False)
    write_json(RunDirectory(folder).summary, summary(in_order, found, status, head))


def csv_text(jobs: Sequence[JobResult]) -> str:
    """A line for each job."""
    settings = differing([job.settings for job in jobs], besides=())
    metrics = list(dict.fromkeys(name for job in jobs for name in job.metrics))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(csv_cells(map(visible, ["job", "folder", *settings, "status", *metrics])))
    for job in jobs:
        words = [job.folder, *(job.settings.get(name, "") for name in settings), job.status]
        values = [job.metrics.get(name, "") for name in metrics]
        table.writerow([job.number, *csv_cells(map(visible, words)), *values])
    return text.getvalue()


def markdown(jobs: Sequence[JobResult], found: Sequence[Contest]) -> str:
    """The tables, what can be said of them, and the jobs that are not done."""
    others = [f"- job {job.number}, `{job.folder}`: {job.status}\n" for job in jobs if not job.is_done]
    not_done = f"## {counted(len(others), 'job')} not finished\n\n{''.join(others)}"
    return "\n".join([*map(_section, found), *([not_done] if others else [])])


def _section(contest: Contest) -> str:
    columns = table_of(contest, contest.entries)
    rules = ["---:" if name in contest.metrics else "---" for name in columns]
    said = conclude(contest)
    option, _, path = contest.dataset.partition(" ")
    named = replace(contest, dataset=f"{option} {Path(path).name}".rstrip())  # a file as well in another folder
    lines = map(_line, [list(columns), rules, *zip(*columns.values(), strict=True)])
    return "\n".join([f"## {heading(named)}\n", *lines, *(f"\n{told}" for told in said.sentences), ""])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(visible(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def heading(contest: Contest) -> str:
    """iris: 9 runs; smallest val/loss first."""
    num_runs = sum(len(entry.runs) for entry in contest.entries)
    option, _, path = contest.dataset.partition(" ")
    dataset = f"{option} {here(Path(path))}" if path else option
    return f"{dataset}: {counted(num_runs, 'run')}; {order(contest.metric, contest.higher_is_better)}"


def table_of(contest: Contest, shown: Sequence[Entry]) -> dict[str, list[str]]:
    """Head -> cells: settings that differ, how many runs, the metrics, the best run of each."""
    columns = {name: [as_shown(name, entry.settings.get(name, "")) for entry in shown] for name in contest.settings}
    if is_repeated := any(entry.repeats for entry in shown):
        columns["runs"] = [entry.repeats or "1" for entry in shown]
    columns |= {name: [str(entry.scores.get(name, "-")) for entry in shown] for name in contest.metrics}
    columns["best run" if is_repeated else "run"] = [run_name(contest.best_run(entry).path) for entry in shown]
    return columns


def run_name(path: Path) -> str:
    """The name of its directory, of a fold with that above it."""
    return f"{path.parent.name}/{path.name}" if path.name.startswith("fold-") else path.name


def summary(
    jobs: Sequence[JobResult], found: Sequence[Contest], status: str, head: Mapping[str, Any]
) -> dict[str, Any]:
    """summary.json: every job and every group; the winner where all can be compared."""
    swept = differing([job.settings for job in jobs], besides=())
    settings = differing([entry.settings for contest in found for entry in contest.entries])
    winner = found[0].best_run(found[0].entries[0]).directory.whole.path.name if len(found) == 1 else None
    return {
        "format": FORMATS[-1],
        "kind": "sweep",
        "status": status,
        **{name: head.get(name) for name in ("name", "started", "monitor")},
        "jobs": [_job_record(job, swept) for job in jobs],
        "groups": [_group_record(entry, settings) for contest in found for entry in contest.entries],
        "winner": winner,
        "conclusion": "\n".join(_conclusions(found)),
    }


def _job_record(job: JobResult, swept: Sequence[str]) -> dict[str, Any]:
    told = {"job": job.number, "folder": job.folder, "status": job.status}
    told |= {} if job.trial is None else {"trial": job.trial}
    told |= {"reason": job.reason} if job.reason else {}
    settings = {name: job.settings[name] for name in swept if name in job.settings}
    return {**told, "settings": settings, "metrics": _as_json(job.metrics)}


def _group_record(entry: Entry, settings: Sequence[str]) -> dict[str, Any]:
    return {
        "settings": {name: entry.settings[name] for name in settings if name in entry.settings},
        "runs": len(entry.runs),
        "mean": _as_json({name: score.mean for name, score in entry.scores.items()}),
        "sd": {name: score.sd for name, score in entry.scores.items() if score.sd is not None},
    }


def _as_json(metrics: Mapping[str, float]) -> dict[str, float | None]:
    """JSON knows no NaN."""
    return {name: value if math.isfinite(value) else None for name, value in metrics.items()}


def _conclusions(found: Sequence[Contest]) -> Iterator[str]:
    for contest in found:
        told = " ".join(conclude(contest).sentences)
        if told:
            yield told if len(found) == 1 else f"{contest.dataset}: {told}"
