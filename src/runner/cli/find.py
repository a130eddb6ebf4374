"""``find lr|batch_size [key=value ...]``: a value that suits the net and the machine, tried and not looked up."""

from __future__ import annotations

import shlex
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from runner.build import libraries
from runner.cli.arguments import Parser, answered, composed
from runner.cli.picture_files import picture_file
from runner.config.catalog import Part
from runner.config.run_config import Config
from runner.config.spelling import nearest
from runner.errors import ConfigError
from runner.text import AS_MODULE

SETTINGS = {"lr": "optimizer.lr", "batch_size": "batch_size"}  # what is looked for -> the setting that it is
USAGE = "lr|batch_size [GROUP=OPTION ...] [KEY=VALUE ...] [--out FILE]"
HELP = """\
Find a learning rate or a batch size for the run that train would make.

lr: the learning rate grows from 0.000001 to 10 in 200 steps. Shows the loss
at each, and suggests the rate at which it has made most of its fall.
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
    wanted, others = asked(argv)
    with answered(f"find {wanted}", others, parser(), partial(unsuited, wanted)):
        own, words = parser().parse_words(others)
        if own.out and wanted == "batch_size":
            raise ConfigError(f"find batch_size: --out {own.out}: nothing is drawn of it; {line(wanted, words)}")
        if fault := next(iter(unsuited(wanted, words).values()), None):
            raise ConfigError(fault)
        config = tried_config(composed(words, own.config_dir), wanted)
    out = picture_file(own, "lr_range") if wanted == "lr" else None
    libraries.load()
    from runner.cli import finding

    finding.find(wanted, config, words, own.config_dir, out)
    return 0


def asked(argv: Sequence[str]) -> tuple[str, list[str]]:
    """(what is looked for, the other words). Raises ConfigError, with the line, where it is neither of the two."""
    parser().parse_known(argv)  # --help
    if wanted := next((word for word in argv if word in SETTINGS), None):
        place = argv.index(wanted)
        return wanted, [*argv[:place], *argv[place + 1 :]]
    word = next((word for word in argv if "=" not in word and not word.startswith("-")), "")
    near = nearest(word, SETTINGS)
    others = [other for other in argv if other != word or not near]
    fault = f"find {word}: it finds lr or batch_size" if word else "find: name what to look for, lr or batch_size"
    with answered(f"find {near or 'lr'}", others, parser()):
        raise ConfigError(f"{fault}; {line(near or 'lr', [other for other in others if '=' in other])}")


def unsuited(wanted: str, words: Sequence[str]) -> dict[str, str]:
    """The words that cannot stand beside what is looked for, and why."""
    setting = f"{SETTINGS[wanted]}="
    own = {word: f"find {wanted} {word}: one after the other" for word in words if word in SETTINGS}
    said = [word for word in words if word.lstrip("+").startswith(setting)]
    return own | {word: f"find {wanted}: {word}: is what is looked for; leave it out" for word in said}


def line(wanted: str, words: Sequence[str]) -> str:
    return f"did you mean:\n  {AS_MODULE} {shlex.join(['find', wanted, *words])}"


def tried_config(config: Config, wanted: str) -> Config:
    """What is tried: the first of several folds, without a schedule; for its size a batch is not cut into parts."""
    changes: dict[str, Any] = {"scheduler": Part("scheduler", "none", None, {})}
    if config.fold == "all":
        changes["fold"] = 0
    if wanted == "batch_size":
        changes["accumulate_steps"] = 1
    return replace(config, **changes)
