"""``explain [key=value ...]``: the first step of the training that these words mean, number by number."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from rich.text import Text

from runner.build import libraries
from runner.cli.arguments import Parser, answered, composed
from runner.config.catalog import Catalog, conf_folders
from runner.screen.console import console
from runner.screen.first_step import lesson
from runner.text import visible

HELP = "Show the five steps of training for the first batch that train would use."


def parser() -> Parser:
    made = Parser("explain", "[GROUP=OPTION ...] [KEY=VALUE ...]", HELP, composes=True)
    made.add_config_dir()
    return made


def run(argv: Sequence[str]) -> int:
    """The exit code of ``explain``. Writes no file. Raises RunnerError."""
    with answered("explain", argv, parser()):
        own, words = parser().parse_words(argv)
        config = composed(words, own.config_dir)
    if config.fold == "all":
        config = replace(config, fold=0)  # the first step there is
    libraries.load()
    from runner.experiment import assemble, first_step

    experiment = assemble.assemble(config, Catalog(conf_folders(own.config_dir)))
    screen = console(sys.stdout)
    parts = [getattr(experiment.config, group).option for group in ("dataset", "model", "optimizer")]
    screen.print(Text(f"{' - '.join(parts)}: the first of all the steps that train would take", style="bold"))
    screen.print(
        lesson(first_step.first_step(experiment), experiment.config, list(map(visible, experiment.data.class_names)))
    )
    return 0
