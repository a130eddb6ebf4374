"""What the verbs' words have in common: a parser that refuses in one way, whole numbers, the file that is written."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from runner.errors import ConfigError

PROGRAM = "python -m runner "


class Parser(argparse.ArgumentParser):
    """The flags of ``verb``; what argparse cannot read is refused with its ``usage``."""

    def __init__(self, verb: str, usage: str, description: str, **style: Any):
        super().__init__(PROGRAM + verb, usage.removeprefix(PROGRAM), description, **{"allow_abbrev": False, **style})
        self.verb = verb
        self.usage_line = usage

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{self.verb}: {message}\n  {self.usage_line}")

    def add_overwrite(self, what: str) -> None:
        self.add_argument("--overwrite", action="store_true", help=f"replace {what} there already")

    def parse_known(self, argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
        """The flags, and the other words."""
        return self.parse_known_args(list(argv))


def picture_parser(usage: str, description: str, named_after: str) -> Parser:
    """The flags of ``view`` where it draws one picture."""
    made = Parser("view", usage, description)
    made.add_argument("--out", metavar="FILE.png", help=f"the picture; by default <{named_after}>.png in this folder")
    made.add_overwrite("the file where it is")
    return made


def no_such_flag(verb: str, word: str, usage: str) -> str | None:
    """What is wrong with a word among those that are composed as those of ``train`` are, if it is a flag."""
    if word.startswith("-") and word.partition("=")[0] != "--config-dir":
        return f"{verb}: {word}: no such flag\n  {usage}"
    return None


def whole_number(text: str) -> int:
    """Raises ArgumentTypeError, since what argparse says of an int is for programmers."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text}: must be a whole number, 0 or more")
    return int(text)


def check_picture(out: Path, *, overwrite: bool) -> None:
    """Raises ConfigError where ``out`` is no name for a PNG file, or is there already."""
    if out.suffix.lower() != ".png":
        raise ConfigError(f"--out {out}: pictures are PNG files; name it {out.name or 'picture'}.png")
    check_out("--out", out, overwrite=overwrite)


def check_out(flag: str, out: Path, *, overwrite: bool) -> None:
    """Raises ConfigError where ``out`` cannot be made, or is there already; ``flag`` is what names another."""
    if out.is_dir():
        raise ConfigError(f"{flag} {out}: is a folder; name a file in it")
    if not out.parent.is_dir():
        raise ConfigError(f"{flag} {out}: there is no folder {out.parent}; make it first, or name another")
    if out.exists() and not overwrite:
        raise ConfigError(f"{out}: there already; replace it with --overwrite, or name another with {flag}")
