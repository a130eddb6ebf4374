"""``resume RUN``: go on exactly where the run was saved."""

from __future__ import annotations

import argparse
import shlex
import time

from runner.build import libraries
from runner.cli.arguments import Parser
from runner.config.catalog import CLUSTER, SEARCH
from runner.config.clustering import CLASSES, FIXED, knob_types
from runner.config.run_config import settings_with, sweep_settings
from runner.config.schedule import length_knob
from runner.config.searching import MAY_CHANGE
from runner.config.types import shown
from runner.errors import ConfigError, DataError
from runner.runs.directory import SWEEP
from runner.runs.named import open_run_or_sweep
from runner.runs.saved_run import ANYWHERE, LENGTHS, SavedRun
from runner.runs.saved_sweep import SavedSweep
from runner.screen.console import RunConsole
from runner.text import here

OWN = settings_with("changes", "on resume")
OF_A_SEARCH = tuple(f"{SEARCH}.{name}" for name in MAY_CHANGE)
MOVABLE = dict.fromkeys(name for option in CLASSES for name in knob_types(option) if name not in FIXED)
OF_A_CLUSTER = tuple(f"{CLUSTER}.{name}" for name in MOVABLE)
OF_A_SWEEP = ("retry", *settings_with("changes", "on resume of a sweep"), *OF_A_SEARCH, *OF_A_CLUSTER)
OF_ALL_JOBS = tuple(name for name in ANYWHERE if name in settings_with("is_neutral", True))  # their bits stay
USAGE = """\
RUN|last [epochs=N] [max_steps=N] [num_workers=N]
    [tensorboard=full] [device=cpu] | SWEEP [retry=failed]"""
HELP = "Continue an interrupted run, at the exact step."


def parser() -> Parser:
    made = Parser("resume", USAGE, HELP, keys=(*OWN, *ANYWHERE), reads_run=True)
    # go on without the rows of metrics.jsonl that are damaged
    made.add_argument("--force", action="store_true", help=argparse.SUPPRESS)
    return made


def run(argv: list[str]) -> int:
    """The exit code of ``resume``. Raises RunnerError."""
    own, words = parser().parse_known(argv)
    stored = open_run_or_sweep("resume", words, settings=(*OWN, *ANYWHERE, *OF_A_SWEEP))
    if isinstance(stored, SavedSweep):
        return go_on_with(stored)
    check_is_of_a_run(stored)
    check_has_length(stored)
    check_stretchable(stored)
    if is_at_its_end(stored):
        return 0
    with stored.directory.owned():
        begun = time.perf_counter()
        libraries.load()
        from runner.training.resume import go_on

        go_on(stored, begun, force=own.force)
    return 0


def go_on_with(sweep: SavedSweep) -> int:
    """The exit code of the rest of a sweep."""
    if not (sweep.path / SWEEP).exists():
        raise ConfigError(
            f"{here(sweep.path)}: is a sweep of an older version; resume its jobs one by one\n"
            f"  python -m runner resume {shlex.quote(here(sweep.path))}/JOB"
        )
    if wrong := [name for name in sweep.changes if name not in (*OF_A_SWEEP, *OF_ALL_JOBS)]:
        words = [f"{name}={shown(value)}" for name, value in sweep.changes.items()]
        alone = ["python", "-m", "runner", "resume", here(sweep.winner.path), *words] if sweep.winner else []
        raise ConfigError(
            f"{wrong[0]}: the jobs of a sweep keep their settings\n"
            + (f"  its best job alone: {shlex.join(alone)}\n" if alone else "")
            + f"  more jobs: python -m runner train -m ... sweep.dir={shlex.quote(here(sweep.path))}"
        )
    if (retry := sweep.changes.get("retry", "failed")) != "failed":
        raise ConfigError(f"retry={retry}: must be failed: the jobs that failed are run again")
    search = {name.partition(".")[2]: value for name, value in sweep.changes.items() if name in OF_A_SEARCH}
    if search and not sweep.head.get(SEARCH):
        raise ConfigError(f"{SEARCH}.{next(iter(search))}: is for a search, and this is a grid: {here(sweep.path)}")
    cluster = {name.partition(".")[2]: value for name, value in sweep.changes.items() if name in OF_A_CLUSTER}
    if cluster and not sweep.head.get(CLUSTER):
        raise ConfigError(f"{CLUSTER}.{next(iter(cluster))}: its jobs run on this machine: {here(sweep.path)}")
    sweeping = sweep_settings({name: value for name, value in sweep.changes.items() if name.startswith("sweep.")})
    libraries.load()
    from runner.sweep.start import resume_sweep  # brings torch

    changes = {name: value for name, value in sweep.changes.items() if name in OF_ALL_JOBS}
    is_again = "retry" in sweep.changes
    return resume_sweep(sweep.path, sweeping, changes, search, cluster, retries_failed=is_again)


def check_is_of_a_run(stored: SavedRun) -> None:
    if wrong := [name for name in stored.changes if name in OF_A_SWEEP]:
        raise ConfigError(
            f"{wrong[0]}={stored.changes[wrong[0]]}: is for a sweep, and this is a run: {here(stored.path)}"
        )


def is_at_its_end(stored: SavedRun) -> bool:
    """Whether there is nothing to do, which is said then."""
    status, warnings, console = status_of(stored), list[str](), RunConsole()
    if not stored.is_done:
        return False
    libraries.load()
    from runner.training.resume import is_trained

    if not is_trained(stored, warnings.append):
        return False
    for warning in warnings:
        console.warn(warning)
    run = here(stored.directory.path)
    if status == "stopped_early":
        print(f"{run}: stopped early already; its patience is spent, nothing to do")
        print("  a new run goes on for longer with early_stopping.patience_epochs=100, or null for all its epochs")
    else:
        epoch = stored.summary.get("final", {}).get("epoch")  # of folds, each has its own
        print(f"{run}: finished already{f', after epoch {epoch}' if epoch else ''}; nothing to do")
        more = 2 * epoch if epoch else "..."
        print(f"  train it for longer: python -m runner resume {shlex.quote(run)} epochs={more}")
    return True


def status_of(stored: SavedRun) -> str:
    """How the run stands. Raises DataError, with the way out, where its summary is damaged."""
    try:
        return stored.status
    except DataError as fault:
        raise DataError(f"{fault}\n  move it away and resume again: a new one is written at the end") from fault


def check_has_length(stored: SavedRun) -> None:
    if stored.config.epochs == "auto":
        raise ConfigError("epochs=auto: a started run has a number of epochs; give one, such as epochs=100")


def check_stretchable(stored: SavedRun) -> None:
    """A schedule that was planned for the run's length cannot be stretched afterwards."""
    knob, changed = length_knob(stored.config.scheduler), stored.changed(*LENGTHS)
    if not knob or not changed:
        return
    is_in_link = knob not in stored.config.scheduler.knobs
    how, other = "left out", f"{knob} in scheduler.schedulers" if is_in_link else f"scheduler.{knob}"
    if knob == "lr_lambda":
        how, other = "asks for it", "a scheduler.lr_lambda without epochs and steps"
    path = here(stored.path)
    words = [f"{path}/config.yaml", f"start_from={path}", *(f"{key}={getattr(stored.config, key)}" for key in changed)]
    raise ConfigError(
        f"{changed[0]} cannot change: scheduler={stored.config.scheduler.option} was planned for the run's "
        f"length ({knob} {how}); a run to be lengthened needs {other} from the beginning\n"
        f"  a new run from its weights: python -m runner train {shlex.join(words)}"
    )
