"""Two-sided paired t tests, of runs that have their seed, or seed and fold, in common."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

LEVEL = 0.05
POWER = 0.8
MOST_MORE = 100  # who lacks more than so many is not told how many


@dataclass(frozen=True)
class Pairs:
    """The differences of two or more pairs of runs, not all the same.

    Folds share most of their training rows, their runs are no independent draws: ``overlap``, the test rows of a fold
    for each of its training rows, is added to 1/n (Nadeau and Bengio 2003, Inference for the Generalization Error,
    Machine Learning 52, 239-281; with several seeds of each fold: Bouckaert and Frank 2004, PAKDD).
    """

    differences: Sequence[float]
    overlap: float = 0.0

    @property
    def mean(self) -> float:
        return fmean(self.differences)

    @property
    def p(self) -> float:
        num = len(self.differences)
        return outside(self.mean / self._error(num), num - 1)

    @property
    def half_width(self) -> float:
        """Of the 95 % interval about the mean."""
        num = len(self.differences)
        return limit(LEVEL, num - 1) * self._error(num)

    def more(self, at_once: int = 1) -> int | None:
        """How many times ``at_once`` more pairs show a difference as large in 80 of 100 tries; None: more than 100.

        By the power of a t test (Cohen 1988, Statistical Power Analysis, chapter 2), with Student's t for both limits.
        """

        def shows(times: int) -> bool:
            num = len(self.differences) + times * at_once
            limits = limit(LEVEL, num - 1) + limit(2 * (1 - POWER), num - 1)
            return abs(self.mean) >= limits * self._error(num)

        found = 1 + bisect_left(range(1, MOST_MORE + 1), True, key=shows)
        return found if found <= MOST_MORE else None

    def _error(self, num: int) -> float:
        """The standard error of the mean of ``num`` such differences."""
        return stdev(self.differences) * math.sqrt(1 / num + self.overlap)


def outside(t: float, freedom: int) -> float:
    """The probability that Student's t with ``freedom`` degrees of freedom is farther from 0 than ``t``.

    The finite series of Abramowitz and Stegun 1964, 26.7.3 and 26.7.4: scipy has it too, and takes as long to import as
    all of a report.
    """
    angle = math.atan(abs(t) / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    is_odd = freedom % 2
    term, series = (cosine, 0.0) if is_odd else (1.0, 0.0)
    for step in range(1 + is_odd, freedom, 2):
        series += term
        term *= cosine * cosine * step / (step + 1)
    inside = 2 / math.pi * (angle + sine * series) if is_odd else sine * series
    return min(max(1 - inside, 0.0), 1.0)


def limit(probability: float, freedom: int) -> float:
    """The t of which ``probability`` lies farther from 0."""
    low, high = 0.0, 1.0
    while outside(high, freedom) > probability:
        high *= 2
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if outside(middle, freedom) > probability else (low, middle)
    return high
