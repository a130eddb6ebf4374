"""``explain [key=value ...]``: the first step of the training that these words mean, number by number; or a topic."""

from __future__ import annotations

import re
import sys
from argparse import SUPPRESS
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.text import Text

from runner.build import libraries
from runner.cli import lesson
from runner.cli.arguments import PROGRAM, Parser, answered, composed
from runner.config.catalog import Catalog, conf_folders
from runner.config.spelling import listed
from runner.errors import ConfigError
from runner.lessons.topics import LESSONS
from runner.screen.console import console
from runner.screen.first_step import lesson as walk
from runner.text import visible

USAGE = f"[GROUP=OPTION ...] [KEY=VALUE ...]\n{PROGRAM}explain TOPIC [--code]"
TOLD_OF = {
    "autograd": "backprop backpropagation backward derivative grad gradient gradients",
    "optimizer": "learning_rate lr momentum step weight_decay",
    "overfitting": "dropout early_stopping generalisation generalization regularisation regularization",
    "conv": "channels convolution filter filters kernel padding stride",
}
HELP = f"""\
Show the five steps of training for the first batch that train would use.

With a topic, a lesson: plain lines of PyTorch, each with what it comes to.
--code prints the lines alone, to paste them into Python.
{lesson.topics()}
{lesson.WITH_SIZES} may be asked for the size of a convolution of yours:
  {lesson.EXAMPLE}"""


def parser() -> Parser:
    made = Parser("explain", USAGE, HELP, LESSONS, composes=True)
    made.add_config_dir()
    made.add_argument("--code", action="store_true", help=SUPPRESS)
    return made


def lesson_parser(words: Sequence[str]) -> Parser:
    """The words where a topic is among them."""
    return lesson.parser(words)


def run(argv: Sequence[str]) -> int:
    """The exit code of ``explain``. Writes no file. Raises RunnerError."""
    if asks_for_lesson(argv):
        return lesson.run(argv)
    with answered("explain", argv, parser()):
        own, words = parser().parse_words(argv)
        if word := next(filter(is_name, words), None):
            raise ConfigError(
                f"explain {word}: there is no such lesson; lessons: {listed(LESSONS)}{meant_lesson(word)}"
            )
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
        walk(first_step.first_step(experiment), experiment.config, list(map(visible, experiment.data.class_names)))
    )
    return 0


def meant_lesson(word: str) -> str:
    """The line of the lesson in which the word is told of; of none, that of the five steps of training."""
    topic = next((f" {topic}" for topic, words in TOLD_OF.items() if word.lower() in words.split()), "")
    return f"; did you mean:\n  {PROGRAM}explain{topic}"


def is_name(word: str) -> bool:
    """Whether it is neither a setting nor a file, a folder or a run."""
    return re.fullmatch(r"\w+", word) is not None and word != "last" and not Path(word).exists()


def asks_for_lesson(argv: Sequence[str]) -> bool:
    """Whether a word is a topic or near to one, or the lines of one are asked for."""
    own, words = parser().parse_known(argv)
    return own.code or any(lesson.is_meant(word) for word in words if "=" not in word)
