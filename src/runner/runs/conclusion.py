"""What a ranking lets one say: is the best setting better than the next, or only luckier? Imports no torch.

The best is compared with the next alone, and nothing is corrected for having been picked: among many equal settings the
two best lie close together. scripts/simulate_conclusions.py counts how often that misleads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import stdev

from rich.cells import cell_len

from runner.runs.origin import as_shown
from runner.runs.paired_test import LEVEL, MOST_MORE, Pairs
from runner.runs.ranking import Contest, Entry, repeated
from runner.text import figure, shortened

ROUNDING = 1e-6  # of a value: what single precision does not tell apart
CUTS = ("split_seed", "folds", "val_fraction", "test_fraction")  # which rows a run is judged on
MOST_NAMED = 3  # settings by which one is called
LONGEST_NAME = 60


@dataclass(frozen=True)
class Conclusion:
    verdict: str = ""
    caution: str = ""  # what the value of the best is worth
    is_better: bool = False  # whether the best is shown to be better than the next

    @property
    def sentences(self) -> list[str]:
        return [told for told in (self.verdict, self.caution) if told]


def conclude(contest: Contest) -> Conclusion:
    """The best of a contest against the next, in plain sentences; without words where there is no next."""
    if len(contest.entries) < 2:
        return Conclusion()
    if refusal := _why_not(contest):
        return Conclusion(refusal)
    rivals = Rivals(contest, *contest.entries[:2])
    return Conclusion(rivals.verdict(), caution(contest), rivals.is_shown and rivals.pairs.mean > 0)


def _why_not(contest: Contest) -> str:
    metric = contest.metric
    if metric.endswith("/loss") and any(name.partition(".")[0] == "loss" for name in contest.settings):
        return "values of different losses cannot be compared; rank by another metric: --by"
    if metric.startswith("test/"):
        return "Nothing is concluded from test rows: settings are chosen on validation rows, as without --by."
    if contest.higher_is_better is None:
        return f"Nothing is concluded: whether a high or a low {metric} is better is not said."
    if not _is_finite(contest.entries[0].mean(metric)):
        return f"Nothing is concluded: no setting has a finite {metric} in each of its runs."
    if not _is_finite(contest.entries[1].mean(metric)):
        return f"{called(contest.entries[0], contest.settings)} alone came to a finite {metric} in each of its runs."
    return ""


def caution(contest: Contest) -> str:
    """The best was picked by its own value."""
    metric, best = contest.metric, contest.entries[0]
    if not metric.startswith("val/"):
        return f"{metric} is of rows trained on: it does not say which is better on others."
    name, num = called(best, contest.settings), len(contest.entries)
    told = f"Being the best of {num}, {name} likely owes some of its {metric} to luck"
    on_test = f"test/{metric.rpartition('/')[2]}"
    unpicked = f"; its {on_test} {best.scores[on_test]} had no part in the choice" if on_test in best.scores else ""
    return f"{told}{unpicked}."


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


@dataclass(frozen=True)
class Rivals:
    """The best of a contest, and the next."""

    contest: Contest
    best: Entry
    next: Entry

    def verdict(self) -> str:
        """What tells them apart stands in the sentence, what other settings of the contest differ in before it."""
        shared = [name for name in self.contest.settings if name not in self.apart]
        return f"With {called(self.best, shared)}, {self._verdict()}" if shared else self._verdict()

    def _verdict(self) -> str:
        best, other = self.names
        if self.cuts:
            told = "cannot be told apart: they are judged on different rows"
            return f"{best} and {other} {told} ({', '.join(self.cuts)})."
        if not self.common:
            same = "train both with the same: seed=0,1,2"
            return f"{best} and {other} have no seed in common; {same}."
        if len(self.common) == 1:
            return f"{self.lead}. One run each says nothing about luck; seeds do: seed=0,1,2,3,4."
        return self._tested() if self.has_spread else self._without_spread()

    def _tested(self) -> str:
        pairs = self.pairs
        ends = " to ".join(figure(abs(pairs.mean) + side * pairs.half_width) for side in (-1, 1))
        chance = "p < 0.001" if pairs.p < 0.001 else f"p = {pairs.p:.2g}"
        told = f"{self.lead}, 95 % interval {ends} (paired t test over {self.repeats}, {chance})."
        return told if self.is_shown else f"{told} {self._lacking()}"

    def _lacking(self) -> str:
        """How much more would do."""
        more, of_each = self.pairs.more(max(self.num_folds, 1)), " seeds of each" if self.num_folds > 1 else ""
        told = f"{self.repeats} do not tell them apart; "
        if more is None:
            return f"{told}even {MOST_MORE} more{of_each} would not show a difference of this size."
        return f"{told}about {more} more{of_each} would show a difference of this size."

    def _without_spread(self) -> str:
        if max(map(abs, self.pairs.differences)) <= self.rounding:
            best, other = self.names
            same = f"{best} and {other} have the same {self.contest.metric} in each of {self.repeats}"
            return f"{same}: what differs between them has no effect on it."
        told = f"{self.lead}, by the same in each of {self.repeats}: there is no spread to judge it by"
        return f"{told}; other seeds or rows tell more: folds=5 fold=all."

    @property
    def lead(self) -> str:
        """Who is ahead by how much in the runs that both have; that need not be the best of all runs."""
        (best, other), mean = self.names, self.pairs.mean
        if abs(mean) <= self.rounding:
            return f"{best} and {other} have the same {self.contest.metric}{self._where}"
        by = f"by {figure(abs(mean))} in {self.contest.metric}{self._where}"
        verb = "better than" if self.is_shown else "ahead of"
        if mean < 0:
            return f"{best} is first by its mean, but {other} is {verb} it {by}"
        return f"{best} is {verb} {other} {by}"

    @property
    def is_shown(self) -> bool:
        return not self.cuts and len(self.common) > 1 and self.has_spread and self.pairs.p < LEVEL

    @property
    def cuts(self) -> list[str]:
        """Settings by which other rows judge the one than the other."""
        return [name for name in CUTS if self.best.settings.get(name) != self.next.settings.get(name)]

    @property
    def _where(self) -> str:
        if len(self.common) == len(self.best.runs) == len(self.next.runs):
            return ""
        return f" over the {self.repeats} that both have" if self.repeats else " with the one seed that both have"

    @property
    def repeats(self) -> str:
        return repeated(self.common)

    @property
    def num_folds(self) -> int:
        return len({fold for _, fold in self.common})

    @property
    def rounding(self) -> float:
        return ROUNDING * max(map(abs, (*self._values(self.best), *self._values(self.next))))

    @property
    def has_spread(self) -> bool:
        """A difference of none or the same everywhere, as where nothing is drawn, has no spread to hold it against."""
        return stdev(self.pairs.differences) > self.rounding

    @property
    def names(self) -> tuple[str, str]:
        """What tells them apart: optimizer.lr=0.1."""
        return called(self.best, self.apart), called(self.next, self.apart)

    @property
    def apart(self) -> list[str]:
        best, other = self.best.settings, self.next.settings
        return [name for name in self.contest.settings if best.get(name) != other.get(name)]

    @cached_property
    def common(self) -> list[tuple[str | None, ...]]:
        """(seed, fold) that both have."""
        return [key for key in self.best.by_repeat if key in self.next.by_repeat]

    @cached_property
    def pairs(self) -> Pairs:
        """By how much the best is better in each."""
        sign = 1 if self.contest.higher_is_better else -1
        best, others = (self._values(entry) for entry in (self.best, self.next))
        return Pairs([sign * (value - other) for value, other in zip(best, others, strict=True)], self._overlap)

    @property
    def _overlap(self) -> float:
        """Of K folds each tests on 1 row for K - 1 that it trains on."""
        if self.num_folds < 2:
            return 0.0
        said = self.best.settings.get("folds", "")
        return 1 / (max(int(said) if said.isdecimal() else 0, self.num_folds) - 1)

    def _values(self, entry: Entry) -> list[float]:
        return [entry.by_repeat[key].metrics[self.contest.metric] for key in self.common]


def called(entry: Entry, settings: Sequence[str]) -> str:
    """An entry by those of the settings that tell it from another: model=mlp optimizer.lr=0.1."""
    words = [f"{name}={as_shown(name, entry.settings[name])}" for name in settings if name in entry.settings]
    num_told = min(len(words), MOST_NAMED)
    while num_told > 1 and cell_len(" ".join(words[:num_told])) > LONGEST_NAME:
        num_told -= 1
    name = shortened(" ".join(words[:num_told]), LONGEST_NAME, "...")
    return name if len(words) == num_told or name.endswith("...") else f"{name} ..."
