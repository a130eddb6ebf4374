"""A stored run gone on with, exactly where it was saved; or each of its folds."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from runner.config.run_config import Config
from runner.contracts import Data, Stops
from runner.engine.best import is_spent
from runner.engine.state import misfits, progress_of
from runner.errors import DataError
from runner.experiment.assemble import ReadOnce, plan_of
from runner.experiment.devices import with_devices_checked, with_launched
from runner.experiment.precision import check_precision
from runner.experiment.rebuild import assembled, rebuild
from runner.runs.checkpoint import Checkpoints
from runner.runs.metric_log import blank_damaged_rows, check_rows, last_row
from runner.runs.saved_run import SavedRun
from runner.runs.summary import is_done
from runner.text import counted, here
from runner.training.folds import record_folds
from runner.training.record import NO_STOPS, Start, record


def is_trained(stored: SavedRun, warn: Callable[[str], None] = lambda text: None) -> bool:
    """Whether the checkpoint, or that of each fold, has come to the end that the config asks for.

    The summary's word does not decide: a kill may have come after the config was made longer, and before the summary
    was told of it.
    """
    if stored.folds:
        return all(is_done(fold) and is_trained(fold, warn) for fold in stored.folds)
    saved = Checkpoints(stored.directory.checkpoints, warn).load_to_go_on()
    with misfits("monitor"):
        if is_spent(saved["monitor"], stored.config.early_stopping.patience_epochs):
            return True
    return plan_of(stored.config).is_done(progress_of(saved))


def go_on(
    stored: SavedRun,
    begun: float,
    read: Callable[[Config], Data] | None = None,
    *,
    force: bool,
    brief: bool = False,
    stops: Stops = NO_STOPS,
) -> None:
    """Train to the end that the config asks for, or to one of the ``stops``; ``begun`` as in ``record``.

    ``force`` mends metrics.jsonl; ``read`` as ``assemble`` takes it.
    """
    if stored.folds:
        go_on_with_folds(stored, read or ReadOnce(), force=force, brief=brief)
        return
    start = start_of(stored, read, force=force)
    record(start.experiment, stored.directory, start.saved, start.warnings, brief=brief, begun=begun, stops=stops)


def go_on_with_folds(stored: SavedRun, read: Callable[[Config], Data], *, force: bool, brief: bool) -> None:
    """The folds that are not done: the one under way from where it was saved, the others from the start."""

    with_launched(stored.config)  # refuses all folds of one command

    def begin(number: int) -> Start | None:
        fold = stored.of_fold(number)
        return None if is_done(fold) and is_trained(fold) else start_of(fold, read, force=force)

    record_folds(stored.config, begin, stored.directory, brief=brief)


def start_of(stored: SavedRun, read: Callable[[Config], Data] | None = None, *, force: bool) -> Start:
    """The run built again, with the state it was saved in; ``read`` as ``assemble`` takes it.

    Raises DataError before anything is written where the state cannot be gone on from; ``force`` mends metrics.jsonl.
    """
    warnings: list[str] = []
    checkpoints = Checkpoints(stored.directory.checkpoints, warnings.append)
    if not (checkpoints.has("last") or checkpoints.has("best")):
        check_nothing_was_saved(stored)
        nothing = f"{stored.directory.path}: nothing was saved yet; starting at step 0"
        experiment = assembled(stored, stored.config, read)
        check_precision(experiment)
        return Start(with_devices_checked(experiment), None, [nothing] if stored.directory.config.exists() else [])
    saved = checkpoints.load_to_go_on()
    experiment, differences = rebuild(stored, saved, read)
    check_precision(experiment)
    experiment = with_devices_checked(experiment)
    differences += other_number(saved["config"].get("devices", 1), experiment.config.devices)
    check_best(saved, checkpoints, has_validation=experiment.has_validation)
    warnings += sound_rows(stored, saved, force=force)
    return Start(experiment, saved, [*warnings, *differences, *cut_short(stored, saved)])


def other_number(before: int, now: int) -> list[str]:
    """Of devices, whose sums are added up in another order."""
    return [f"the last bits of the results may differ: devices {before} -> {now}"] if before != now else []


def check_nothing_was_saved(stored: SavedRun) -> None:
    """Raises DataError where the run has lost its checkpoints: to start over would throw its measurements away."""
    directory, due = stored.directory, stored.as_written.checkpoint
    row = last_row(directory.metrics) if directory.metrics.exists() else {}
    has_passed_one = row.get("epoch", 0) > due.every_epochs or row.get("step", 0) > (due.every_steps or math.inf)
    if stored.is_done or stored.status in ("interrupted", "pruned"):
        told = "summary.json says that the run was saved"
    elif has_passed_one:
        told = f"metrics.jsonl holds {counted(row['step'], 'step')}"
    else:
        return
    raise DataError(
        f"{directory.checkpoints}: no checkpoint is there, but {told}\n"
        "  put the folder back, or start a new run; nothing was changed"
    )


def check_best(saved: Mapping[str, Any], checkpoints: Checkpoints, *, has_validation: bool) -> None:
    """Raises DataError where the best checkpoint, which is judged at the end, cannot be read: known before training."""
    with misfits("monitor"):
        has_best = has_validation and saved["monitor"]["best_step"] > 0
    if has_best:
        checkpoints.load("best")


def sound_rows(stored: SavedRun, saved: Mapping[str, Any], *, force: bool) -> list[str]:
    """A warning where damaged rows of metrics.jsonl were left out. Raises DataError where that is not asked for."""
    path, size = stored.directory.metrics, saved["log_size"]
    try:
        check_rows(path, size, saved.get("log_digest"))
    except DataError as fault:
        if not force:
            again = shlex.join(["python", "-m", "runner", "resume", here(stored.directory.whole.path), "--force"])
            raise DataError(f"{fault}\n  put the file back, or go on without what is damaged: {again}") from fault
        return [f"{fault}; {counted(blank_damaged_rows(path, size), 'line')} left out"]
    return []


def cut_short(stored: SavedRun, saved: Mapping[str, Any]) -> list[str]:
    """What stays of an epoch that ``max_steps`` ended in its middle, when the run goes on after all."""
    progress = saved["progress"]
    if progress["batch"] == 0 or progress["step"] != stored.as_written.max_steps or progress["unjudged"]:
        return []
    return [
        f"max_steps={progress['step']} ended epoch {progress['epoch'] + 1} in its middle: its row stays in "
        f"metrics.jsonl and counts for the best epoch, unlike in a run that was longer from the start"
    ]
