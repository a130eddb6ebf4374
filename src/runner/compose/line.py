"""A command line taken apart, also where it is typed as for another program: --lr 0.1, epochs 5, model = cnn."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from runner.config.catalog import OF_A_SWEEP, PARTS, Catalog, Knob
from runner.text import expanded

OPERATOR = re.compile(r"==|!=|<=?|>=?|and|or|not|in|[-+*/%]")  # of a condition
OTHER = re.compile(r"[+~]*[\w./@]+=(?!=)|-+[A-Za-z]")  # word that begins a new piece
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
YAML = re.compile(r".+\.ya?ml", re.IGNORECASE)
OF_FILES = ("c", "cfg", "cfg_file", "conf", "config", "config_file", "config_name", "config_path", "yaml")
IN_WORDS = {"yes": True, "on": True, "1": True, "true": True, "no": False, "off": False, "0": False, "false": False}
DASHES = "write settings without dashes"
NO_BLANK = "write a list without spaces, or in quotes"
BLANKS = "write no spaces around the ="
COMMA = "write no comma at the end"
QUOTES = "write a path with spaces in quotes"
CONDITION = "write a condition in quotes"
EQUALS = "write a setting and its value as one word, with ="


@dataclass(frozen=True)
class Piece:
    """One or more words that belong together: a flag, a setting with its value, or something else."""

    typed: tuple[str, ...]
    key: str = ""  # "" of a flag, and of a word that is no setting
    value: str | None = None  # None of a switch that stands alone: --shuffle
    fault: str = ""  # of the form; "" where it is right

    @property
    def text(self) -> str:
        return " ".join(self.typed)


@dataclass(frozen=True)
class Meant:
    """The words in place of one, and why that is not right as it is."""

    words: tuple[str, ...]
    why: str = ""
    is_sweep: bool = False  # several values, a run for each: -m


def pieces(
    words: Sequence[str],
    flags: Mapping[str, bool],
    is_setting: Callable[[str], bool],
    is_switch: Callable[[str], bool],
) -> Iterator[Piece]:
    """The line in its order. ``flags`` of the verb: whether a value follows; ``is_setting``: whether a word names one,
    here or in another program; ``is_switch``: whether that may stand alone."""
    rest = list(words)
    while rest:
        if rest[0].startswith("-") and not NUMBER.match(rest[0]) and rest[0] != "-":
            piece = _flag(rest, flags) or _option(rest, is_switch)
        else:
            apart = _cut(rest) or _cut_path(rest) or _condition(rest) or _switch(rest, is_switch)
            piece = apart or _pair(rest, is_setting) or _word(rest[0])
        yield piece
        del rest[: len(piece.typed)]


def _flag(rest: Sequence[str], flags: Mapping[str, bool]) -> Piece | None:
    name, equals, _ = rest[0].partition("=")
    whole = [flag for flag in flags if flag == name] or [flag for flag in flags if flag.startswith(name)]
    if len(whole) != 1 or len(name) < 2:
        return None
    return Piece(tuple(rest[: 2 if flags[whole[0]] and not equals else 1]))


def _option(rest: Sequence[str], is_switch: Callable[[str], bool]) -> Piece:
    """``--key=value``, ``--key value`` or ``--key``; of several values that follow only numbers are its own."""
    name, equals, value = rest[0].lstrip("-").partition("=")
    key = name.replace("-", "_")
    if equals:
        return Piece((rest[0],), key, value, DASHES)
    free = list(takewhile(_is_value, rest[1:]))
    if is_switch(key):
        free = free[:1] if free and free[0].lower() in IN_WORDS else []
    values = free[:1] + list(takewhile(NUMBER.fullmatch, free[1:]))
    return Piece((rest[0], *values), key, ",".join(values) if values else None, DASHES)


def _cut(rest: Sequence[str]) -> Piece | None:
    """``hidden=[64, 32]``, which a shell has cut at its blank."""
    key, equals, value = rest[0].partition("=")
    if not equals or not value.startswith(("[", "{")) or num_open(value) <= 0:
        return None
    wholes = ((end, " ".join([value, *rest[1:end]])) for end in range(2, len(rest) + 1))
    end, whole = next(((end, whole) for end, whole in wholes if num_open(whole) == 0), (0, ""))
    return Piece(tuple(rest[:end]), key, whole.replace(", ", ","), NO_BLANK) if end else None


def _cut_path(rest: Sequence[str]) -> Piece | None:
    """``my data.csv`` or ``dataset.path=my data.csv``, which a shell has cut at its blanks: there is such a file."""
    key, _, start = rest[0].rpartition("=")
    if not start or Path(start).exists() or not all(map(_is_value, rest[1:2])):
        return None
    more = list(takewhile(_is_value, rest[1:]))
    wholes = [(size, " ".join([start, *more[:size]])) for size in range(1, len(more) + 1)]
    size, whole = next(((size, whole) for size, whole in wholes if expanded(whole).exists()), (0, ""))
    return Piece((rest[0], *more[:size]), key, whole, QUOTES) if size else None


def _condition(rest: Sequence[str]) -> Piece | None:
    """``sweep.skip=model == cnn``, which a shell has cut at its blanks."""
    key, _, value = rest[0].partition("=")
    if key.lstrip("+") != "sweep.skip" or not OPERATOR.fullmatch(rest[1] if len(rest) > 1 else ""):
        return None
    more = list(takewhile(lambda word: not OTHER.match(word), rest[1:]))
    return Piece((rest[0], *more), key, " ".join([value, *more]), CONDITION)


def num_open(text: str) -> int:
    """How many brackets are open at the end."""
    return sum(text.count(bracket) for bracket in "[{") - sum(text.count(bracket) for bracket in "]}")


def _switch(rest: Sequence[str], is_switch: Callable[[str], bool]) -> Piece | None:
    """``nesterov``, which stands alone."""
    word, follows = (*rest, "")[:2]
    has_value = follows.startswith("=") or follows.lower() in IN_WORDS
    is_alone = word.isidentifier() and is_switch(word) and not has_value and not Path(word).exists()
    return Piece((word,), word, None, EQUALS) if is_alone else None


def _pair(rest: Sequence[str], is_setting: Callable[[str], bool]) -> Piece | None:
    """``epochs = 5``, ``epochs= 5``, ``epochs =5``, ``epochs 5``, ``epochs: 5`` or ``epochs:5``."""
    first, second, third = (*rest, "", "")[:3]
    key, equals, value = first.partition("=")
    if not equals and second == "=" and _is_value(third):
        return Piece((first, second, third), first, third, BLANKS)
    if not equals and second.startswith("=") and len(second) > 1:
        return Piece((first, second), first, second[1:], BLANKS)
    if equals and not value and is_setting(key) and _is_value(second):
        return Piece((first, second), key, second, BLANKS)
    if equals:
        return None
    if is_setting(first.removesuffix(":")) and _is_value(second):
        return Piece((first, second), first.removesuffix(":"), second, EQUALS)
    key, colon, value = first.partition(":")
    return Piece((first,), key, value, EQUALS) if colon and value and is_setting(key) else None


def _word(word: str) -> Piece:
    key, equals, value = word.partition("=")
    is_setting = equals and "(" not in key
    if is_setting and value.endswith(","):
        return Piece((word,), key, value.rstrip(","), COMMA)
    return Piece((word,), key if is_setting else "", value if is_setting else None)


def _is_value(word: str) -> bool:
    return bool(word) and "=" not in word and (not word.startswith("-") or NUMBER.fullmatch(word) is not None)


def is_of_a_sweep(word: str) -> bool:
    """Whether it says how the jobs of ``train -m`` are chosen and run."""
    return re.split(r"[.=]", word.lstrip("+"), maxsplit=1)[0] in ("sweep", *OF_A_SWEEP)


def settings_file(piece: Piece, folders: Sequence[Path]) -> Meant | None:
    """``--config my.yaml``: a YAML file is a word of its own; not where Hydra finds it by that name."""
    if not piece.key and Path(f"{piece.text}.yaml").is_file():
        return Meant((f"{piece.text}.yaml",), "a file of settings is named with its ending")
    flag, equals, value = piece.typed[0].partition("=")
    name = piece.key or flag.lstrip("-").replace("-", "_")
    value = piece.value or (value if equals else piece.typed[-1])
    is_found = any((folder / value).is_file() for folder in folders)
    if (flag == piece.typed[0] == value and not equals) or not YAML.fullmatch(value) or is_found:
        return None
    is_file = name in OF_FILES or flag in ("-cn", "-cp") or (name == "experiment" and Path(value).is_file())
    return Meant((value,), "a file of settings is a word of its own") if is_file else None


def knobs_said(words: Sequence[str], catalog: Catalog) -> dict[str, Knob]:
    """The knobs of the options that the words choose: momentum and nesterov of optimizer=sgd."""
    chosen = [(group, name) for group, _, name in (word.partition("=") for word in words) if group in PARTS]
    known = [catalog.option(group, name) for group, name in chosen if name in catalog.options(group)]
    return {name: knob for option in known for name, knob in option.knobs.items()}
