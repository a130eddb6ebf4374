"""``resume RUN``: go on exactly where the run was saved."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Sequence

from runner.build import libraries
from runner.config.run_config import settings_with
from runner.config.schedule import length_knob
from runner.errors import ConfigError, DataError
from runner.runs.directory import DONE
from runner.runs.saved_run import LENGTHS, StoredRun, open_run
from runner.text import here

FORCE = "--force"  # go on without the rows of metrics.jsonl that are damaged
OWN = settings_with("changes", "on resume")
USAGE = f"python -m runner resume RUN|last {' '.join(f'[{name}=...]' for name in (*OWN, 'device'))} [{FORCE}]"
FLAGS = (FORCE,)


def run(argv: list[str]) -> int:
    """``resume RUN [epochs=N] [max_steps=N] [device=...] [--force]``: the exit code. Raises RunnerError."""
    if {"-h", "--help"} & set(argv):
        print(f"{USAGE}\n\nGo on with an interrupted run, at the exact step.")
        return 0
    words = [word for word in argv if word != FORCE]
    stored = open_run("resume", words, settings=OWN)
    check_has_length(stored)
    check_stretchable(stored)
    status = status_of(stored)
    warnings: list[str] = []
    if status in DONE and is_at_its_end(stored, warnings.append):
        tell_nothing_to_do(stored, status, warnings)
        return 0
    with stored.directory.owned():
        begun = time.perf_counter()
        libraries.load()
        from runner.training.resume import go_on

        go_on(stored, begun, force=FORCE in argv)
    return 0


def is_at_its_end(stored: StoredRun, warn: Callable[[str], None]) -> bool:
    libraries.load()
    from runner.training.resume import is_trained

    return is_trained(stored, warn)


def tell_nothing_to_do(stored: StoredRun, status: str, warnings: Sequence[str]) -> None:
    from runner.screen.console import RunConsole

    run, console = here(stored.directory.path), RunConsole()
    for warning in warnings:
        console.warn(warning)
    if status == "stopped_early":
        print(f"{run}: stopped early already; its patience is spent, nothing to do")
        print("  a new run goes on for longer with early_stopping.patience_epochs=100, or null for all its epochs")
    else:
        print(f"{run}: finished already; nothing to do")
        print(f"  train it for longer: python -m runner resume {shlex.quote(run)} epochs=...")


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
