"""``eval RUN``: score a run's checkpoint on every split."""

from __future__ import annotations

from collections.abc import Sequence

from runner.build import libraries
from runner.cli.arguments import Parser
from runner.runs.named import open_run
from runner.runs.saved_run import ANYWHERE

OWN = ("checkpoint",)


def parser() -> Parser:
    usage = "RUN|last [checkpoint=best|last] [device=cpu]"
    return Parser("eval", usage, "Measure a trained model again.", keys=(*OWN, *ANYWHERE), reads_run=True)


def run(argv: Sequence[str]) -> int:
    """The exit code of ``eval``. Writes nothing. Raises RunnerError."""
    _, words = parser().parse_known(argv)
    stored = open_run("eval", words, own=OWN)
    libraries.load()
    from runner.screen.folds import show_scores

    show_scores(stored)
    return 0
