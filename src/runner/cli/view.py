"""``view dataset=...``, ``view scheduler=...``: a picture of what is known, as a PNG file and in the terminal."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from runner.build import libraries
from runner.cli import view_run
from runner.cli.arguments import Parser, check_picture, no_such_flag, picture_parser
from runner.compose.composition import compose
from runner.compose.request import parse
from runner.config.catalog import GROUPS, Catalog, conf_folders
from runner.config.run_config import Config
from runner.config.schedule import follows_monitor
from runner.config.spelling import listed
from runner.errors import ConfigError
from runner.runs.directory import newest_named, usual_output_dir
from runner.text import here

USAGE = "python -m runner view dataset=mnist [key=value ...] [--out FILE.png] [--overwrite]"
SCHEDULE_USAGE = (
    "python -m runner view scheduler=step_lr [optimizer=sgd epochs=20 key=value ...] [--out FILE.png] [--overwrite]"
)
UNSEEN = ("model", "loss", "metric")  # groups that no schedule depends on


def run(argv: Sequence[str]) -> int:
    """The exit code of ``view``. Raises RunnerError; nothing is read before the request is known to be right."""
    if any(word.lstrip("+").startswith("scheduler=") for word in argv):
        return view_schedule(argv)
    if not any(names_a_group(word) for word in argv) and any(names_a_run(word) for word in argv):
        return view_run.run(argv)
    return view_dataset(argv)


def view_dataset(argv: Sequence[str]) -> int:
    own, words = parser().parse_known(argv)
    if not any(word.lstrip("+").startswith("dataset=") for word in words):
        raise ConfigError(_nothing_to_view(words))
    faults = {word: fault for word in words if (fault := _dataset_fault(word))}
    config = composed(words, faults)
    if faults:
        raise ConfigError(list(faults.values()))
    out = picture_file(own, config.dataset.option.rpartition("/")[2])
    libraries.load()
    from runner.cli.pictures import draw_dataset

    draw_dataset(config, out)
    return 0


def view_schedule(argv: Sequence[str]) -> int:
    own, words = schedule_parser().parse_known(argv)
    faults = {word: fault for word in words if (fault := _schedule_fault(word))}
    config = composed(words, faults)
    if refused := [*faults.values(), *_undrawable(config)]:
        raise ConfigError(refused)
    out = picture_file(own, config.scheduler.option)
    libraries.load()
    from runner.cli.pictures import draw_schedule

    draw_schedule(config, out)
    return 0


def composed(words: Sequence[str], faults: dict[str, str]) -> Config:
    """What the words without ``faults`` make. Raises ConfigError with every fault of all of them."""
    try:
        return compose(parse([word for word in words if word not in faults])).config
    except ConfigError as error:
        raise ConfigError([*faults.values(), *error.faults]) from error


def picture_file(own: argparse.Namespace, name: str) -> Path:
    """Where the picture goes. Raises ConfigError where it cannot."""
    out = Path(own.out or f"{name}.png").expanduser()
    check_picture(out, overwrite=own.overwrite)
    return out


def parser() -> Parser:
    """The flags of this verb."""
    return picture_parser(USAGE, "Draws a data set: some of its rows, its classes and how they are split.", "dataset")


def schedule_parser() -> Parser:
    return picture_parser(SCHEDULE_USAGE, "Draws the learning rates of a run, without training it.", "scheduler")


def names_a_group(word: str) -> bool:
    """Whether it chooses what is drawn without a run: ``dataset=iris``."""
    return "=" in word and word.partition("=")[0].lstrip("+").partition(".")[0] in GROUPS


def names_a_run(word: str) -> bool:
    """Whether it is ``last`` or a folder, or a path that should be one."""
    return word == "last" or Path(word).expanduser().is_dir() or (os.sep in word and not word.startswith("-"))


def _dataset_fault(word: str) -> str | None:
    """What is wrong with a word that ``train`` would take."""
    bare = word.lstrip("+")
    if fault := no_such_flag("view", bare, USAGE):
        return fault
    if several(word):
        first = word.partition(",")[0]
        return f"{word}: one picture shows one data set; draw them one after the other: python -m runner view {first}"
    group = bare.partition("=")[0].partition(".")[0]
    if group in GROUPS and group != "dataset":
        return f"{word}: the picture of a data set shows no {group}; leave it out"
    return None


def _schedule_fault(word: str) -> str | None:
    key, _, value = word.lstrip("+").partition("=")
    if key == "scheduler" and "," in value:
        return f"{word}: a picture shows one schedule; draw them one after the other"
    if fault := no_such_flag("view", word.lstrip("+"), SCHEDULE_USAGE):
        return fault
    group = key.partition(".")[0]
    return f"{word}: a schedule does not depend on the {group}; leave it out" if group in UNSEEN else None


def _undrawable(config: Config) -> list[str]:
    if not follows_monitor(config.scheduler):
        return []
    return [
        f"scheduler={config.scheduler.option}: follows the monitor, which is known only in training; "
        f"nothing can be drawn before\n  what can be: scheduler=step_lr, scheduler=cosine_annealing_lr"
    ]


def several(word: str) -> bool:
    """Whether a word gives several values, as a sweep takes them: ``dataset=a,b``, but not ``size=[8,8]``."""
    value = word.partition("=")[2]
    return "," in value and not any(mark in value for mark in "[{('\"")


def _nothing_to_view(words: Sequence[str]) -> str:
    catalog = Catalog(conf_folders())
    for group in ("dataset", "scheduler"):
        named = next((word for word in words if word in catalog.options(group)), None)
        if named:
            return f"view {named}: is not of the form key=value; did you mean: python -m runner view {group}={named}"
    for word in words:
        if "=" not in word and (run := newest_named(word, usual_output_dir())):
            return f"view {word}: no such directory; did you mean {here(run)}?"
    if any(word.startswith("model=") for word in words):
        return f"view: a net is shown by python -m runner show {shlex.join(words)} dataset=..."
    if file := next((word for word in words if Path(word).is_file()), None):
        how = shlex.quote(f"dataset.path={file}")
        return f"view {file}: is a file; a table: python -m runner view dataset=csv {how} dataset.target=COLUMN"
    stranger = next((word for word in words if "=" not in word and not word.startswith("-")), None)
    return (
        f"{f'view {stranger}: no such run, data set or schedule' if stranger else 'view: say what'}\n"
        f"  a run: python -m runner view last\n"
        f"  a data set: python -m runner view dataset=mnist; choices: {listed(catalog.options('dataset'))}\n"
        f"  a schedule: python -m runner view scheduler=step_lr optimizer=sgd epochs=20"
    )
