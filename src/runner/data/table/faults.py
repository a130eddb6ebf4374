"""A table read record by record: slow, and exact about the line on which something stands."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from runner.data.table.cells import is_empty
from runner.data.table.dialect import Layout, Record, next_record
from runner.data.table.last_rows import is_total, last_line
from runner.data.table.packing import unpacked
from runner.data.table.text import as_utf8
from runner.errors import DataError

if TYPE_CHECKING:
    import _csv

BLOCK_BYTES = 3 * 2**19  # larger blocks leave the caches of a processor, smaller ones begin too often
MOST_SKIPPED = 10  # rows at the end that may be none of the table


@dataclass(frozen=True)
class Fault:
    """What is wrong with a cell."""

    row: int
    column: str
    reason: str  # goes on after "line 7, column age: 'abc'"


@dataclass(frozen=True)
class TableText:
    """The text of a file and how it is a table."""

    path: Path
    encoding: str
    layout: Layout
    read: bytes | None = None  # the text in UTF-8 as its rows are read, where it was read already
    kept: NDArray[np.int64] | None = None  # which of its rows are used, those that faults count; None: all
    lines_before: int = 0  # of the file, where it is a block of it

    def without(self, are_out_N: NDArray[np.bool_]) -> TableText:
        """The same text, of whose rows some are not used."""
        kept = np.flatnonzero(~are_out_N) if self.kept is None else self.kept[~are_out_N]
        return replace(self, kept=kept)

    @cached_property
    def utf8(self) -> bytes:
        return self.read or self.layout.separated(as_utf8(self.path, unpacked(self.path), self.encoding).utf8)

    @property
    def most_rows(self) -> int:
        """A row has a byte for each of its cells at least, or it is cut short; to count the lines would take long."""
        return len(self.utf8) // len(self.layout.names) + 1

    def empty(self, num_rows: int, num_columns: int) -> Tensor:
        """[num_rows, num_columns] float32 with nothing in it. Memory that is not written to is not taken."""
        return torch.from_numpy(np.empty((num_rows, num_columns), np.float32))  # numpy asks for huge pages

    @cached_property
    def is_line_by_line(self) -> bool:
        """Whether a row ends where a line does: below the first line nothing is in quotes, within which it may not."""
        return self.utf8.rfind(b'"') <= self.utf8.find(b"\n")

    @cached_property
    def head(self) -> tuple[str, ...]:
        """The lines above the rows: the header, and those above it that hold nothing."""
        reader = self._reader(self._lines(0))
        is_above = self.layout.has_header
        while is_above and (cells := next_record(reader)) is not None:
            is_above = not any(map(str.strip, cells))
        return tuple(islice(self._lines(0), reader.line_num))

    @cached_property
    def rows_at(self) -> int:
        """The byte at which the rows begin."""
        return len("".join(self.head).encode())

    def records(self) -> Iterator[tuple[int, Record]]:
        """(its first line, its cells) of every row that holds anything."""
        reader = self._reader(self._lines(self.rows_at))
        above = self.lines_before + len(self.head)
        line = above + 1
        while (cells := next_record(reader)) is not None:
            if not self._is_blank(cells):
                yield line, cells
            line = above + reader.line_num + 1

    def blocks(self) -> Iterator[TableText]:
        """The rows in blocks of whole lines, those with nothing in them left out."""
        start, lines_before, layout = self.rows_at, len(self.head), replace(self.layout, has_header=False)
        while start < len(self.utf8):
            end = self.utf8.find(b"\n", start + BLOCK_BYTES) + 1 or len(self.utf8)
            utf8 = self.utf8[start:end]
            if utf8.strip():
                yield replace(self, layout=layout, read=utf8, lines_before=lines_before)
            num_lines = np.count_nonzero(np.frombuffer(utf8, np.uint8) == ord("\n"))  # in a tenth of the time of count
            start, lines_before = end, lines_before + int(num_lines)

    def _lines(self, start: int) -> Iterator[str]:
        content = io.BytesIO(self.utf8)
        content.seek(start)
        return io.TextIOWrapper(content, encoding="utf-8", newline="")

    def _reader(self, lines: Iterator[str]) -> _csv.Reader:
        return csv.reader(lines, delimiter=self.layout.separator, skipinitialspace=True)

    def _is_blank(self, cells: Record) -> bool:
        """Whether it holds nothing; a single NA where there are more columns is a row that is cut short."""
        return not any(map(str.strip, cells)) or (self.is_whole(cells) and all(map(is_empty, cells)))

    @cached_property
    def last(self) -> Record:
        """The cells of the last row; none where it is very long."""
        return next_record(self._reader(iter(last_line(self.utf8).decode().splitlines(keepends=True)))) or []

    def check_widths(self) -> None:
        """Raises DataError naming the first line with too few or too many fields."""
        records = self.records()
        for line, cells in records:
            if not self.is_whole(cells):
                below = [cells for _, cells in islice(records, MOST_SKIPPED)]
                is_end = len(below) < MOST_SKIPPED and not any(map(self.is_whole, below))
                end = f"dataset.skip_last={1 + len(below)} leaves out the end"
                advice = f"\n  if it is not a row of the table: {end}" if is_end else ""
                raise DataError(f"{self.path}, line {line}{self._misfit(cells)}{advice}")

    def is_whole(self, cells: Record) -> bool:
        """Whether a row has a field for every column, and nothing beyond."""
        names = len(self.layout.names)
        return names == len(cells) or (names < len(cells) <= self.layout.width and not any(cells[names:]))

    def _misfit(self, cells: Record) -> str:
        names = self.layout.names
        if len(cells) < len(names) and cells and "\n" in cells[-1]:
            return f", column {names[len(cells) - 1]}: a quote opens here and takes in the next lines; close it"
        return (
            f": {len(cells)} fields, where there are {len(names)} columns ({_ends(names)})\n"
            f"  a cell that holds {self.layout.delimiter!r} has to be in quotes; the fields: {_ends(cells)}"
        )

    def refuse_open_quote(self) -> None:
        """Raises DataError naming the line on which the last quote opens."""
        *_, (line, cells) = self.records()
        column = self.layout.names[min(len(cells), len(self.layout.names)) - 1]
        raise DataError(f"{self.path}, line {line}, column {column}: a quote opens here and never closes")

    def refuse(self, faults: Collection[Fault], most: int = 3) -> None:
        """Raises DataError with the line and the value of each of the first faults."""
        found = self.cells({fault.row for fault in sorted(faults, key=lambda fault: fault.row)[:most]})
        told = [self._told(fault, *found[fault.row]) for fault in faults if fault.row in found]
        more = [f"and {len(faults) - len(told)} more columns"] if len(faults) > len(told) else []
        if is_total(self.last) and any(cells == self.last for _, cells in found.values()):
            more.append("  the last row looks like a total; leave it out: dataset.skip_last=1")
        raise DataError("\n".join([*told, *more]))

    def cells(self, rows: Collection[int]) -> dict[int, tuple[int, Record]]:
        """(line, cells) of the rows of these numbers."""
        wanted = {row if self.kept is None else int(self.kept[row]): row for row in rows}
        last = max(wanted)
        found = {}
        for row, record in enumerate(self.records()):
            if row in wanted:
                found[wanted[row]] = record
            if row == last:
                break
        return found

    def _told(self, fault: Fault, line: int, cells: Record) -> str:
        value = cells[self.layout.names.index(fault.column)].strip()[:80]
        lines = f" ({value.count(chr(10)) + 1} lines or more: is a quote left open?)" if "\n" in value else ""
        shown = repr(value) if value else "empty"
        return f"{self.path}, line {line}, column {fault.column}: {shown}{lines}{fault.reason}"


def _ends(names: Collection[str], most: int = 6) -> str:
    """The names in a line, of many the first and the last."""
    shown = [repr(name if len(name) <= 30 else f"{name[:27]}...") for name in names]
    return ", ".join(shown if len(shown) <= most else [*shown[: most - 1], "...", shown[-1]])


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
