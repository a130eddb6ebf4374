"""``view RUN``: pictures of a run, as PNG files in a folder of their own, and in the terminal what fits there."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.build import libraries
from runner.cli.arguments import Parser, whole_number
from runner.config.spelling import listed, nearest
from runner.errors import ConfigError
from runner.runs.saved_run import ANYWHERE, SavedRun, in_each_fold, is_run, open_run

USAGE = "python -m runner view RUN [PICTURE ...] [--test-index N] [--out FOLDER] [--overwrite] [checkpoint=best|last]"
OWN = ("checkpoint",)
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
    from runner.cli.pictures import draw_run

    draw_run(stored, wanted)
    return 0


def read(argv: Sequence[str]) -> tuple[SavedRun, Wanted]:
    """The run and the request. Raises ConfigError or DataError."""
    own, words = own_flags(argv)
    allowed = [*OWN, *ANYWHERE]
    named = [word for word in words if is_run(word, allowed)]
    if not named:
        parser().error("give a run directory, or last")
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
    own, words = parser().parse_known(argv)
    if flags := [word for word in words if word.startswith("-")]:
        parser().error(f"{flags[0]}: no such flag")
    return own, words


def parser() -> Parser:
    """The flags of this verb."""
    pictures = "\n".join(f"  {name:12} {what}" for name, what in PICTURES.items())
    description = f"Draws a run. Without a name, every picture that suits it:\n{pictures}"
    made = Parser("view", USAGE, description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument(
        "--test-index", type=whole_number, default=0, metavar="N", help="the row that pictures of one example show"
    )
    made.add_argument("--out", metavar="FOLDER", help="where they go; by default view-<name of the run> in this folder")
    made.add_overwrite("pictures that are")
    return made


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
