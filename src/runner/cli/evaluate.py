"""``eval RUN``: score a run's checkpoint on every split."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from runner.build import libraries
from runner.errors import DataError
from runner.runs.stored_run import StoredRun, open_run

if TYPE_CHECKING:
    from runner.screen.console import RunConsole

OWN = ("checkpoint",)


def run(argv: list[str]) -> int:
    """``eval RUN [checkpoint=best|last] [device=...]``: the exit code. Writes nothing. Raises RunnerError."""
    stored = open_run("eval", argv, own=OWN)
    libraries.load()
    from runner.experiment.plan import outline
    from runner.experiment.rebuild import rebuild_to_read
    from runner.experiment.scoring import judge
    from runner.screen.console import RunConsole

    console = RunConsole()
    if stored.folds:
        return evaluate_folds(stored, console)
    rebuilt = rebuild_to_read(stored, console.warn)
    outcome, where = judge(rebuilt.experiment, rebuilt.saved).outcome, rebuilt.experiment.choice.device
    console.note(f"{rebuilt.checkpoint}.pt of step {outcome.best['step']}, epoch {outcome.best['epoch']}, on {where}")
    console.scores(outline(rebuilt.experiment, stored.directory.path), outcome)
    return 0


def evaluate_folds(stored: StoredRun, console: RunConsole) -> int:
    """Every fold that is done scored on its own splits, and their mean. Raises DataError where none is."""
    from runner.experiment.rebuild import rebuild_to_read
    from runner.experiment.scoring import judge
    from runner.runs.folds import is_done
    from runner.screen.folds import show_folds
    from runner.training.folds import reading_once

    done = list(takewhile(lambda fold: is_done(fold.directory), stored.folds))
    if not done:
        raise DataError(f"{stored.directory.path}: no fold is done yet; go on with it: resume")
    for fold in stored.folds[len(done) :]:
        console.warn(f"fold {fold.config.fold} is not done yet and left out; go on with it: resume")
    read, outcomes = reading_once(), []
    for fold in done:
        rebuilt = rebuild_to_read(fold, console.warn, read)
        outcomes.append(judge(rebuilt.experiment, rebuilt.saved).outcome)
        console.note(f"fold {fold.config.fold}: {rebuilt.checkpoint}.pt of step {outcomes[-1].best['step']}")
    show_folds(console, outcomes, rebuilt.experiment.data.class_names)
    return 0
