"""What is suspect in a fitted table: columns that alone tell the target, and values that likely stand for none.

Shapes: n rows, F features.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

import numpy as np
import torch
from torch import Tensor

from runner.contracts import Data, Split
from runner.data.table.column_kinds import setting
from runner.seed import generator
from runner.text import figure

MISSED = 0.01  # of the train rows at most, and ten times this share of those that the commonest value misses
MISSED_BY_SUSPECT = 0.05  # of a few rows; all of them are looked at of suspects alone
CELLS_TO_SUSPECT = 2**16  # of all columns together
ROWS_TO_SUSPECT = 128  # at least
FEWEST_ROWS = 30  # among fewer a column tells the target by chance
SAME_NUMBER = 0.02  # of the rows: two numbers to predict count as the same where fewer lie between them
MOST_LINES = 5


def leaks(data: Data, split: Split) -> list[str]:
    """A line for each column of a fitted table that alone tells the target of at least 99 % of the train rows."""
    assert isinstance(data.x, Tensor)
    # rows that are the same in a column must not stand in the order of the target
    order = torch.randperm(len(split.train), generator=generator(0, "leaks"))
    few = split.train[order[: max(CELLS_TO_SUSPECT // data.x.shape[1], ROWS_TO_SUSPECT)]]
    if len(few) < FEWEST_ROWS:
        return []
    goal = Goal(data, few)
    is_suspect_F = goal.missed(data.x[few]) <= goal.most_missed(MISSED_BY_SUSPECT)
    lines = list(_leak_lines(data, split.train[order], is_suspect_F.nonzero().flatten().tolist()))
    more = len(lines) - MOST_LINES
    return lines if more <= 0 else [*lines[:MOST_LINES], f"{more:,} more columns tell it likewise"]


def _leak_lines(data: Data, rows: Tensor, suspects: list[int]) -> Iterator[str]:
    assert isinstance(data.x, Tensor)
    if not suspects:  # to sort the targets of all rows takes longer than all that went before
        return
    goal = Goal(data, rows)
    if goal.by_chance == len(rows):  # the same in every row: no column needs to tell it
        return
    for place in suspects:
        missed = int(goal.missed(data.x[rows, place : place + 1]))
        if missed <= goal.most_missed(MISSED):
            yield _line(data, data.columns[place].in_file, 100 * (len(rows) - missed) // len(rows))


def _line(data: Data, name: str, percent: int) -> str:
    nearly = f" to {100 * SAME_NUMBER:g} % of its ranks" if data.task == "regression" else ""
    return (
        f"column {name} alone tells {data.target or 'the target'}{nearly} for {percent} % of the train rows: "
        f"is it known when you predict? if not, leave it out: {setting(name, 'ignored')}"
    )


class Goal:
    """The target of some rows, as places in its order that are the same where they lie within ``reach``."""

    def __init__(self, data: Data, rows: Tensor):
        _, code_n, counts = torch.unique(data.y[rows], return_inverse=True, return_counts=True)
        self.num_rows, self.by_chance = len(rows), int(counts.max())
        if data.task == "regression":
            self.place_n, self.reach = (counts.cumsum(0) - counts / 2)[code_n], max(SAME_NUMBER * len(rows), 2.0)
        else:
            self.place_n, self.reach = code_n, 0.0

    def most_missed(self, share: float) -> float:
        """How many rows a column that tells the target misses at most."""
        return min(share * self.num_rows, 10 * share * (self.num_rows - self.by_chance))

    def missed(self, x_nF: Tensor) -> Tensor:
        """[F] of how many rows a column does not tell the target.

        It does where the two rows before, or the two behind, in the order of the column have the target of the row.
        That holds on both sides of a threshold, and for no more rows than a guess is right where they are mixed.
        """
        place_nF = self.place_n[x_nF.argsort(dim=0, stable=True)]
        next_nF, second_nF = ((place_nF[step:] - place_nF[:-step]).abs() <= self.reach for step in (1, 2))
        is_told_nF = torch.zeros_like(place_nF, dtype=torch.bool)
        is_told_nF[:-2] |= next_nF[:-1] & second_nF
        is_told_nF[2:] |= next_nF[1:] & second_nF
        return (~is_told_nF).sum(0)


FEWEST = 5  # rows that hold the value
SHARE = 0.01  # of the rows that hold it at least
OTHERS = 10  # other values at least: fewer may be grades
SHARE_OF_NINES, OTHERS_OF_NINES = 0.003, 2  # -9, 99, 999 are seldom measured and often written for none
FAR = 1.25  # times the range of the others; powers of two are no farther than once
HALF_FAR = 0.5  # of nines, where they are oftener there than any other value
OFTENER = 2  # times as often there as any other value: one that is not far, but the only one beyond 0
MOST_NAMED = 3


@dataclass(frozen=True)
class Sentinel:
    """A value of a column, and the range of all others."""

    column: str
    value: float
    count: int
    lowest: float
    highest: float


def sentinels(data: Data, split: Split) -> list[str]:
    """A line on the values of a fitted table that likely stand for none, where it has such."""
    found: dict[str, list[Sentinel]] = {}
    for sentinel in _sentinels(data, split):
        found.setdefault(_shown(sentinel.value), []).append(sentinel)
    if not found:
        return []
    num_rows = sum(map(len, (split.train, split.val, split.test)))
    told = "; ".join(_clause(group, num_rows) for group in found.values())
    setting = quote(f"dataset.missing_values=[{','.join(found)}]")
    return [f"{told}: if {'they mean' if len(found) > 1 else 'it means'} that there is none, {setting}"]


def _clause(group: list[Sentinel], num_rows: int) -> str:
    first, others = group[0], [sentinel.column for sentinel in group[1:]]
    gap = max(first.lowest - first.value, first.value - first.highest)
    far = "far " if gap > FAR * (first.highest - first.lowest) else ""
    if (more := len(others) - MOST_NAMED) > 0:
        others = [*others[:MOST_NAMED], f"{more:,} more columns"]
    named = ", ".join(others)
    low, high = (figure(value, is_short=True) for value in (first.lowest, first.highest))
    return (
        f"{_shown(first.value)} stands in {first.count:,} of {num_rows:,} cells of {first.column}, "
        f"{far}{'below' if first.value < first.lowest else 'above'} the rest "
        f"({low} to {high}){f', likewise of {named}' if named else ''}"
    )


def _shown(value: float) -> str:
    return np.format_float_positional(np.float32(value), trim="-")


def _sentinels(data: Data, split: Split) -> Iterator[Sentinel]:
    """Told by the train rows, counted in the rows of all splits."""
    assert isinstance(data.x, Tensor)
    used = torch.cat([split.train, split.val, split.test])
    step = len(split.train) // max(CELLS_TO_SUSPECT // data.x.shape[1], ROWS_TO_SUSPECT) + 1
    few_nF = data.x[split.train[::step]]
    for sign in (1, -1):
        for place in _stands_apart(sign * few_nF).nonzero().flatten().tolist():
            lowest = _lowest_for_none(sign * data.x[split.train, place])
            if lowest is not None and not data.columns[place].categories:
                yield _sentinel(data.columns[place].name, sign * lowest, data.x[used, place])


def _sentinel(name: str, value: float, x_n: Tensor) -> Sentinel:
    others_n = x_n[x_n.isfinite() & (x_n != value)]
    return Sentinel(name, value, int((x_n == value).sum()), float(others_n.min()), float(others_n.max()))


def _lowest_for_none(x_n: Tensor) -> float | None:
    """The lowest value, where it stands apart in enough rows and from enough others; else None."""
    values, counts = torch.unique(x_n[~x_n.isnan()], return_counts=True)
    lowest, second, highest = (float(values[i]) for i in (0, 1, -1))
    is_nines = _is_nines(lowest)
    share, others = (SHARE_OF_NINES, OTHERS_OF_NINES) if is_nines else (SHARE, OTHERS)
    if len(values) <= others or counts[0] < max(share * len(x_n), FEWEST) or not lowest:
        return None  # 0 is a value of other columns too, and the setting is for all
    gap, width = second - lowest, highest - second
    may_be_near = (lowest < 0 <= second and lowest.is_integer()) or (is_nines and gap > HALF_FAR * width)
    is_told = gap > FAR * width or (may_be_near and counts[0] >= OFTENER * counts[1:].max())
    return lowest if is_told else None


def _is_nines(value: float) -> bool:
    digits = _shown(value).replace(".", "")
    return len(digits) >= 2 and not digits.strip("-9")


def _stands_apart(x_nF: Tensor) -> Tensor:
    """[F] whether the lowest value of a column is there several times, half far from the others or alone below 0."""
    lowest_F = x_nF.nan_to_num(torch.inf).amin(0)
    is_other_nF = x_nF > lowest_F
    second_F, highest_F = x_nF.where(is_other_nF, torch.inf).amin(0), x_nF.where(is_other_nF, -torch.inf).amax(0)
    is_far_F = second_F - lowest_F > HALF_FAR * (highest_F - second_F)
    is_alone_F = (lowest_F < 0) & (second_F >= 0)
    return ((x_nF == lowest_F).sum(0) >= FEWEST) & (second_F < highest_F) & (is_far_F | is_alone_F)
