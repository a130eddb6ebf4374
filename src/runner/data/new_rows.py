"""What came in to be predicted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from runner.contracts import Column
from runner.data.table.notation import value_of
from runner.errors import DataError

if TYPE_CHECKING:
    from pandas import DataFrame, Series


@dataclass(frozen=True)
class Rows:
    """Some rows as the run's data set would give them, and what could not be made into one."""

    names: Sequence[str]  # n, what each row is called: a path, or table.csv:12
    x: Tensor  # [n, ...] raw
    faults: Sequence[str] = field(default_factory=tuple)  # one line each
    notes: Sequence[str] = field(default_factory=tuple)  # what a person should know of how they were read


def placed(names: Sequence[str], columns: Sequence[Column], where: str) -> Iterator[int]:
    """Where each of ``columns`` stands among ``names``. Raises DataError when one is missing or there twice."""
    places = {name: place for place, name in enumerate(names)}
    wanted = list(dict.fromkeys(column.in_file for column in columns))
    missing = [name for name in wanted if name not in places]
    if missing:
        raise DataError(f"{where}: lacks {', '.join(missing)}; it has {', '.join(names)}")
    if len(places) < len(names) and (twice := [name for name in wanted if names.count(name) > 1]):
        raise DataError(f"{where}: has {', '.join(twice)} twice; which one is meant?")
    return (places[column.in_file] for column in columns)


def raw_rows(x: Any, row_shape: Sequence[int], columns: Sequence[Column]) -> Tensor:
    """[N, *row_shape] from an array, a tensor, nested lists, or a DataFrame that has ``columns`` by their names.

    Grey pictures may come without their channel, [N, H, W]. Raises DataError saying what does not fit.
    """
    if hasattr(x, "columns"):
        return _from_frame(x, columns)
    try:
        rows = x if isinstance(x, Tensor) else torch.as_tensor(np.asarray(x))
    except (TypeError, ValueError) as fault:
        raise DataError(f"x: no array of numbers: {fault}") from fault
    if tuple(rows.shape[1:]) == tuple(row_shape[1:]) and row_shape[0] == 1:
        rows = rows.unsqueeze(1)
    if tuple(rows.shape[1:]) != tuple(row_shape):
        one = "; a single row is x[None]" if tuple(rows.shape) == tuple(row_shape) else ""
        raise DataError(f"x: has the shape {list(rows.shape)}; rows of this data are {['N', *row_shape]}{one}")
    return rows if rows.dtype == torch.uint8 else finite(rows.float(), columns)


def finite(rows: Tensor, columns: Sequence[Column]) -> Tensor:
    """The rows. Raises DataError at a value that is no number, but in columns that lacked some in training."""
    may_lack = torch.tensor([column.missing != "refused" for column in columns] or [False])
    wrong = ~rows.isfinite() & ~(rows.isnan() & may_lack)
    if wrong.any():
        first = wrong.nonzero()[0]
        name = f"{columns[int(first[1])].name}=" if columns else ""
        raise DataError(
            f"x: row {int(first[0])}: {name}{rows[tuple(first)].item()}: is no number that the run can take"
        )
    return rows


def _from_frame(frame: DataFrame, columns: Sequence[Column]) -> Tensor:
    """[N, F] float32, the columns in the data set's order; others are left out."""
    if not columns:
        raise DataError("x: this data set has no named columns; give an array")
    missing = [column.in_file for column in columns if column.in_file not in frame.columns]
    if missing:
        raise DataError(f"x: has no column {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}")
    return torch.stack([_numbers(frame[column.in_file], column) for column in columns], 1)


def _numbers(cells: Series[Any], column: Column) -> Tensor:
    """[N] the numbers of a column, or the codes of its categories, as the cells of a file would be."""
    if cells.dtype == bool and not column.categories:
        cells = cells.astype(int)
    values = {text: value_of(column, text) for text in map(str, cells.unique())}
    for text, value in values.items():
        if isinstance(value, str):
            raise DataError(f"x: {column.name}={text}: {value}")
    return torch.tensor([values[str(cell)] for cell in cells], dtype=torch.float32)
