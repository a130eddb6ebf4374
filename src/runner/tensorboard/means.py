"""Beside the jobs of a sweep, for TensorBoard: the curves of each setting as the mean over its seeds and folds.

Runs of three names, ``mean/cnn-lr=0.01``, ``mean-sd/cnn-lr=0.01`` and ``mean+sd/cnn-lr=0.01``: ``mean/`` in the field
above the runs leaves one curve for each setting, ``mean`` those of a standard deviation below and above it, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean

from runner.errors import DataError
from runner.runs.metric_log import epoch_rows
from runner.runs.ranking import Score, entries, read_runs, score
from runner.runs.saved_run import SavedRun
from runner.runs.saved_sweep import SavedSweep
from runner.tensorboard.names import best_scores, judges
from runner.tensorboard.writer import TensorBoard

LINES = {"mean": 0, "mean-sd": -1, "mean+sd": 1}  # the name of a run, and how many deviations it is off the mean
# of a job's folder: what a setting is not called by
NUMBER_OR_REPEAT = re.compile(r"^\d+(?=-|$)|(?:^|-)(?:seed|fold)=[^-]*")
Point = tuple[int, dict[str, Score]]  # step, by metric the mean and the deviation


def write_means(sweep: SavedSweep, warn: Callable[[str], None]) -> None:
    """Write them anew from the jobs that are done; nothing where no setting has more than one of them."""
    runs = [run for run in read_runs(job.path for job in sweep.jobs)[0] if run.is_done and has_curves(run)]
    settings = [entry.runs for entry in entries(runs, "", None)]
    if not any(len(repeats) > 1 for repeats in settings):
        return
    try:
        for name, repeats in named(settings).items():
            points = list(mean_curves(repeats))
            points += [(points[-1][0] + 1, mean_scores(repeats))] if points else []  # where each run has its own
            for line, deviations in LINES.items():
                if len(repeats) > 1 or not deviations:
                    write_line(sweep.path / line / name, points, deviations, warn)
    except (OSError, DataError) as fault:
        warn(f"{sweep.path}: TensorBoard goes without the means: {fault}")


def has_curves(run: SavedRun) -> bool:
    return run.plain_config.get("tensorboard") != "off"


def named(settings: Sequence[Sequence[SavedRun]]) -> dict[str, Sequence[SavedRun]]:
    """Each setting by what its jobs' folders have in common: cnn-lr=0.01."""
    found: dict[str, Sequence[SavedRun]] = {}
    for repeats in settings:
        folder = repeats[0].directory.whole.path.name
        name = NUMBER_OR_REPEAT.sub("", folder).strip("-") or "all"
        found[folder if name in found else name] = repeats  # of names that were cut, two may be the same
    return found


def mean_curves(runs: Sequence[SavedRun]) -> Iterator[Point]:
    """At each epoch that all of them reached, what all of them measured."""
    tables = [{int(row["epoch"]): row for row in epoch_rows(run.directory.metrics)} for run in runs]
    for epoch, first in tables[0].items():
        rows = [table[epoch] for table in tables if epoch in table]
        names = [name for name in first if judges(name) and all(row.get(name) is not None for row in rows)]
        if len(rows) == len(tables):
            yield (
                round(fmean(row["step"] for row in rows)),
                {name: score([row[name] for row in rows]) for name in names},
            )


def mean_scores(runs: Sequence[SavedRun]) -> dict[str, Score]:
    """Those of the best checkpoints."""
    best = [best_scores(run.metrics, run.monitor) for run in runs]
    names = [name for name in best[0] if all(name in scores for scores in best)]
    return {name: score([scores[name] for scores in best]) for name in names}


def write_line(folder: Path, points: Sequence[Point], deviations: int, warn: Callable[[str], None]) -> None:
    """In place of what an earlier end of the sweep wrote; that file stays, for a TensorBoard may be reading it."""
    folder.mkdir(parents=True, exist_ok=True)
    is_written = any(folder.glob("events.out.tfevents.*"))
    board = TensorBoard(folder, warn, purge_step=0 if is_written else None)
    for step, values in points:
        board.write(step, {name: value.mean + deviations * (value.sd or 0) for name, value in values.items()})
    board.close()
