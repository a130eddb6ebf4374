"""``find lr|batch_size [key=value ...]``: a value that suits the net and the machine, tried and not looked up."""

from __future__ import annotations

import shlex
from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from runner.build import libraries
from runner.cli.arguments import Parser, answered, composed
from runner.cli.picture_files import picture_file
from runner.config.catalog import Part
from runner.config.run_config import Config
from runner.config.spelling import nearest
from runner.errors import ConfigError

SETTINGS = {"lr": "optimizer.lr", "batch_size": "batch_size"}  # what is looked for -> the setting that it is
USAGE = "lr|batch_size [GROUP=OPTION ...] [KEY=VALUE ...] [--out FILE]"
HELP = """\
Find a learning rate or a batch size for the run that train would make.

lr: the learning rate grows from 0.000001 to 10 in 200 steps. Shows the loss
at each, and suggests the rate at which it falls fastest.
batch_size: takes steps of 16, 32, 64 ... rows. Shows the time and memory of
each, the largest that fits and the fastest per row.
No run is left behind."""


def parser() -> Parser:
    style = RawDescriptionHelpFormatter
    made = Parser("find", USAGE, HELP, SETTINGS, composes=True, formatter_class=style)
    made.add_out("FILE", "the picture of the losses, a .png, .svg or .pdf; by default lr_range.png")
    made.add_overwrite("the file where it is")
    made.add_config_dir()
    return made


def run(argv: Sequence[str]) -> int:
    """The exit code of ``find``. Raises RunnerError; the request is known to be right before anything is tried."""
    own, (wanted, *words) = asked(argv)
    others = [word for word in argv if word != wanted]
    with answered(f"find {wanted}", others, parser()):
        config = tried_config(composed(words, own.config_dir), wanted)
    out = picture_file(own, "lr_range") if wanted == "lr" else None
    libraries.load()
    from runner.cli import finding

    finding.find(wanted, config, words, own.config_dir, out)
    return 0


def asked(argv: Sequence[str]) -> tuple[Namespace, list[str]]:
    """(the flags, what is looked for and the words after it). Raises ConfigError where it is neither of the two."""
    own, words = parser().parse_words(argv)
    wanted = next((word for word in words if "=" not in word), None)
    if wanted is None:
        line = shlex.join(["find", "lr", *words])
        raise ConfigError(f"find: name what to look for, lr or batch_size, as: python -m runner {line}")
    if wanted not in SETTINGS:
        meant = nearest(wanted, SETTINGS)
        advice = f"; did you mean {meant}?" if meant else "; it finds lr or batch_size"
        raise ConfigError(f"find {wanted}: there is no such thing to look for{advice}")
    if typed := next((word for word in words if word.startswith(f"{SETTINGS[wanted]}=")), None):
        raise ConfigError(f"find {wanted}: {typed}: is what is looked for; leave it out")
    if own.out and wanted == "batch_size":
        raise ConfigError(f"find batch_size: --out {own.out}: nothing is drawn of it; leave it out")
    words.remove(wanted)
    return own, [wanted, *words]


def tried_config(config: Config, wanted: str) -> Config:
    """What is tried: the first of several folds, without a schedule; for its size a batch is not cut into parts."""
    changes: dict[str, Any] = {"scheduler": Part("scheduler", "none", None, {})}
    if config.fold == "all":
        changes["fold"] = 0
    if wanted == "batch_size":
        changes["accumulate_steps"] = 1
    return replace(config, **changes)
