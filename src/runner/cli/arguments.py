"""What the verbs' words have in common: a parser that describes them, the config they make, a file that is named."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from runner.config.run_config import Config
from runner.config.spelling import nearest
from runner.errors import ConfigError
from runner.text import as_called, expanded

PROGRAM = "python -m runner "
UNKNOWN = "unrecognized arguments: "  # argparse's own words


class Parser(argparse.ArgumentParser):
    """The words that a verb takes, for itself, for --help and for the tab key; others are refused with its usage."""

    def __init__(
        self,
        verb: str,
        usage: str,
        description: str,
        words: Iterable[str] = (),
        *,
        keys: Sequence[str] = (),
        composes: bool = False,
        reads_run: bool = False,
        **style: Any,
    ):
        super().__init__(PROGRAM + verb, f"{verb} {usage}", description, **{"allow_abbrev": False, **style})
        self.verb = verb
        self.usage_line = f"{PROGRAM}{verb} {usage}"
        self.words = (*(f"{key}=" for key in keys), *words)  # that the tab key offers beside the flags
        self.composes = composes  # group=option key=value, as train does
        self.reads_run = reads_run

    @property
    def flags(self) -> Iterator[str]:
        yield from (flag for action in self._actions for flag in action.option_strings)

    @property
    def takes_value(self) -> dict[str, bool]:
        """Of each flag, whether a value follows."""
        return {flag: action.nargs != 0 for action in self._actions for flag in action.option_strings}

    def error(self, message: str) -> NoReturn:
        if message.startswith(UNKNOWN):
            message = self.no_such_flag(message.removeprefix(UNKNOWN).partition(" ")[0])
        raise ConfigError(f"{self.verb}: {message}\n  {self.usage_line}")

    def format_help(self) -> str:
        """argparse's own where there are flags to explain, else the usage and the description."""
        is_explained = any(action.help != argparse.SUPPRESS for action in self._actions[1:])
        return as_called(super().format_help() if is_explained else f"{self.usage_line}\n\n{self.description}\n")

    def add_out(self, name: str, meaning: str, flag: str = "--out") -> None:
        self.add_argument(flag, type=expanded, metavar=name, help=meaning)

    def add_overwrite(self, what: str) -> None:
        self.add_argument("--overwrite", action="store_true", help=f"replace {what} there already")

    def add_config_dir(self, meaning: str = argparse.SUPPRESS) -> None:
        self.add_argument("--config-dir", metavar="DIR", help=meaning)

    def parse_known(self, argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
        """The flags, and the other words."""
        return self.parse_known_args(list(argv))

    def parse_words(self, argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
        """The flags, and the other words. Raises ConfigError where one of these is a flag too."""
        own, words = self.parse_known(argv)
        if fault := next(filter(None, map(self.flag_fault, words)), None):
            raise ConfigError(fault)
        return own, words

    def flag_fault(self, word: str) -> str | None:
        """What is wrong with a word that is left, where it is a flag."""
        is_flag = word.startswith("-") and word != "-"
        return f"{self.verb}: {self.no_such_flag(word)}\n  {self.usage_line}" if is_flag else None

    def no_such_flag(self, word: str) -> str:
        near = nearest(word.partition("=")[0], self.flags)
        return f"{word}: no such flag{f'; did you mean {near}?' if near else ''}"


def composed(words: Sequence[str], config_dir: str | None) -> Config:
    """What ``train`` with these words would run. Raises ConfigError with every fault."""
    from runner.compose import composition, request  # bring Hydra, which the tab key does without

    return composition.compose(request.parse([*words, *([f"--config-dir={config_dir}"] if config_dir else [])])).config


@contextmanager
def answered(
    verb: str,
    words: Sequence[str],
    made: Parser | None = None,
    unsuited: Callable[[Sequence[str]], Mapping[str, str]] | None = None,
) -> Iterator[None]:
    """What is refused inside is answered with the line that was meant, where that can be told.

    ``made`` of the verb's own words; ``unsuited`` says which words of ``train`` the verb has no use for, and why.
    """
    try:
        yield
    except ConfigError:
        from runner.cli import meant  # 0.05 s, which a line that is right does not pay

        meant.check(verb, words, made, unsuited)
        raise


def first_value(word: str) -> str:
    """The word with the first of several values, as a sweep takes them: dataset=a of ``dataset=a,b``."""
    key, equals, value = word.partition("=")
    return word if any(mark in value for mark in "[{('\"") else f"{key}{equals}{value.partition(',')[0]}"


def whole_number(text: str) -> int:
    """Raises ArgumentTypeError, since what argparse says of an int is for programmers."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text}: must be a whole number, 0 or more")
    return int(text)


def check_out(flag: str, out: Path, *, overwrite: bool) -> None:
    """Raises ConfigError where ``out`` cannot be made, or is there already; ``flag`` is what names another."""
    if out.is_dir():
        raise ConfigError(f"{flag} {out}: is a folder; name a file in it")
    if not out.parent.is_dir():
        raise ConfigError(f"{flag} {out}: there is no folder {out.parent}; make it first, or name another")
    if out.exists() and not overwrite:
        raise ConfigError(f"{out}: there already; replace it with --overwrite, or name another with {flag}")
