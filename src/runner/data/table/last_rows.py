"""The end of a table's text, where programs write what is no row of it: totals and footnotes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runner.data.table.cells import is_empty
from runner.errors import DataError

if TYPE_CHECKING:
    from runner.data.table.faults import TableText
    from runner.data.table.frame import Frame

BLANK = b" \t\r\n,;|"
LONGEST_ROW = 2**20  # bytes of a row that is looked at
MOST_LINES = 100  # of a last row, whose cells may hold line ends
TOTAL = re.compile(
    r"((grand|sub|overall)[ -]?)?totals?|sums?|averages?|mean|gesamt(summe|ergebnis)?|(zwischen)?summe|insgesamt"
    r"|mittelwert|durchschnitt|total général|totale|somme|somma|suma|soma|promedio|итого|всего"
    r"|(총|누|소)?합계|(총|소|누)계|총합|계|평균|合計|合计|总计|總計|小計",
    re.IGNORECASE,
)
CLOSE = 1e-5  # relative, of a sum of numbers that were rounded to 7 digits
FEWEST_ROWS = 3  # above a row of sums


def without_last(path: Path, utf8: bytes, num_rows: int) -> bytes:
    """The text without that many rows at its end. Raises DataError where nothing is left."""
    for _ in range(num_rows):
        utf8 = utf8.rstrip(BLANK)
        utf8 = utf8[: _start_of_last(utf8)]
    if num_rows and not utf8.strip(BLANK):
        raise DataError(f"{path}: has no more than the {num_rows} rows that dataset.skip_last leaves out")
    return utf8


def _start_of_last(utf8: bytes) -> int:
    """Where the last row begins: not at a line end within quotes."""
    at = last_line = _line_start(utf8, len(utf8))
    for _ in range(MOST_LINES):
        if utf8.count(b'"', at) % 2 == 0:
            return at
        at = _line_start(utf8, at - 1)
    return last_line


def _line_start(utf8: bytes, end: int) -> int:
    return max(utf8.rfind(b"\n", 0, max(end, 0)), utf8.rfind(b"\r", 0, max(end, 0))) + 1


def last_line(utf8: bytes) -> bytes:
    """The line of the last row that holds anything, or the lines where its cells hold line ends; else b""."""
    tail = utf8[-LONGEST_ROW:]
    end = len(tail.rstrip(BLANK))
    start = _start_of_last(tail[:end])
    is_whole = start > 0 or len(utf8) <= LONGEST_ROW
    return tail[start : tail.find(b"\n", end) + 1 or len(tail)] if is_whole else b""


def is_total(cells: Sequence[str]) -> bool:
    """Whether a row calls itself a total and leaves other cells empty."""
    return any(map(_is_word, cells)) and any(not cell.strip() for cell in cells)


def total_note(text: TableText, frame: Frame) -> str:
    """What to say where the last row sums up those above; "" where it does not."""
    cells = text.last[: len(text.layout.names)]
    if frame.num_rows <= FEWEST_ROWS or len(cells) < len(text.layout.names):
        return ""
    place = next((place for place, cell in enumerate(cells) if _is_word(cell)), None)
    if place is None and not any(map(is_empty, cells)):
        return ""
    columns = frame.columns
    if place is not None and _recurs(columns[text.layout.names[place]]):  # it is a category
        return ""
    if not is_total(cells) and not _are_sums([values for name, values in columns.items() if name not in frame.words]):
        return ""
    said = f" ({cells[place].strip()!r})" if place is not None else ", of sums"
    return f"{text.path}: the last row looks like a total{said}; leave it out: dataset.skip_last=1"


def _is_word(cell: str) -> bool:
    return TOTAL.fullmatch(cell.strip(" \t:.*#()=")) is not None


def _recurs(values: NDArray[Any]) -> bool:
    return bool((values[:-1] == values[-1]).any())


def _are_sums(columns: Sequence[NDArray[Any]]) -> bool:
    """Whether every number of the last row is the sum of those above it, and more than each of them."""
    numbers = [values for values in columns if not np.isnan(values[-1])]
    return bool(numbers) and all(map(_is_sum, numbers))


def _is_sum(values: NDArray[Any]) -> bool:
    above = values[:-1][~np.isnan(values[:-1])].astype(np.float64)
    total = above.sum()
    return bool(len(above) and abs(values[-1] - total) <= CLOSE * abs(total) and total > above.max() > 0)
