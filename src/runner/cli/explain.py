"""``explain [key=value ...]``: the first step of the training that these words mean, number by number."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from rich.text import Text

from runner.build import libraries
from runner.cli.arguments import no_such_flag
from runner.compose.composition import compose
from runner.compose.request import parse
from runner.config.catalog import Catalog, conf_folders
from runner.errors import ConfigError
from runner.screen.console import console
from runner.text import visible

USAGE = "python -m runner explain [GROUP=OPTION ...] [KEY=VALUE ...]"


def run(argv: Sequence[str]) -> int:
    """The exit code of ``explain``. Writes no file. Raises RunnerError."""
    if any(word in ("-h", "--help") for word in argv):
        print(f"{USAGE}\n\nOne batch walked through the five steps of training, as train takes them first.")
        return 0
    for word in argv:
        if fault := no_such_flag("explain", word, USAGE):
            raise ConfigError(fault)
    request = parse(argv)
    config = compose(request).config
    if config.fold == "all":
        config = replace(config, fold=0)  # the first step there is
    libraries.load()
    from runner.experiment.assemble import assemble
    from runner.experiment.first_step import first_step
    from runner.screen.first_step import lesson

    experiment = assemble(config, Catalog(conf_folders(request.flags.config_dir)))
    screen = console(sys.stdout)
    parts = [getattr(experiment.config, group).option for group in ("dataset", "model", "optimizer")]
    screen.print(Text(f"{' - '.join(parts)}: the first of all the steps that train would take", style="bold"))
    screen.print(lesson(first_step(experiment), experiment.config, list(map(visible, experiment.data.class_names))))
    return 0
