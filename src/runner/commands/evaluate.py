"""``eval RUN``: score a run's checkpoint on every split."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner import libraries
from runner.commands.stored_run import StoredRun, open_run

if TYPE_CHECKING:
    from runner.records.console import RunConsole


def run(argv: list[str]) -> int:
    """``eval RUN [checkpoint=best|last] [device=...]``: the exit code. Writes nothing. Raises RunnerError."""
    stored = open_run("eval", argv, own=("checkpoint",))
    libraries.load()
    from runner.commands.rebuilt_run import rebuild_to_read
    from runner.experiment import outline
    from runner.judgement import judge
    from runner.records.console import RunConsole

    console = RunConsole()
    if stored.folds:
        return evaluate_folds(stored, console)
    rebuilt = rebuild_to_read(stored, console.warn)
    judgement = judge(rebuilt.experiment, rebuilt.saved)
    where = rebuilt.experiment.choice.device
    console.note(f"{rebuilt.checkpoint}.pt of step {judgement.step}, epoch {judgement.epoch}, on {where}")
    console.scores(outline(rebuilt.experiment, stored.directory.path), judgement.outcome("finished", {}))
    return 0


def evaluate_folds(stored: StoredRun, console: RunConsole) -> int:
    """Every fold that has a checkpoint scored on its own splits, and their mean."""
    from runner.commands.rebuilt_run import rebuild_to_read
    from runner.folds import reading_once
    from runner.judgement import judge
    from runner.records.fold_console import show_folds

    read, outcomes = reading_once(), []
    for fold in stored.folds:
        rebuilt = rebuild_to_read(fold, console.warn, read)
        judgement = judge(rebuilt.experiment, rebuilt.saved)
        outcomes.append(judgement.outcome("finished", {}))
        console.note(f"fold {fold.config.fold}: {rebuilt.checkpoint}.pt of step {judgement.step}")
    show_folds(console, outcomes, rebuilt.experiment.data.class_names)
    return 0
