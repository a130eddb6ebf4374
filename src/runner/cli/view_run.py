"""``view RUN``: pictures of a run, as PNG files in a folder of their own, and in the terminal what fits there."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from runner.build import libraries
from runner.cli.arguments import whole_number
from runner.config.spelling import listed, nearest
from runner.errors import ConfigError, DataError, RunError, RunnerError
from runner.runs.files import write_whole
from runner.runs.saved_run import ANYWHERE, StoredRun, in_each_fold, is_run, open_run
from runner.text import say

if TYPE_CHECKING:
    from runner.figures.run import Sitter
    from runner.figures.style import Sheet

USAGE = "python -m runner view RUN [PICTURE ...] [--test-index N] [--out FOLDER] [--overwrite] [checkpoint=best|last]"
OWN = ("checkpoint",)
T = TypeVar("T")
# the pictures, in the order they are drawn
PICTURES = {
    "curves": "the measurements over the epochs, the best one marked",
    "confusion": "which class was taken for which",
    "mistakes": "the rows that are wrong while the net is surest",
    "reliability": "how often the net is right when it is that sure",
    "residuals": "predicted against true numbers",
    "weights": "those of the first layer",
    "convolution": "input, weight and output of the first one",
    "features": "what each layer makes of one example",
    "saliency": "how strongly each pixel or column moves the answer",
}


@dataclass(frozen=True)
class Wanted:
    """Which pictures, of which example, and where they go."""

    pictures: tuple[str, ...]  # those asked for by name; () for all that suit the run
    example: int
    folder: Path

    def path(self, picture: str) -> Path:
        return self.folder / f"{picture}.png"


def run(argv: Sequence[str]) -> int:
    """The exit code of ``view RUN``. Raises RunnerError; nothing is drawn before the request is known to be right."""
    stored, wanted = read(argv)
    if stored.folds:
        raise ConfigError(in_each_fold(stored, "view"))
    libraries.load()
    from runner.figures.style import advice, style
    from runner.screen.console import RunConsole

    console = RunConsole()
    sitter = opened(stored, wanted.example, console.warn)
    if wanted.example:
        sitter.check_example()
    missing: dict[str, list[str]] = {}  # what is lacking -> the pictures that need it
    written = []
    with style() as boxes:
        for name in wanted.pictures or PICTURES:
            sheet = drawn(name, sitter, wanted, missing)
            if sheet is not None:
                make_folder(wanted.folder)
                write_whole(wanted.path(name), sheet.png())
                written.append(name)
    left_out = [f"{', '.join(names)}: left out: {reason}" for reason, names in missing.items()]
    if not written:
        raise DataError("\n".join(left_out) or "view: no picture suits this run")
    show(sitter, written)
    for line in [*left_out, *filter(None, [advice(boxes)])]:
        console.warn(line)
    say(f"written to {wanted.folder}{os.sep}")
    for name in written:
        print(f"  {f'{name}.png':16}  {PICTURES[name]}")
    return 0


def read(argv: Sequence[str]) -> tuple[StoredRun, Wanted]:
    """The run and the request. Raises ConfigError or DataError."""
    own, words = own_flags(argv)
    allowed = [*OWN, *ANYWHERE]
    named = [word for word in words if is_run(word, allowed)]
    if not named:
        refuse("give a run directory, or last")
    pictures = named[1:]
    faults = [unknown(word) for word in pictures if word not in PICTURES]
    if faults:
        raise ConfigError(faults)
    stored = open_run("view", [named[0], *(word for word in words if word not in named)], own=OWN)
    folder = Path(own.out).expanduser() if own.out else Path(f"view-{stored.directory.path.name}")
    wanted = Wanted(tuple(pictures), own.test_index, folder)
    check_folder(wanted, overwrite=own.overwrite)
    return stored, wanted


def own_flags(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    own, words = parser().parse_known_args(list(argv))
    if flags := [word for word in words if word.startswith("-")]:
        refuse(f"{flags[0]}: no such flag")
    return own, words


def parser() -> argparse.ArgumentParser:
    """The flags of this verb."""
    pictures = "\n".join(f"  {name:12} {what}" for name, what in PICTURES.items())
    made = argparse.ArgumentParser(
        prog="python -m runner view",
        usage=USAGE.removeprefix("python -m runner "),
        description=f"Draws a run. Without a name, every picture that suits it:\n{pictures}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument(
        "--test-index", type=whole_number, default=0, metavar="N", help="the row that pictures of one example show"
    )
    made.add_argument("--out", metavar="FOLDER", help="where they go; by default view-<name of the run> in this folder")
    made.add_argument("--overwrite", action="store_true", help="replace pictures that are there already")
    made.error = refuse  # type: ignore[method-assign]
    return made


def refuse(message: str) -> NoReturn:
    raise ConfigError(f"view: {message}\n  {USAGE}")


def unknown(word: str) -> str:
    meant = nearest(word, PICTURES)
    return f"view: {word}: no such picture{f'; did you mean {meant}?' if meant else ''}\n  pictures: {listed(PICTURES)}"


def check_folder(wanted: Wanted, *, overwrite: bool) -> None:
    if wanted.folder.exists() and not wanted.folder.is_dir():
        raise ConfigError(f"--out {wanted.folder}: is a file; name a folder")
    if not wanted.folder.parent.is_dir():
        raise ConfigError(f"--out {wanted.folder}: there is no folder {wanted.folder.parent}")
    there = [path.name for name in wanted.pictures or PICTURES if (path := wanted.path(name)).exists()]
    if there and not overwrite:
        raise ConfigError(f"{wanted.folder}: {', '.join(there)} there already; add --overwrite, or --out FOLDER")


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as refusal:
        raise RunError(f"{folder}: not made: {refusal.strerror}; name another: --out FOLDER") from refusal


def opened(stored: StoredRun, example: int, warn: Callable[[str], None]) -> Sitter:
    """The run, with whatever of it can be read; what cannot is kept as the reason."""
    from runner.engine.state import load_weights
    from runner.experiment.predictor import Predictor
    from runner.experiment.rebuild import predictor_of, rebuild_to_read
    from runner.figures.run import Sitter, called
    from runner.runs.metric_log import epoch_rows
    from runner.runs.schema import schema_of

    directory, config = stored.directory, stored.config
    common: dict[str, Any] = {
        "name": called(config.name, config.fold),
        "monitor": config.monitor,
        "measured": or_fault(lambda: list(epoch_rows(directory.metrics)) if directory.metrics.exists() else []),
        "ended": or_fault(lambda: directory.read_results() if directory.summary.exists() else {}),
        "example": example,
    }
    try:
        rebuilt = rebuild_to_read(stored, warn)
    except DataError as fault:
        try:
            net, checkpoint = predictor_of(stored, warn)
        except DataError as worse:
            return Sitter(**common, by="no checkpoint", predictor=worse, experiment=fault)
        return Sitter(**common, by=f"{checkpoint}.pt", predictor=net, experiment=fault)
    experiment = rebuilt.experiment
    load_weights(rebuilt.saved, experiment.parts)
    schema = schema_of(experiment.data, experiment.split.train)
    net = Predictor(experiment.parts, schema, experiment.choice, config.eval_batch_size)
    by = f"{rebuilt.checkpoint}.pt of epoch {rebuilt.saved['epoch']}"
    return Sitter(**common, by=by, predictor=net, experiment=experiment)


def or_fault(read: Callable[[], T]) -> T | DataError:
    try:
        return read()
    except DataError as fault:
        return fault


def drawn(name: str, sitter: Sitter, wanted: Wanted, missing: dict[str, list[str]]) -> Sheet | None:
    """The picture; None where it does not suit the run or lacks something, unless it was asked for by name."""
    from runner.figures.run import PORTRAITS

    try:
        return PORTRAITS[name](sitter)
    except RunnerError as fault:
        if name in wanted.pictures:
            raise
        if isinstance(fault, DataError):
            missing.setdefault(str(fault), []).append(name)
        elif sitter.example and "--test-index" in str(fault):
            raise
        return None


def show(sitter: Sitter, written: Sequence[str]) -> None:
    """What a terminal can show of the pictures that were drawn."""
    from rich.text import Text

    from runner.figures.curves import curves_of
    from runner.figures.dataset_view import Group
    from runner.figures.run import best_epoch, counts_and_names, first_mistakes
    from runner.figures.terminal import curve_table, has_colours, tiles
    from runner.screen.console import console
    from runner.screen.result import confusion_table

    screen = console(sys.stdout)
    screen.print(Text(f"{sitter.name}, {sitter.by}", style="bold"))
    if "curves" in written:
        screen.print(curve_table(curves_of(sitter.rows), best_epoch(sitter), screen.width), Text())
    if "confusion" in written:
        counts, names, _ = counts_and_names(sitter)
        matrix = confusion_table(names, counts, screen.width)
        screen.print(*[matrix, Text()] * (matrix is not None))
    if "mistakes" in written and has_colours(screen):
        groups = [Group(heading, images) for heading, images in first_mistakes(sitter)]
        screen.print(*tiles(tuple(groups), screen.width))
