"""The splits that a table says itself: in a column, or by the position of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from runner.data.splits import SPLIT_NAMES
from runner.data.table.faults import Fault, TableText
from runner.data.table.frame import Frame
from runner.errors import ConfigError, DataError


@dataclass(frozen=True)
class Official:
    """Where it is said which rows are in which split; nowhere: they are drawn."""

    column: str | None = None  # that says train, val or test
    rows: tuple[int, int] | None = None  # of train and of validation, from the top; the rest is for the test
    kind: Literal["official", "random", "time"] | None = None  # None: official where something is said, else random

    def __post_init__(self) -> None:
        if self.kind == "official" and self.column is None and self.rows is None:
            raise ConfigError("dataset.split=official: say where: dataset.split_column or dataset.split_rows")
        if self.kind == "time" and self.rows is not None:
            raise ConfigError("dataset.split_rows: dataset.split=time takes the latest rows; leave one of them null")
        if self.column is not None and self.rows is not None:
            raise ConfigError("dataset.split_column excludes dataset.split_rows; leave one of them null")


@dataclass(frozen=True)
class OfficialRows:
    """[V] and [T] row numbers; None where the split is drawn."""

    val: Tensor | None
    test: Tensor | None

    def others(self, num_rows: int) -> Tensor:
        """The row numbers outside both."""
        is_other_N = torch.ones(num_rows, dtype=torch.bool)
        for rows in (self.val, self.test):
            if rows is not None:
                is_other_N[rows] = False
        return is_other_N.nonzero().flatten()

    def without(self, are_out_N: NDArray[np.bool_]) -> OfficialRows:
        """Those that remain, by their new numbers, once some rows are left out."""
        new_N = torch.from_numpy(np.where(are_out_N, -1, np.cumsum(~are_out_N) - 1))
        val, test = (None if rows is None else new_N[rows] for rows in (self.val, self.test))
        return OfficialRows(val if val is None else val[val >= 0], test if test is None else test[test >= 0])


def official_rows(text: TableText, frame: Frame, official: Official) -> OfficialRows:
    """The rows of validation and test. Raises DataError where the column says something else, or rows are too few."""
    if official.kind in ("random", "time"):
        return OfficialRows(None, None)
    if official.rows is not None:
        return _by_position(text, frame.num_rows, *official.rows)
    if official.column is not None:
        return _by_column(text, frame, official.column)
    return OfficialRows(None, None)


def _by_position(text: TableText, num_rows: int, num_train: int, num_val: int) -> OfficialRows:
    end = num_train + num_val
    if end > num_rows:
        raise DataError(
            f"{text.path}: has {num_rows:,} rows, and the first {num_train:,} are to train, "
            f"the next {num_val:,} to validate"
        )
    return OfficialRows(torch.arange(num_train, end), torch.arange(end, num_rows))


def _by_column(text: TableText, frame: Frame, name: str) -> OfficialRows:
    words = frame.words.get(name, ())
    splits = [SPLIT_NAMES.get(word.lower(), "") for word in words]
    tests = {word.lower(): word for word, split in zip(words, splits, strict=True) if split == "test"}
    if len(tests) > 1:  # who writes both means two splits
        raise DataError(
            f"{text.path}, column {name}: {' and '.join(tests.values())} both name the test split; write val"
        )
    codes_N = frame.apart[name].astype(np.int64) if splits else np.full(frame.num_rows, -1)
    split_N = np.array([*splits, ""])[codes_N]
    if (split_N == "").any():
        text.refuse([Fault(int((split_N == "").argmax()), name, " is no split; write train, val or test")])
    val, test = (torch.from_numpy((split_N == split).nonzero()[0]) for split in ("val", "test"))
    return OfficialRows(val if len(val) else None, test if len(test) else None)
