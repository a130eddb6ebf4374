"""Cells that took in whole rows, for a quote that opens is closed only rows below: legal, and rarely meant."""

from __future__ import annotations

import csv
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runner.data.table.faults import TableText

FEWEST_MARKS = 3  # delimiters within the lines of a cell: fewer may be the commas of a sentence


def open_quote_note(text: TableText) -> str:
    """What to say of the longest cell whose lines are as the rows of the table are; "" where there is none."""
    if text.is_line_by_line:
        return ""
    lines = _lines(text)
    found = _longest(lines, text)
    if found is None:
        return ""
    first, last = found
    quote = int(lines.quotes_M[lines.num_quotes_L[first] - 1])
    start = int(lines.ends_L[first - 1]) + 1 if first else 0
    cells = next(csv.reader([text.utf8[start:quote].decode() + "x"], delimiter=text.layout.separator))
    column = text.layout.names[min(len(cells), len(text.layout.names)) - 1]
    row = int(np.count_nonzero(~lines.are_within_L[:first])) - len(text.head) + 1
    return (
        f"{text.path}, line {first + 1}, column {column}: one cell of row {row:,} holds {last - first + 1:,} lines, "
        f"each like a row: is a quote left open?"
    )


@dataclass(frozen=True)
class Lines:
    """The L lines of a text with M quotes."""

    ends_L: NDArray[np.int64]  # the byte at which each ends
    quotes_M: NDArray[np.int64]  # the byte of each quote
    num_quotes_L: NDArray[np.int64]  # up to its end
    num_marks_L: NDArray[np.int64]  # delimiters in it

    @property
    def are_within_L(self) -> NDArray[np.bool_]:
        """Which end within quotes."""
        are_within_L: NDArray[np.bool_] = self.num_quotes_L % 2 == 1
        return are_within_L


def _lines(text: TableText) -> Lines:
    utf8 = np.frombuffer(text.utf8, np.uint8)
    ends_L = np.flatnonzero(utf8 == ord("\n"))
    if not text.utf8.endswith(b"\n"):
        ends_L = np.append(ends_L, len(utf8))
    quotes_M, marks = np.flatnonzero(utf8 == ord('"')), np.flatnonzero(utf8 == ord(text.layout.separator))
    return Lines(
        ends_L, quotes_M, np.searchsorted(quotes_M, ends_L), np.diff(np.searchsorted(marks, ends_L), prepend=0)
    )


def _longest(lines: Lines, text: TableText) -> tuple[int, int] | None:
    """(first, last) line of the cell that takes in most lines, where all of them have the delimiters of a row."""
    within = np.flatnonzero(lines.are_within_L[:-1])
    if not len(within):
        return None
    num_marks = text.layout.width - 1
    is_new = np.diff(lines.num_quotes_L[within], prepend=-1) != 0
    firsts = within[is_new]
    lasts = within[np.append(is_new[1:], True)] + 1
    num_rows = np.cumsum(np.append(0, lines.num_marks_L == num_marks))
    are_rows = num_rows[lasts + 1] - num_rows[firsts] == lasts + 1 - firsts
    opens = lines.quotes_M[lines.num_quotes_L[firsts] - 1]
    before = np.frombuffer(text.utf8, np.uint8)[np.maximum(opens - 1, 0)]
    are_rows &= np.isin(before, [*text.layout.separator.encode(), *b"\n\r "]) | (opens == 0)
    are_rows &= (lasts - firsts) * num_marks >= FEWEST_MARKS
    sizes = np.where(are_rows, lasts - firsts, 0)
    best = int(sizes.argmax())
    return (int(firsts[best]), int(lasts[best])) if sizes[best] else None
