"""``resume RUN``: go on exactly where the run was saved."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from runner import libraries
from runner.commands.stored_run import LENGTHS, StoredRun, open_run
from runner.config.schedule import length_knob
from runner.errors import ConfigError, DataError
from runner.records.here import here

if TYPE_CHECKING:
    from runner.config.settings import Config
    from runner.contracts import Data
    from runner.recording import Start


def run(argv: list[str]) -> int:
    """``resume RUN [epochs=N] [max_steps=N] [device=...]``: the exit code. Raises RunnerError."""
    stored = open_run("resume", argv, settings=(*LENGTHS, "num_workers", "tensorboard"))
    check_has_length(stored)
    check_stretchable(stored)
    status = status_of(stored)
    if status == "stopped_early":
        print(f"{here(stored.directory.path)}: stopped early already; its patience is spent, nothing to do")
        print("  a new run goes on for longer with early_stopping.patience_epochs=100, or null for all its epochs")
    elif status == "finished" and not any(map(is_longer, stored.folds or [stored])):
        print(f"{here(stored.directory.path)}: finished already; nothing to do")
        print(f"  train it for longer: python -m runner resume {shlex.quote(here(stored.directory.path))} epochs=...")
    else:
        with stored.directory.owned():
            go_on_with_folds(stored) if stored.folds else go_on(stored)
    return 0


def status_of(stored: StoredRun) -> str:
    """How the run stands. Raises DataError, with the way out, where its summary is damaged."""
    try:
        return stored.directory.status
    except DataError as fault:
        raise DataError(f"{fault}\n  move it away and resume again: a new one is written at the end") from fault


def check_has_length(stored: StoredRun) -> None:
    if stored.config.epochs == "auto":
        raise ConfigError("epochs=auto: a run that was begun has a number of epochs; give one, as epochs=100")


def check_stretchable(stored: StoredRun) -> None:
    """A schedule that was laid out over the run's length cannot be stretched afterwards."""
    scheduler = stored.config.scheduler
    knob = length_knob(scheduler)
    if knob and stored.changed(*LENGTHS):
        how = "asks for it" if knob == "lr_lambda" else "left out"
        other = "a scheduler.lr_lambda without epochs and steps" if knob == "lr_lambda" else f"scheduler.{knob}"
        raise ConfigError(
            f"{stored.changed(*LENGTHS)[0]} cannot change: scheduler={scheduler.option} was laid out over the run's "
            f"length ({knob} {how})\n  start a new run, or give {other} from the beginning"
        )


def is_longer(stored: StoredRun) -> bool:
    """Whether the changed lengths leave something to train."""
    if not stored.changed(*LENGTHS) or stored.directory.status == "stopped_early":
        return False
    libraries.load()
    from runner.experiment import plan_of
    from runner.records.checkpoint import Checkpoints
    from runner.state import progress_of

    return not plan_of(stored.config).is_done(progress_of(Checkpoints(stored.directory.checkpoints).load("last")))


def go_on(stored: StoredRun) -> None:
    begun = time.perf_counter()
    libraries.load()
    from runner.recording import record

    start = start_of(stored)
    record(start.experiment, stored.directory, start.saved, start.warnings, begun=begun)


def go_on_with_folds(stored: StoredRun) -> None:
    """The folds that are not done: the one under way from where it was saved, the others from the start."""
    libraries.load()
    from runner.folds import reading_once, record_folds
    from runner.records.folds import is_done

    read = reading_once()

    def begin(number: int) -> Start | None:
        fold = stored.of_fold(number)
        return None if is_done(fold.directory) and not is_longer(fold) else start_of(fold, read)

    record_folds(stored.config, begin, stored.directory)


def start_of(stored: StoredRun, read: Callable[[Config], Data] | None = None) -> Start:
    """The run built again, with the state it was saved in; ``read`` as ``assemble`` takes it."""
    from runner.commands.rebuilt_run import assembled, rebuild
    from runner.recording import Start
    from runner.records.checkpoint import Checkpoints

    warnings: list[str] = []
    checkpoints = Checkpoints(stored.directory.checkpoints, warnings.append)
    if not checkpoints.has("last"):
        nothing = f"{stored.directory.path}: nothing was saved yet; starting at step 0"
        return Start(
            assembled(stored, stored.config, read), None, [nothing] if stored.directory.config.exists() else []
        )
    saved = checkpoints.load("last")
    experiment, differences = rebuild(stored, saved, read)
    return Start(experiment, saved, [*warnings, *differences, *cut_short(stored, saved)])


def cut_short(stored: StoredRun, saved: Mapping[str, Any]) -> list[str]:
    """What stays of an epoch that ``max_steps`` ended in its middle, when the run goes on after all."""
    progress = saved["progress"]
    if progress["batch"] == 0 or progress["step"] != stored.as_written.max_steps or progress["unjudged"]:
        return []
    return [
        f"max_steps={progress['step']} ended epoch {progress['epoch'] + 1} in its middle: its row stays in "
        f"metrics.jsonl and counts for the best epoch, unlike in a run that was longer from the start"
    ]
