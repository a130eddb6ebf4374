"""The rows of a table in pieces, parsed by pandas on all processors: what a Frame is made of.

Shapes: n rows of a piece, F columns that are numbers and features.
"""

from __future__ import annotations

import io
import os
import warnings
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from runner.contracts import Column
from runner.data.new_rows import Rows
from runner.data.table.cell_values import LARGEST, column_values, is_plain
from runner.data.table.cells import EMPTY
from runner.data.table.dialect import LARGEST_EXACT
from runner.data.table.faults import TableText
from runner.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

Item = TypeVar("Item")
Result = TypeVar("Result")
ROWS_AT_ONCE = 2**16
BLOCK_BYTES = 3 * 2**19  # larger blocks leave the caches of a processor, smaller ones begin too often


@dataclass(frozen=True)
class Block:
    """Some lines of a file."""

    text: TableText
    lines_before: int


@dataclass(frozen=True)
class Piece:
    """Some rows. Numbers as pandas finds them, words as they stand; the columns are called "0", "1", ..."""

    cells: pd.DataFrame
    x_nF: NDArray[np.float32] | None  # where float32 has all of them as they are written, and none is empty

    def __len__(self) -> int:
        return len(self.cells)


def pieces(text: TableText, are_numbers: Sequence[bool], apart: Collection[int]) -> Iterator[Piece]:
    """The rows in their order; the columns ``apart`` are no features. Raises DataError where the text is no table.

    Whole numbers are found in two thirds of the time that it takes to read them as float64.
    """
    places = [str(i) for i in range(text.layout.width)]
    numbers = [place for place, is_number in zip(places, are_numbers, strict=False) if is_number]
    known = frozenset(numbers)  # thousands of columns are looked for in it
    words = [place for place in places if place not in known]
    kept = [i for i, place in enumerate(numbers) if int(place) not in apart]
    features = slice(len(kept)) if kept == list(range(len(kept))) else kept  # a slice is no copy
    empty = {place: list(EMPTY) for place in numbers} | {place: [""] for place in words}
    dtype = dict.fromkeys(words, "str") or None  # to look into an empty mapping would take a third of the time

    def piece(cells: pd.DataFrame) -> Piece:
        are_read = _hold_numbers(cells, numbers)
        return Piece(cells, _exact(cells.drop(columns=words) if words else cells, features) if are_read else None)

    def of_block(block: Block) -> Piece:
        """To look for empty cells takes as long as to read: it is done where something turns out to be no number."""
        cells = parsed(block.text, dtype=dtype, na_filter=False, low_memory=False)
        if not _hold_numbers(cells, numbers):
            cells = parsed(block.text, dtype=dtype, na_values=empty, low_memory=False)
        return piece(cells)

    with _faults_told(text):
        if text.is_line_by_line:
            yield from in_turn(of_block, line_blocks(text))
        else:
            yield from map(piece, parsed(text, dtype=dtype, na_values=empty, chunksize=ROWS_AT_ONCE))


def line_blocks(text: TableText) -> Iterator[Block]:
    """The rows in blocks of whole lines, those with nothing in them left out."""
    start, lines_before, layout = text.rows_at, len(text.head), replace(text.layout, has_header=False)
    while start < len(text.utf8):
        end = text.utf8.find(b"\n", start + BLOCK_BYTES) + 1 or len(text.utf8)
        utf8 = text.utf8[start:end]
        if utf8.strip():
            yield Block(replace(text, layout=layout, read=utf8), lines_before)
        num_lines = np.count_nonzero(np.frombuffer(utf8, np.uint8) == ord("\n"))  # in a tenth of the time of count
        start, lines_before = end, lines_before + int(num_lines)


def in_turn(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """What is made of each item, in order, on all processors; few results are held at a time."""
    processors = os.cpu_count() or 1
    ahead: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(processors) as pool:
        for item in items:
            ahead.append(pool.submit(work, item))
            if len(ahead) > processors:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def parsed(text: TableText, **how: Any) -> Any:
    """The rows as a data frame, or as an iterator of some with ``chunksize``."""
    import pandas as pd

    utf8, layout = text.utf8, text.layout
    rows = io.BytesIO(utf8)
    rows.seek(text.rows_at)
    # to skip blanks takes a quarter of the time
    has_blanks = b" " in utf8 or (b"\t" in utf8 and layout.separator != "\t")
    return pd.read_csv(
        rows,
        sep=layout.separator,
        decimal=layout.decimal,
        header=None,
        names=[str(i) for i in range(layout.width)],
        index_col=False,
        keep_default_na=False,
        skipinitialspace=has_blanks,
        encoding="utf-8",
        **how,
    )


@contextmanager
def _faults_told(text: TableText) -> Iterator[None]:
    """Raises DataError with the line for what pandas says of a text that is no table."""
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # of a first line with too many fields
        try:
            yield
        except (pd.errors.ParserError, pd.errors.ParserWarning) as fault:
            text.check_widths()
            if "EOF inside string" in str(fault):
                text.refuse_open_quote()
            raise DataError(f"{text.path}: cannot be read as a table: {str(fault).strip()}") from fault


def _hold_numbers(cells: pd.DataFrame, places: Collection[str]) -> bool:
    dtypes = dict(cells.dtypes)
    return all(dtypes[place].kind in "iuf" for place in places)


def _exact(numbers: pd.DataFrame, features: list[int] | slice) -> NDArray[np.float32] | None:
    """[n, F] float32, those of all numbers that are ``features``; None where one is rounded or empty."""
    with np.errstate(over="ignore"):
        x_nF = np.ascontiguousarray(numbers.to_numpy(np.float32).T[features].T)
    is_exact = x_nF.size and x_nF.min() > -LARGEST_EXACT and x_nF.max() < LARGEST_EXACT
    return x_nF if is_exact else None


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
