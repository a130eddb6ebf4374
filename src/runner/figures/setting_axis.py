"""Where values stand on an axis from 0 to 1: those of a setting as it was typed, and those of a monitor."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from statistics import quantiles

from matplotlib.ticker import LogLocator, MaxNLocator

from runner.figures.style import tick
from runner.runs.candidates import Candidates
from runner.runs.origin import as_shown
from runner.runs.ranking import place
from runner.runs.setting_importance import Column

WIDE = 20  # times the least value that the greatest of an axis is where it has a scale of powers of ten
MOST_TICKS = 8  # of values that are named one by one
LEAST_GAP = 0.06  # of an axis, from one tick to the next
PARTS = 5  # of a scale, as categories
ABSENT = -0.15  # where those stand that do not have the setting
CUT_BEHIND = 3.0  # times as far from the best as three quarters of the values are


@dataclass(frozen=True)
class Scale:
    """Numbers from ``low`` to ``high`` on 0 to 1, even or by their logarithm; what lies beyond is at the end."""

    low: float
    high: float
    is_log: bool

    @classmethod
    def of(cls, values: Iterable[float], is_log: bool | None = None) -> Scale:
        """That of all the values; log, where nobody says, if they are positive and more than WIDE times apart."""
        found = list(values)
        low, high = min(found), max(found)
        return cls(low, high, low > 0 and high > WIDE * low if is_log is None else is_log and low > 0)

    def at(self, value: float) -> float:
        if self.low == self.high:
            return 0.5
        low, high, inside = map(self._bent, (self.low, self.high, min(max(value, self.low), self.high)))
        return (inside - low) / (high - low)

    @property
    def _bent(self) -> Callable[[float], float]:
        return math.log10 if self.is_log else float

    @property
    def ticks(self) -> list[float]:
        """Round numbers inside."""
        if self.low == self.high:
            return [self.low]
        found = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(self.low, self.high)
        if self.is_log:
            found = LogLocator(subs=(1,) if self.high > 1000 * self.low else (1, 3)).tick_values(self.low, self.high)
        return [float(value) for value in found if self.low <= value <= self.high]


@dataclass(frozen=True)
class SettingAxis:
    """A setting, and where each candidate stands on it: numbers by a scale, all else by categories as they came."""

    name: str
    values: tuple[str | None, ...]  # of each candidate; None where it does not have the setting
    is_log: bool | None  # None where no search says

    @classmethod
    def all_of(cls, found: Candidates) -> list[SettingAxis]:
        return [
            cls(name, tuple(each.settings.get(name) for each in found.all), found.log_scaled.get(name))
            for name in found.settings
        ]

    @cached_property
    def distinct(self) -> list[str]:
        """Numbers, and lists of numbers, by their size, all else in the order of the jobs."""
        there = list(dict.fromkeys(value for value in self.values if value is not None))
        is_sized = all(map(is_number, there)) or all(map(is_list, there))
        return sorted(there, key=numbers_in) if is_sized else there

    @cached_property
    def scale(self) -> Scale | None:
        """None of categories."""
        numbers = [float(value) for value in self.distinct if is_number(value)]
        return Scale.of(numbers, self.is_log) if len(numbers) == len(self.distinct) else None

    @cached_property
    def places(self) -> list[float]:
        """Of each candidate."""
        return [ABSENT if value is None else self.place(value) for value in self.values]

    def place(self, value: str) -> float:
        if self.scale is not None:
            return self.scale.at(float(value))
        return (self.distinct.index(value) + 0.5) / len(self.distinct)

    def column(self, numbers: Sequence[int]) -> Column:
        """These candidates as trees see them; parts of a scale are categories where some do not have the setting."""
        places = [self.places[number] for number in numbers]
        if self.scale is not None and None not in self.values:
            return Column(tuple(places))
        parts = PARTS if self.scale is not None else len(self.distinct)
        codes = [0 if place == ABSENT else 1 + min(int(place * parts), parts - 1) for place in places]
        return Column(tuple(map(float, codes)), parts + 1)

    @cached_property
    def is_shared(self) -> bool:
        """Whether many stand on few places."""
        there = sum(value is not None for value in self.values)
        return self.scale is None or len(self.distinct) <= min(there / 2, MOST_TICKS)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """(height, text): the values where they are few, else round numbers; of categories what has room."""
        if self.scale is not None and len(self.distinct) > MOST_TICKS:
            ticks = [(self.scale.at(value), tick(value)) for value in self.scale.ticks]
        else:
            ticks = apart([(self.place(value), as_shown(self.name, value)) for value in self.distinct])
        return [*ticks, *([(ABSENT, "none")] if None in self.values else [])]


def apart(ticks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Without those that are too close to one before them."""
    kept = list(ticks[:1])
    for height, words in ticks[1:]:
        if height - kept[-1][0] >= LEAST_GAP:
            kept.append((height, words))
    return kept


def is_number(text: str) -> bool:
    with suppress(ValueError):
        return math.isfinite(float(text))
    return False


def is_list(text: str) -> bool:
    inside = text.removeprefix("[").removesuffix("]")
    return len(inside) == len(text) - 2 and all(map(is_number, inside.split(",")))


def numbers_in(text: str) -> list[float]:
    return [float(number) for number in text.strip("[]").split(",")]


def score_scale(values: Sequence[float], higher_is_better: bool | None) -> Scale:
    """Of a monitor: values that are far worse than three quarters of all are left beyond its end.

    Else one run that diverged would push all others together.
    """
    best = min(values, key=lambda value: place(value, higher_is_better))
    away = sorted(abs(value - best) for value in values)
    limit = CUT_BEHIND * quantiles(away, n=4, method="inclusive")[-1] if len(away) > 1 else 0.0
    return Scale.of(value for value in values if abs(value - best) <= limit)
