"""A row that is typed, ``age=3 job=a`` -> a row of a run that was trained on a table."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import torch

from runner.contracts import Column
from runner.data.new_rows import Rows, by_own_name
from runner.data.table.new_table import cell_faults, once, unknown_column, unseen, wanted
from runner.data.table.notation import value_of
from runner.data.table.text import composed
from runner.errors import ConfigError

MOST_FILLED = 12  # columns told one by one


def single_row(
    cells: Mapping[str, str],
    columns: Sequence[Column],
    decimal: str | None,
    fill: Callable[[int], str] = lambda place: "the mean",
) -> Rows:
    """The row that ``name=value`` words spell. Raises ConfigError with every fault.

    A number may be written with a point or a comma: with ``decimal``, where that was said, else as it is one. What the
    run fills in where a cell is empty may be left out; ``fill`` says with what, of the number of that place.
    """
    cells, asked = _completed(cells, columns), once(columns)
    points = {c.in_file: typed_decimal(cells[c.in_file], c, decimal) for c in asked if c.in_file in cells}
    if faults := [*_row_faults(cells, asked, points)]:
        raise ConfigError(faults)
    values = [value_of(column, cells[column.in_file], points[column.in_file]) for column in columns]
    notes = [
        f"{column.name}={cells[column.in_file]} is read as {value}"
        for column, value in zip(columns, values, strict=True)
        if points[column.in_file] != decimal and not column.categories
    ]
    notes += unseen({column.name: [(0, cells[column.in_file])] for column in columns}, columns)[0]
    filled = [
        f"{column.name} {fill(place) + _scale(column) if column.is_number else 'none of its categories'}"
        for place, column in enumerate(columns)
        if not cells[column.in_file]
    ]
    return Rows(["the row"], torch.tensor([values]), notes=[*notes, *filled_note(filled)])


def _completed(cells: Mapping[str, str], columns: Sequence[Column]) -> dict[str, str]:
    """The cells by the names that the file has for their columns, empty ones for what is left out and filled in."""
    names = by_own_name([composed(name) for name in cells], columns)
    needed = {column.in_file for column in columns if column.missing == "refused"}
    empty = {column.in_file: "" for column in once(columns) if column.in_file not in needed}
    return empty | {name: composed(cell).strip() for name, cell in zip(names, cells.values(), strict=True)}


def _row_faults(cells: Mapping[str, str], asked: Sequence[Column], points: Mapping[str, str | None]) -> Iterator[str]:
    """Cells of no column, columns without a cell, cells that are nothing of their column."""
    names = [column.in_file for column in asked]
    known = frozenset(names)
    yield from (unknown_column(name, names) for name in cells if name not in known)
    yield from (
        f"{column.in_file}=...: is missing; {wanted(column)}" for column in asked if column.in_file not in cells
    )
    for column in asked:
        if column.in_file in cells:
            yield from cell_faults([cells[column.in_file]], [column], points[column.in_file])


def _scale(column: Column) -> str:
    """Between which categories a number stands: (no is 0, yes is 1)."""
    ends = dict.fromkeys((0, len(column.categories) - 1)) if column.categories else ()
    return f" ({', '.join(f'{column.categories[code]} is {code}' for code in ends)})" if ends else ""


def filled_note(filled: Sequence[str]) -> list[str]:
    more = f" and {len(filled) - MOST_FILLED:,} more" if len(filled) > MOST_FILLED else ""
    return [f"filled in as in training: {', '.join(filled[:MOST_FILLED])}{more}"] if filled else []


def typed_decimal(cell: str, column: Column, decimal: str | None) -> str | None:
    """``decimal``, or the other mark where the cell is a number with that alone and not one in thousands."""
    other = "," if (decimal or ".") == "." else "."
    is_said = not isinstance(value_of(column, cell, decimal), str)
    is_plain = re.fullmatch(rf"[-+]?\d*\{other}\d+", cell) and not re.fullmatch(
        rf"[-+]?[1-9]\d{{,2}}\{other}\d{{3}}", cell
    )
    return other if not column.categories and not is_said and is_plain else decimal


def bare_row(words: Sequence[str], columns: Sequence[Column]) -> str:
    """``name=value ...`` where ``words`` name no files and are the cells of a row, or a part of it; else ""."""
    cells = [cell.strip() for word in words for cell in word.split(",")]
    columns = once(columns)
    named = list(zip(columns, cells, strict=False))
    if not 0 < len(cells) <= len(columns) or any(word == "-" or Path(word).exists() for word in words):
        return ""
    if list(cell_faults([cell for _, cell in named], [column for column, _ in named])):
        return ""
    row = shlex.join([f"{column.in_file}={cell}" for column, cell in named])
    return row if len(cells) == len(columns) else f"{row} ..."
