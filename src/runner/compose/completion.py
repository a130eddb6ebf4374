"""Words for the tab key. The shell's scripts are Hydra's; they call ``runner -sc query=bash`` with the line so far."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from runner.compose.answers import answer
from runner.compose.request import parse
from runner.config.catalog import GROUPS, Catalog, conf_folders
from runner.errors import ConfigError


def complete(argv: list[str], verbs: Collection[str]) -> int:
    """Prints the script to install, or what may follow the line in COMP_LINE."""
    wanted = argv[1:] or [""]
    if not wanted[0].startswith("query="):
        answer(parse(argv))
        return 0
    _, _, typed = os.environ.get("COMP_LINE", "").lstrip().partition(" ")
    verb, space, rest = typed.lstrip().partition(" ")
    if not space:
        _print((name for name in verbs if name.startswith(verb)), wanted[0])
    elif verb == "show":
        _print(_showable(rest.rpartition(" ")[2]), wanted[0])
    elif verb == "train":
        _complete_train(argv, rest)
    return 0


def _complete_train(argv: list[str], rest: str) -> None:
    os.environ["COMP_LINE"] = f"runner {rest}"  # Hydra knows no verbs
    try:
        answer(parse(argv))
    except ConfigError:
        return  # a line that is wrong so far; it is told when it is entered


def _showable(begun: str) -> Iterable[str]:
    catalog = Catalog(conf_folders())
    group, equals, _ = begun.partition("=")
    names = [f"{group}={name}" for name in catalog.options(group)] if equals else [*GROUPS, "settings"]
    return [name for name in names if name.startswith(begun)]


def _print(words: Iterable[str], query: str) -> None:
    print(("\n" if query == "query=fish" else " ").join(words))
