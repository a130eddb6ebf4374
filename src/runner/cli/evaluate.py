"""``eval RUN``: score a run's checkpoint on every split."""

from __future__ import annotations

from runner.build import libraries
from runner.runs.saved_run import open_run

OWN = ("checkpoint",)


def run(argv: list[str]) -> int:
    """``eval RUN [checkpoint=best|last] [device=...]``: the exit code. Writes nothing. Raises RunnerError."""
    stored = open_run("eval", argv, own=OWN)
    libraries.load()
    from runner.cli.evaluation import evaluate, evaluate_folds

    if stored.folds:
        evaluate_folds(stored)
    else:
        evaluate(stored)
    return 0
