"""What a search may choose from: the values of one setting, and how one that was drawn is written on a command line."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_NAMED = 6  # values of a choice in words
PRECISION = 5e-4  # of the width of an interval, of a value itself where the interval is logarithmic: nobody sees less


@dataclass(frozen=True)
class Interval:
    """The numbers from ``low`` to ``high``, both of them as well; a place in it is the number."""

    low: float
    high: float
    is_log: bool
    is_whole: bool

    def at(self, share: float) -> float:
        """The number behind that ``share`` of the interval, 0 <= share < 1; whole ones have equal shares."""
        margin = 0.5 if self.is_whole else 0.0
        low, high = self.low - margin, self.high + margin
        if self.is_log:
            return math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        return low + share * (high - low)

    def rounded(self, value: float) -> float:
        """The number in no more decimals than anybody looks at, inside the interval."""
        margin = PRECISION * (value if self.is_log else self.high - self.low)
        near = round(value) if self.is_whole else round(value, math.ceil(-math.log10(2 * margin)))
        return min(max(near, self.low), self.high)

    def text(self, place: float) -> str:
        return repr(place)

    def as_fact(self) -> dict[str, Any]:
        """As sweep.json has it."""
        return {
            "kind": "interval",
            "low": self.low,
            "high": self.high,
            "log": self.is_log,
            "whole": self.is_whole,
        }


@dataclass(frozen=True)
class Choice:
    """Some values; a place in it is the number of one, from 0. Those of a range are numbers in their order."""

    words: tuple[str, ...]  # for Hydra: ++name='a b'
    texts: tuple[str, ...] = field(compare=False)  # as people read them: a b
    is_range: bool

    def at(self, share: float) -> float:
        """The value behind that ``share`` of them, 0 <= share < 1."""
        return int(share * len(self.texts))

    def rounded(self, value: float) -> float:
        return int(value)

    def text(self, place: float) -> str:
        return self.texts[int(place)]

    def as_fact(self) -> dict[str, Any]:
        """As sweep.json has it."""
        kind = "range" if self.is_range else "choice"
        return {"kind": kind, "values": list(self.texts), "words": list(self.words)}


Dimension = Interval | Choice
Point = Mapping[str, float]  # a place in each dimension that a trial has, by setting


def dimension_of_fact(fact: Mapping[str, Any]) -> Dimension:
    """Raises KeyError where something of it is missing."""
    if fact["kind"] == "interval":
        return Interval(fact["low"], fact["high"], fact["log"], fact["whole"])
    return Choice(tuple(fact["words"]), tuple(fact["values"]), fact["kind"] == "range")


@dataclass(frozen=True)
class Space:
    """The dimensions of a search by setting, in the order of the command line.

    ``only_with`` says of a knob that not all chosen options of its group have which do: a trial with another option
    leaves the knob out, whether it is searched or has one value.
    """

    dimensions: Mapping[str, Dimension]
    only_with: Mapping[str, tuple[str, tuple[str, ...]]]  # "model.channels" -> ("model", ("cnn",))

    def point(self, draw: Callable[[str, Dimension], float]) -> dict[str, float]:
        """A place in each dimension that goes with the others, by ``draw``, which is asked for options first."""
        found: dict[str, float] = {}
        for key in sorted(self.dimensions, key=self.only_with.__contains__):
            if self.has(key, found):
                found[key] = self.dimensions[key].rounded(draw(key, self.dimensions[key]))
        return found

    def has(self, key: str, point: Point) -> bool:
        """Whether a trial with the options of ``point`` has that setting."""
        group, options = self.only_with.get(key, ("", ()))
        return not group or self.dimensions[group].text(point[group]) in options

    def word(self, key: str, place: float) -> str:
        """What is typed for that place, for Hydra."""
        dimension = self.dimensions[key]
        return dimension.words[int(place)] if isinstance(dimension, Choice) else f"++{key}={dimension.text(place)}"

    def size(self) -> float:
        """How many different points there are, at most; infinite where a dimension has no steps."""
        return math.prod(map(_size, self.dimensions.values()))

    def as_fact(self) -> dict[str, Any]:
        """As sweep.json has it."""
        only_with = {key: {group: list(options)} for key, (group, options) in self.only_with.items()}
        space = {key: dimension.as_fact() for key, dimension in self.dimensions.items()}
        return {"space": space, "only_with": only_with}


def space_of_fact(fact: Mapping[str, Any]) -> Space:
    """Raises KeyError where something of it is missing."""
    holders = {key: next(iter(options.items())) for key, options in fact["only_with"].items()}
    dimensions = {key: dimension_of_fact(each) for key, each in fact["space"].items()}
    return Space(dimensions, {key: (group, tuple(options)) for key, (group, options) in holders.items()})


def _size(dimension: Dimension) -> float:
    if isinstance(dimension, Choice):
        return len(dimension.texts)
    return dimension.high - dimension.low + 1 if dimension.is_whole else math.inf


def described(space: Space) -> dict[str, str]:
    """The values of each dimension in words, by setting: ``0.0001 to 0.1, log``, ``mlp, cnn``."""
    return {key: _described(dimension) for key, dimension in space.dimensions.items()}


def _described(dimension: Dimension) -> str:
    if isinstance(dimension, Interval):
        kind = ", log" * dimension.is_log + ", whole" * dimension.is_whole
        return f"{dimension.low:g} to {dimension.high:g}{kind}"
    texts = dimension.texts
    return ", ".join(texts if len(texts) <= MOST_NAMED else [*texts[: MOST_NAMED - 1], "...", texts[-1]])
