"""The rows of a table from the earliest to the latest, so that a run can be judged on the latest.

Shapes: N rows.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from runner.data.table.dates import date_format, read_date
from runner.data.table.faults import Fault, TableText
from runner.data.table.frame import Frame
from runner.data.table.given_splits import Official
from runner.errors import ConfigError

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
            [Fault(int(is_wrong_N.argmax()), name, " is no date, by which dataset.split=time is to order rows")]
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
