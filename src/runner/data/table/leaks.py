"""Columns that alone tell the target: it in other words, or what was written down once it was known.

Shapes: n rows, F features.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from runner.contracts import Data, Split
from runner.data.table.column_kinds import setting
from runner.seed import generator

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
    lines = list(_lines(data, split.train[order], is_suspect_F.nonzero().flatten().tolist()))
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], *[f"{more:,} more columns tell it likewise"] * (more > 0)]


def _lines(data: Data, rows: Tensor, suspects: list[int]) -> Iterator[str]:
    assert isinstance(data.x, Tensor)
    if not suspects:  # to sort the targets of all rows takes longer than all that went before
        return
    goal = Goal(data, rows)
    for place in suspects:
        missed = int(goal.missed(data.x[rows, place : place + 1]))
        if missed <= goal.most_missed(MISSED):
            yield _line(data, data.columns[place].in_file, 100 * (len(rows) - missed) // len(rows))


def _line(data: Data, name: str, percent: int) -> str:
    nearly = f" to {100 * SAME_NUMBER:g} % of its ranks" if data.task == "regression" else ""
    return (
        f"column {name} alone tells {data.target or 'the target'}{nearly} for {percent} % of the train rows: "
        f"is it known before? leave it out with {setting(name, 'ignored')}"
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
