"""What ``eval`` tells: the scores of a run's checkpoint, or of each of its folds."""

from __future__ import annotations

from itertools import takewhile

from runner.errors import DataError
from runner.experiment.plan import outline
from runner.experiment.rebuild import rebuild_to_read
from runner.experiment.scoring import judge
from runner.runs.saved_run import SavedRun
from runner.runs.summary import is_done
from runner.screen.console import RunConsole
from runner.screen.folds import show_folds
from runner.training.folds import reading_once


def evaluate(stored: SavedRun) -> None:
    console = RunConsole()
    rebuilt = rebuild_to_read(stored, console.warn)
    outcome, where = judge(rebuilt.experiment, rebuilt.saved).outcome, rebuilt.experiment.choice.device
    console.note(f"{rebuilt.checkpoint}.pt of step {outcome.best['step']}, epoch {outcome.best['epoch']}, on {where}")
    console.scores(outline(rebuilt.experiment, stored.directory.path), outcome)


def evaluate_folds(stored: SavedRun) -> None:
    """Every fold that is done scored on its own splits, and their mean. Raises DataError where none is."""
    console = RunConsole()
    done = list(takewhile(is_done, stored.folds))
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
