"""CSV files and single rows -> rows of a run that was trained on a table.

Shapes: n rows, F columns.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from itertools import islice
from typing import TextIO

import torch

from runner.config.spelling import nearest
from runner.contracts import Column
from runner.data.cell_values import value_of
from runner.errors import ConfigError, DataError
from runner.inputs.rows import Rows, placed

AT_A_TIME = 8192  # rows
DELIMITERS = (",", ";", "\t")
SHOWN = 40  # characters of a cell

Decoder = Callable[[str], float]


def single_row(cells: Mapping[str, str], columns: Sequence[Column]) -> Rows:
    """The row that ``name=value`` words spell. Raises ConfigError with every fault."""
    names = [column.name for column in columns]
    faults = [unknown_column(name, names) for name in cells if name not in names]
    faults += [f"{column.name}=...: is missing; {wanted(column)}" for column in columns if column.name not in cells]
    given = [column for column in columns if column.name in cells]
    faults += cell_faults([cells[column.name] for column in given], given)
    if faults:
        raise ConfigError(faults)
    decoders = [decoder(column) for column in columns]
    x = torch.tensor([[decode(cells[name]) for decode, name in zip(decoders, names, strict=True)]])
    return Rows(["the row"], x)


def table_rows(word: str, columns: Sequence[Column]) -> Iterator[Rows]:
    """The rows of a CSV file, or of standard input where ``word`` is -, block by block.

    By the names in its heading, in any order; without a heading, every column in the order of the run's data. Raises
    DataError where the file as a whole cannot be used.
    """
    name = "standard input" if word == "-" else word
    try:
        content = BytesIO(sys.stdin.buffer.read()) if word == "-" else open(word, "rb")  # noqa: SIM115  closed below
    except OSError as refusal:
        raise DataError(f"{name}: {(refusal.strerror or str(refusal)).lower()}") from refusal
    with TextIOWrapper(content, encoding="utf-8-sig", newline="") as file:
        try:
            yield from Table(name, file, columns).blocks()
        except UnicodeDecodeError as fault:
            raise DataError(f"{name}: is no text in UTF-8 (byte {fault.start}); save it as CSV UTF-8") from fault


@dataclass
class Table:
    """A CSV file under way."""

    name: str
    file: TextIO
    columns: Sequence[Column]

    def blocks(self) -> Iterator[Rows]:
        first = self.file.readline()
        if not first.strip():
            raise DataError(f"{self.name}: is empty, or begins with an empty line")
        delimiter = max(DELIMITERS, key=first.count)
        heading = [cell.strip() for cell in next(csv.reader([first], delimiter=delimiter))]
        has_heading = self.has_heading(heading)
        places = list(placed(heading, self.columns, self.name)) if has_heading else list(range(len(self.columns)))
        self.width = len(heading)
        notes = list(self.ignored(heading)) if has_heading else []
        reader = csv.reader(self.file if has_heading else chained(first, self.file), delimiter=delimiter)
        lines = numbered(reader, 1 if has_heading else 0, self.name)
        while block := list(islice(lines, AT_A_TIME)):
            yield self.rows(block, places, notes)
            notes = []

    def has_heading(self, cells: Sequence[str]) -> bool:
        """Whether the first line names columns. Raises DataError where it is neither that nor a row."""
        names = [column.name for column in self.columns]
        if set(names) & set(cells):
            return True
        if len(cells) != len(names):
            raise DataError(
                f"{self.name}: its first line names no column of this run and has {len(cells)} cells, not "
                f"{len(names)}\n  the columns: {', '.join(names)}"
            )
        if len(list(cell_faults(cells, self.columns))) == len(cells):
            raise DataError(f"{self.name}: unknown columns {', '.join(cells)}\n  those of this run: {', '.join(names)}")
        return False

    def ignored(self, heading: Sequence[str]) -> Iterator[str]:
        known = {column.name for column in self.columns}
        if extra := [name for name in heading if name not in known]:
            yield f"{self.name}: {', '.join(extra)}: no column of this run, left aside"

    def rows(self, block: list[tuple[int, list[str]]], places: list[int], notes: list[str]) -> Rows:
        decoders = list(zip([decoder(column) for column in self.columns], places, strict=True))
        names, numbers, faults = [], [], []
        for line, cells in block:
            where = f"{self.name}:{line}"
            try:
                if len(cells) != self.width:
                    raise ValueError
                numbers.append([decode(cells[place]) for decode, place in decoders])
                names.append(where)
            except ValueError:
                faults.append(f"{where}: {self.explained(cells, places)}")
        x = torch.tensor(numbers, dtype=torch.float32).view(-1, len(self.columns))
        return Rows(names, x, faults, notes)

    def explained(self, cells: list[str], places: list[int]) -> str:
        if len(cells) != self.width:
            return f"has {len(cells)} cells, not {self.width}"
        return "; ".join(cell_faults([cells[place] for place in places], self.columns))


def chained(first: str, rest: TextIO) -> Iterator[str]:
    yield first
    yield from rest


def numbered(reader: Iterator[list[str]], before: int, name: str) -> Iterator[tuple[int, list[str]]]:
    """(line of the file, cells) of each line that is not empty."""
    lines: csv.Reader = reader  # type: ignore[name-defined]
    while True:
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error as fault:
            raise DataError(f"{name}:{lines.line_num + before}: {fault}; what follows was not read") from fault
        if any(cells):
            yield lines.line_num + before, cells


def decoder(column: Column) -> Decoder:
    """A cell -> its number, or its category's code, as the train rows were read. Raises ValueError."""

    def decode(cell: str) -> float:
        value = value_of(column, cell.strip())
        if isinstance(value, str):
            raise ValueError
        return value

    return decode


def cell_faults(cells: Sequence[str], columns: Sequence[Column]) -> Iterator[str]:
    for column, cell in zip(columns, cells, strict=True):
        try:
            decoder(column)(cell)
        except ValueError:
            yield f"{column.name}={shortened(cell)}: {wanted(column)}"


def wanted(column: Column) -> str:
    if not column.categories:
        return "is to be a number"
    return f"is to be one of {', '.join(column.categories[:12])}{' ...' if len(column.categories) > 12 else ''}"


def shortened(cell: str) -> str:
    return repr(cell if len(cell) <= SHOWN else f"{cell[:SHOWN]}…")


def unknown_column(name: str, names: Sequence[str]) -> str:
    meant = nearest(name, names)
    return f"{name}=...: no column of this run; {f'did you mean {meant}? ' if meant else ''}it has {', '.join(names)}"
