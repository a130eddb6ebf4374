"""Types with ranges, written as annotations (``Annotated[float, Range(above=0)]``), and one check of values."""

from __future__ import annotations

import itertools
import math
import operator
import re
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol, Union, get_args, get_origin

from runner.text import visible


class Limit(Protocol):
    """What an annotation adds to a type; its str() completes 'a number ...'."""

    def admits(self, value: Any) -> bool:
        """Whether a value of the right type is allowed."""


@dataclass(frozen=True)
class Range:
    """Numbers between ends: ``low`` and ``high`` belong to it, ``above`` and ``below`` do not."""

    low: float | None = None
    high: float | None = None
    above: float | None = None
    below: float | None = None

    def admits(self, value: Any) -> bool:
        return all(end is None or holds(value, end) for _, holds, end in self._ends())

    def __str__(self) -> str:
        return " and ".join(f"{sign} {end}" for sign, _, end in self._ends() if end is not None)

    def _ends(self) -> Iterable[tuple[str, Callable[[float, float], bool], float | None]]:
        signs, holds = (">=", ">", "<=", "<"), (operator.ge, operator.gt, operator.le, operator.lt)
        return zip(signs, holds, (self.low, self.above, self.high, self.below), strict=True)


@dataclass(frozen=True)
class Odd:
    """Whole numbers with a middle."""

    def admits(self, value: Any) -> bool:
        return bool(value % 2)

    def __str__(self) -> str:
        return "that is odd"


@dataclass(frozen=True)
class Matching:
    """Text of a form that ``words`` describe."""

    pattern: str
    words: str

    def admits(self, value: Any) -> bool:
        return re.fullmatch(self.pattern, value) is not None

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True)
class Increasing:
    """A list whose every number is larger than the one before."""

    def admits(self, value: Any) -> bool:
        return all(a < b for a, b in itertools.pairwise(value))

    def __str__(self) -> str:
        return "each larger than the one before"


@dataclass(frozen=True)
class NotEmpty:
    """A list of at least one thing."""

    def admits(self, value: Any) -> bool:
        return len(value) > 0

    def __str__(self) -> str:
        return "at least one"


@dataclass(frozen=True)
class NotAllZero:
    """A list of numbers of which one is not 0."""

    def admits(self, value: Any) -> bool:
        return any(value)

    def __str__(self) -> str:
        return "at least one above 0"


@dataclass(frozen=True)
class NumbersByName:
    """Names, each with a list of numbers."""

    words: str

    def admits(self, value: Any) -> bool:
        return all(isinstance(name, str) and not faults(numbers, list[float], "") for name, numbers in value.items())

    def __str__(self) -> str:
        return self.words


def faults(value: Any, annotation: Any, where: str) -> list[str]:
    """What is wrong with the value, one line a fault, ``where`` is its dotted key; [] when it fits."""
    base, limits = _split(annotation)
    if get_origin(base) in (Union, types.UnionType):
        return _union_faults(value, base, where)
    if _is_list(base) and isinstance(value, Sequence) and not isinstance(value, str):
        return _list_faults(value, base, where) or _limit_faults(value, annotation, limits, where)
    if not _has_type(value, base) or _is_list(base):
        return [f"{where}={shown(value)}: must be {expected(annotation)}{_hint(value, annotation, where)}"]
    return _limit_faults(value, annotation, limits, where)


def expected(annotation: Any) -> str:
    """The annotation in words: 'a whole number >= 1 or null'."""
    base, limits = _split(annotation)
    words = _words(base)
    return " ".join([words, *map(str, limits)]) if not _is_list(base) else ", ".join([words, *map(str, limits)])


def choices(annotation: Any) -> list[str]:
    """The words that an annotation takes; [] where it takes any text, or none."""
    base, _ = _split(annotation)
    if get_origin(base) in (Union, types.UnionType):
        return [word for member in get_args(base) for word in choices(member)]
    return [word for word in get_args(base) if isinstance(word, str)] if get_origin(base) is Literal else []


def shown(value: Any) -> str:
    """A value as it is written in YAML and on the command line."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list):
        return f"[{','.join(map(shown, value))}]"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{shown(item)}" for key, item in value.items()) + "}"
    text = "''" if value == "" else visible(str(value))
    return text if len(text) <= 80 else f"{text[:77]}..."


def without_limits(annotation: Any) -> Any:
    """The types alone: any number where one of a range is asked for; a count keeps its range."""
    base, _ = _split(annotation)
    if base is int:
        return annotation
    members = () if get_origin(base) is Literal else tuple(map(without_limits, get_args(base)))
    if get_origin(base) in (Union, types.UnionType):
        return Union[members]  # noqa: UP007  # its members are not written out
    return get_origin(base)[members] if members else base


def _split(annotation: Any) -> tuple[Any, tuple[Limit, ...]]:
    if get_origin(annotation) is Annotated:
        base, *limits = get_args(annotation)
        return base, tuple(limits)
    return annotation, ()


def _is_list(base: Any) -> bool:
    return get_origin(base) in (list, tuple)


def _union_faults(value: Any, base: Any, where: str) -> list[str]:
    found = [faults(value, member, where) for member in get_args(base)]
    if [] in found:
        return []
    if isinstance(value, list):  # the list among the members says which element is wrong
        for member, wrong in zip(get_args(base), found, strict=True):
            if _is_list(_split(member)[0]):
                return wrong
    return [f"{where}={shown(value)}: must be {expected(base)}{_hint(value, base, where)}"]


def _list_faults(value: Sequence[Any], base: Any, where: str) -> list[str]:
    members = get_args(base)
    if get_origin(base) is list:
        members = members * len(value)
    elif len(members) != len(value):
        return [f"{where}={shown(list(value))}: must be {expected(base)}; it has {len(value)}"]
    pairs = enumerate(zip(value, members, strict=True))
    return [fault for i, (item, member) in pairs for fault in faults(item, member, f"{where}[{i}]")]


def _limit_faults(value: Any, annotation: Any, limits: tuple[Limit, ...], where: str) -> list[str]:
    if all(limit.admits(value) for limit in limits):
        return []
    return [f"{where}={shown(value)}: must be {expected(annotation)}"]


def _has_type(value: Any, base: Any) -> bool:
    if base is Any:
        return True
    if get_origin(base) is Literal:
        return any(value == choice and type(value) is type(choice) for choice in get_args(base))
    if base is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if base is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, get_origin(base) or base)


def _words(base: Any) -> str:
    if get_origin(base) is dict:
        return "key: value pairs"
    if get_origin(base) in (Union, types.UnionType):
        return " or ".join(expected(member) for member in get_args(base))
    if get_origin(base) is Literal:
        choices = [shown(choice) for choice in get_args(base)]
        return choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
    if get_origin(base) is tuple:
        members = get_args(base)
        same = len(set(map(str, members))) == 1
        each = f"each {expected(members[0])}" if same else ", ".join(map(expected, members))
        return f"{len(members)} values, {each}"
    if get_origin(base) is list:
        member = get_args(base)[0]
        return "a list" if member is Any else f"a list, each {expected(member)}"
    return _PLAIN.get(base, str(base))


_PLAIN = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    type(None): "null",
    Any: "anything",
}


def _hint(value: Any, annotation: Any, where: str) -> str:
    """Why YAML took a value for something else than its writer meant."""
    words = expected(annotation)
    if isinstance(value, str) and "number" in words and re.fullmatch(r"0\d+", value):
        return f"; YAML reads {value} as text, write {int(value)}"
    if isinstance(value, bool) and f" {shown(value)}," in words:
        return f"; YAML reads {shown(value)} as a switch, write it in quotes: \"'{shown(value)}'\""
    if isinstance(value, Sequence) and value and not isinstance(value, str) and words.startswith("text"):
        return f"; one {where.rpartition('.')[2]} at a time: {where}={shown(value[0])}"
    if isinstance(value, bool) and words.startswith("text"):
        return "; YAML reads yes, no, on, off as true or false, put it in quotes"
    if isinstance(value, int | float) and words.startswith("text") and "number" not in words:
        return f"; YAML reads {shown(value)} as a number, put it in quotes: \"'{shown(value)}'\""
    return ""
