"""``view dataset=...``: a picture of what is known, as a PNG file and in the terminal."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from runner.build import libraries
from runner.cli import view_run
from runner.cli.arguments import check_picture
from runner.compose.composition import compose
from runner.compose.request import parse
from runner.config.catalog import GROUPS, Catalog, conf_folders
from runner.config.run_config import Config
from runner.config.spelling import listed
from runner.errors import ConfigError
from runner.runs.directory import newest_named, usual_output_dir
from runner.runs.files import write_whole
from runner.text import here, say

if TYPE_CHECKING:
    from runner.figures.dataset_view import Exhibit

USAGE = "python -m runner view dataset=mnist [key=value ...] [--out FILE.png] [--overwrite]"


def run(argv: Sequence[str]) -> int:
    """The exit code of ``view``. Raises RunnerError; nothing is read before the request is known to be right."""
    if any(word.lstrip("+").startswith("scheduler=") for word in argv):
        from runner.cli import view_schedule

        return view_schedule.run(argv)
    if not any(names_a_group(word) for word in argv) and any(names_a_run(word) for word in argv):
        return view_run.run(argv)
    own, words = _own_flags(argv)
    config = _composed(words)
    out = Path(own.out or f"{config.dataset.option.rpartition('/')[2]}.png").expanduser()
    check_picture(out, overwrite=own.overwrite)
    libraries.load()
    exhibit = _exhibit(config)
    from runner.figures.dataset import picture
    from runner.figures.style import advice

    png, boxes = picture(exhibit)
    write_whole(out, png)
    _show(exhibit, out, advice(boxes))
    return 0


def names_a_group(word: str) -> bool:
    """Whether it chooses what is drawn without a run: ``dataset=iris``."""
    return "=" in word and word.partition("=")[0].lstrip("+").partition(".")[0] in GROUPS


def names_a_run(word: str) -> bool:
    """Whether it is ``last`` or a folder, or a path that should be one."""
    return word == "last" or Path(word).expanduser().is_dir() or (os.sep in word and not word.startswith("-"))


def _own_flags(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """The flags of this verb, and the words that are composed as those of ``train`` are."""
    return parser().parse_known_args(list(argv))


def parser() -> argparse.ArgumentParser:
    """The flags of this verb."""
    made = argparse.ArgumentParser(
        prog="python -m runner view",
        usage=f"{USAGE.removeprefix('python -m runner ')}",
        description="Draws a data set: some of its rows, its classes and how they are split.",
        allow_abbrev=False,
    )
    made.add_argument("--out", metavar="FILE.png", help="the picture; by default <dataset>.png in this folder")
    made.add_argument("--overwrite", action="store_true", help="replace the file where it is there already")
    made.error = _refuse  # type: ignore[method-assign]
    return made


def _composed(words: Sequence[str]) -> Config:
    """The request, which names a data set. Raises ConfigError with every fault, words of other parts among them."""
    if not any(word.lstrip("+").startswith("dataset=") for word in words):
        raise ConfigError(_nothing_to_view(words))
    told = {word: fault for word in words if (fault := _fault(word))}
    try:
        config = compose(parse([word for word in words if word not in told])).config
    except ConfigError as error:
        raise ConfigError([*told.values(), *error.faults]) from error
    if told:
        raise ConfigError(list(told.values()))
    return config


def _fault(word: str) -> str | None:
    """What is wrong with a word that ``train`` would take."""
    key = word.lstrip("+").partition("=")[0]
    if key.startswith("-") and key != "--config-dir":
        return f"view: {word}: no such flag\n  {USAGE}"
    if several(word):
        first = word.partition(",")[0]
        return f"{word}: one picture shows one data set; draw them one after the other: python -m runner view {first}"
    group = key.partition(".")[0]
    if group in GROUPS and group != "dataset":
        return f"{word}: the picture of a data set shows no {group}; leave it out"
    return None


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


def _exhibit(config: Config) -> Exhibit:
    from runner.data.splits import describe
    from runner.experiment.assemble import read_data, read_split, split_settings
    from runner.figures.dataset_view import Exhibit

    data, rows = read_split(config, read_data)
    note = describe(data, split_settings(config))
    return Exhibit(config.dataset.option, data, rows, note, config.split_seed)


def _show(exhibit: Exhibit, out: Path, warning: str) -> None:
    from rich.text import Text

    from runner.figures.terminal import plain_lines, show
    from runner.screen.console import RunConsole, console

    screen = console(sys.stdout)
    if screen.is_interactive:
        show(screen, exhibit)
    else:
        say(*plain_lines(exhibit))
    if warning:
        RunConsole().warn(warning)
    screen.print(Text(f"written to {out}"), soft_wrap=True)


def _refuse(message: str) -> NoReturn:
    raise ConfigError(f"view: {message}\n  {USAGE}")
