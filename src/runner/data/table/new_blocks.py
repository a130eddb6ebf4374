"""A large file in blocks: where every line is a row without a fault, pandas reads it in a tenth of the time.

Shapes: n rows, F columns.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from runner.contracts import Column
from runner.data.new_rows import Rows
from runner.data.table.cell_values import LARGEST, column_values, is_plain
from runner.data.table.csv_blocks import Block, in_turn, line_blocks, parsed
from runner.data.table.faults import TableText

if TYPE_CHECKING:
    import pandas as pd


def plain_blocks(
    text: TableText, columns: Sequence[Column], places: Sequence[int]
) -> Iterator[tuple[Block, Rows | None]]:
    """Each block with its rows; None where they have to be read one by one. ``columns`` stand at ``places``."""
    import pandas as pd

    with warnings.catch_warnings():  # here, for all threads
        warnings.simplefilter("error", pd.errors.ParserWarning)  # of a first line with too many fields
        yield from in_turn(lambda block: (block, _rows(block, columns, places)), line_blocks(text))


def _rows(block: Block, columns: Sequence[Column], places: Sequence[int]) -> Rows | None:
    utf8, layout = block.text.utf8, block.text.layout
    num_lines = utf8.count(b"\n") + (not utf8.endswith(b"\n"))
    if utf8.count(layout.separator.encode()) != num_lines * (layout.width - 1):
        return None
    cells = _cells(block.text, [place for place, column in zip(places, columns, strict=True) if not is_plain(column)])
    if cells is None or len(cells) != num_lines:
        return None
    x_nF = np.empty((len(cells), len(places)), np.float32)
    for i, (place, column) in enumerate(zip(places, columns, strict=True)):
        values = _values(cells[str(place)], column, layout.sure_decimal)
        if values is None:
            return None
        x_nF[:, i] = values
    names = [f"{block.text.path}:{block.lines_before + line}" for line in range(1, num_lines + 1)]
    return Rows(names, torch.from_numpy(x_nF))


def _cells(text: TableText, words: Collection[int]) -> pd.DataFrame | None:
    """The cells as pandas finds them, those of the columns ``words`` as they stand; None where it finds no table."""
    import pandas as pd

    dtype = {str(place): "str" for place in words} or None
    try:
        return parsed(text, dtype=dtype, na_filter=False, low_memory=False)
    except (pd.errors.ParserError, pd.errors.ParserWarning):
        return None


def _values(cells: pd.Series[Any], column: Column, decimal: str | None) -> NDArray[Any] | Sequence[float] | None:
    """[n] what the cells of a column are to the net; None where one has to be looked at by itself."""
    if not is_plain(column):
        values, wrong = column_values(cells.tolist(), column, decimal)
        return None if wrong else values
    if cells.dtype.kind not in "iuf":
        return None
    numbers: NDArray[Any] = cells.to_numpy()
    return numbers if numbers.min() >= -LARGEST and numbers.max() <= LARGEST else None
