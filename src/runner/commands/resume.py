"""``resume RUN``: go on exactly where the run was saved."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from typing import Any

from runner import libraries
from runner.commands.stored_run import LENGTHS, StoredRun, open_run
from runner.errors import ConfigError

FILLED_BY_LENGTH = ("T_max", "total_steps")  # scheduler knobs that build takes from the run's length when left out


def run(argv: list[str]) -> int:
    """``resume RUN [epochs=N] [max_steps=N] [device=...]``: the exit code. Raises RunnerError."""
    stored = open_run("resume", argv, settings=(*LENGTHS, "num_workers", "tensorboard"))
    check_stretchable(stored)
    status = stored.directory.status
    if status == "stopped_early":
        print(f"{stored.directory.path}: stopped early already; its patience is spent, nothing to do")
    elif status == "finished" and not is_longer(stored):
        print(f"{stored.directory.path}: finished already; nothing to do")
        print(f"  train it for longer: python -m runner resume {shlex.quote(str(stored.directory.path))} epochs=...")
    else:
        with stored.directory.owned():
            go_on(stored)
    return 0


def check_stretchable(stored: StoredRun) -> None:
    """A schedule that was laid out over the run's length cannot be stretched afterwards."""
    scheduler = stored.config.scheduler
    knob = next((key for key in FILLED_BY_LENGTH if scheduler.knobs.get(key, 0) is None), None)
    if knob and stored.changed(*LENGTHS):
        raise ConfigError(
            f"{stored.changed(*LENGTHS)[0]} cannot change: scheduler={scheduler.option} was laid out over the run's "
            f"length ({knob} left out)\n  start a new run, or give scheduler.{knob} from the beginning"
        )


def is_longer(stored: StoredRun) -> bool:
    """Whether the changed lengths leave something to train."""
    if not stored.changed(*LENGTHS):
        return False
    libraries.load()
    from runner.experiment import plan_of
    from runner.records.checkpoint import Checkpoints
    from runner.state import progress_of

    return not plan_of(stored.config).is_done(progress_of(Checkpoints(stored.directory.checkpoints).load("last")))


def go_on(stored: StoredRun) -> None:
    begun = time.perf_counter()
    libraries.load()
    from runner.commands.rebuilt_run import assembled, rebuild
    from runner.recording import record
    from runner.records.checkpoint import Checkpoints

    warnings: list[str] = []
    checkpoints = Checkpoints(stored.directory.checkpoints, warnings.append)
    if not checkpoints.has("last"):
        warnings.append(f"{stored.directory.path}: nothing was saved yet; starting at step 0")
        record(assembled(stored, stored.config), stored.directory, None, warnings, begun=begun)
        return
    saved = checkpoints.load("last")
    experiment, differences = rebuild(stored, saved)
    record(experiment, stored.directory, saved, [*warnings, *differences, *cut_short(stored, saved)], begun=begun)


def cut_short(stored: StoredRun, saved: Mapping[str, Any]) -> list[str]:
    """What stays of an epoch that ``max_steps`` ended in its middle, when the run goes on after all."""
    progress = saved["progress"]
    if progress["batch"] == 0 or progress["step"] != stored.as_written.max_steps or progress["unjudged"]:
        return []
    return [
        f"max_steps={progress['step']} ended epoch {progress['epoch'] + 1} in its middle: its row stays in "
        f"metrics.jsonl and counts for the best epoch, unlike in a run that was longer from the start"
    ]
