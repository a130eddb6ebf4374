"""The splits that a table says itself: in a column, or by the position of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from runner.data.splits import SPLIT_NAMES
from runner.data.table.cells import date_format, read_date
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
            raise ConfigError("dataset.split_column cannot be used with dataset.split_rows; leave one null")


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
        text.refuse([Fault(int((split_N == "").argmax()), name, " is not a split; write train, val or test")])
    val, test = (torch.from_numpy((split_N == split).nonzero()[0]) for split in ("val", "test"))
    return OfficialRows(val if len(val) else None, test if len(test) else None)


FEWEST_ROWS = 20  # whose order is no chance


def time_order(text: TableText, frame: Frame, official: Official) -> tuple[Tensor | None, str]:
    """([N] row numbers from the earliest to the latest where rows are split by time, what a user should know).

    Raises ConfigError where several columns hold dates, DataError for a row that has none.
    """
    columns = dict.fromkeys([official.column]) if official.column else _date_columns(frame)
    if official.kind != "time":
        sorted_by = [] if official.column or official.rows else [name for name in columns if _is_sorted(frame, name)]
        advice = "neighbours in time go to train and test alike; to test on the latest rows: dataset.split=time"
        return None, f"rows stand in the order of {sorted_by[0]}: {advice}" if sorted_by else ""
    if len(columns) > 1:
        raise ConfigError(f"dataset.split=time: {', '.join(columns)} hold dates; say which: dataset.split_column=...")
    if not columns:
        return torch.arange(frame.num_rows), "no column holds dates: the last rows of the file are taken for the latest"
    (name,) = columns
    times_N = _times(frame, name)
    is_wrong_N = np.isnan(times_N)
    if is_wrong_N.any():
        text.refuse(
            [Fault(int(is_wrong_N.argmax()), name, " is not a date, and dataset.split=time orders rows by date")]
        )
    return torch.from_numpy(np.argsort(times_N, kind="stable")), f"rows are ordered by {name}"


def _date_columns(frame: Frame) -> list[str]:
    return [name for name, words in frame.words.items() if name in frame.names and date_format(words)]


def _is_sorted(frame: Frame, name: str) -> bool:
    times_N = _times(frame, name)
    steps = np.diff(times_N[~np.isnan(times_N)])
    return len(steps) >= FEWEST_ROWS and bool(steps.any() and ((steps >= 0).all() or (steps <= 0).all()))


def _times(frame: Frame, name: str) -> NDArray[np.float64]:
    """[N] when each row was, as seconds or as the numbers of the column; NaN where it says none."""
    values_N = frame.apart[name] if name in frame.apart else frame.x_NC[:, frame.names.index(name)].double().numpy()
    if name not in frame.words:
        return values_N
    words = frame.words[name]
    form = date_format(words)
    read = [read_date(word.strip(), form) if form else None for word in words]
    seconds = [np.nan if date is None else (date - datetime(1970, 1, 1)).total_seconds() for date in read]
    found: NDArray[np.float64] = np.array([*seconds, np.nan])[values_N.astype(np.int64)]
    return found
