"""Values that likely stand for none in a column of numbers: -200 or 999, often there and far from all others.

Shapes: n rows, F columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

import numpy as np
import torch
from torch import Tensor

from runner.contracts import Data, Split

CELLS_TO_SUSPECT = 2**16  # of all columns together; all train rows are looked at of suspects alone
ROWS_TO_SUSPECT = 128  # at least
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
    far = "far " * (gap > FAR * (first.highest - first.lowest))
    more = len(others) - MOST_NAMED
    named = ", ".join([*others[:MOST_NAMED], *[f"{more:,} more columns"] * (more > 0)])
    return (
        f"{_shown(first.value)} stands in {first.count:,} of {num_rows:,} cells of {first.column}, "
        f"{far}{'below' if first.value < first.lowest else 'above'} the rest "
        f"({first.lowest:g} to {first.highest:g}){f', likewise of {named}' if named else ''}"
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
