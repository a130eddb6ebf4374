"""CSV files and single rows -> rows of a run that was trained on a table.

Shapes: n rows, F columns.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from runner.config import regular_file
from runner.config.spelling import nearest
from runner.contracts import Column
from runner.data.new_rows import Rows, by_own_name, placed
from runner.data.table.dialect import Reading, Record, find_delimiter, find_layout, sample
from runner.data.table.faults import BLOCK_BYTES, TableText, open_quote_note
from runner.data.table.frame import in_turn, parsed
from runner.data.table.notation import LARGEST, column_values, is_plain, is_unknown, value_of
from runner.data.table.packing import plain, unpacked
from runner.data.table.text import as_utf8
from runner.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

AT_A_TIME = 8192  # rows
SHOWN = 40  # characters of a cell
MOST_SHOWN = 5  # unknown categories of a column


def unseen(cells: Mapping[str, Iterable[tuple[int, str]]], columns: Sequence[Column]) -> tuple[list[str], int]:
    """(a line for each column with categories of no train row, taken as none of its own; how many rows hold one)."""
    notes: list[str] = []
    rows: set[int] = set()
    for column in filter(lambda column: column.takes_unknown, columns):
        texts = {row: text for row, cell in cells[column.name] if is_unknown(column, text := cell.strip())}
        if texts:
            rows |= texts.keys()
            found = sorted(set(texts.values()))
            verb = "stands" if len(found) == 1 else "stand"
            shown = ", ".join(map(shortened, found[:MOST_SHOWN])) + (" ..." if len(found) > MOST_SHOWN else "")
            notes.append(f"{column.in_file}: {shown} {verb} in no train row; taken as none of its categories")
    return notes, len(rows)


def once(columns: Sequence[Column]) -> list[Column]:
    """The columns, of those that come from one column of the file the first."""
    return list({column.in_file: column for column in reversed(columns)}.values())[::-1]


def names_in_file(columns: Sequence[Column]) -> list[str]:
    return [column.in_file for column in once(columns)]


def table_rows(word: str, columns: Sequence[Column], reading: Reading) -> Iterator[Rows]:
    """The rows of a CSV file, or of standard input where ``word`` is -, block by block.

    Its encoding, delimiter and decimal are found as those of the run's own file, or said by ``reading``. Columns go by
    the names in its header, in any order; without one they are those of the run's data in their order, or all that its
    file had. Raises DataError where the file as a whole cannot be used.
    """
    path = Path("standard input") if word == "-" else Path(word)
    content = plain(path, regular_file.standard_input()) if word == "-" else unpacked(path)
    encoded = as_utf8(path, content, reading.encoding)
    reading = with_header(path, encoded.utf8, columns, reading)
    layout = find_layout(path, encoded.utf8, reading)
    text = TableText(path, encoded.encoding, layout, layout.separated(encoded.utf8))
    notes = [note for note in (content.note, encoded.note, open_quote_note(text)) if note]
    yield from Table(text, columns).blocks(notes)


def with_header(path: Path, utf8: bytes, columns: Sequence[Column], reading: Reading) -> Reading:
    """The reading with what the first line is: names of columns, or a row. Raises DataError where it is neither."""
    columns = once(columns)
    names = names_in_file(columns)
    delimiter = reading.delimiter or find_delimiter(utf8, names)
    cells = [cell.strip() for cell in next(iter(sample(utf8, delimiter)), [])]
    decided = replace(reading, delimiter=delimiter, header=False)
    if not cells:
        return reading  # what there is to say of it, the layout says
    if set(names) & set(cells):
        return replace(decided, header=True, names=None)
    if reading.names is not None and len(cells) == len(reading.names):
        return decided
    decided = replace(decided, names=None)
    if set(names) <= {f"c{place}" for place in range(1, len(cells) + 1)}:  # as a file without a header is read
        return decided
    if len(cells) != len(names):
        raise DataError(
            f"{path}: its first line names no column of this run and has {len(cells)} cells, not "
            f"{len(names)}\n  the columns: {', '.join(names)}"
        )
    if all(len(list(cell_faults(cells, columns, decimal))) == len(cells) for decimal in (".", ",")):
        raise DataError(f"{path}: has unknown columns {', '.join(cells)}\n  those of this run: {', '.join(names)}")
    return replace(decided, names=tuple(names))


@dataclass(frozen=True)
class Table:
    """A file, cut into its cells, and the columns that the run wants of it."""

    text: TableText
    columns: Sequence[Column]

    def blocks(self, notes: list[str]) -> Iterator[Rows]:
        names = by_own_name(self.text.layout.names, self.columns)
        places = list(placed(names, self.columns, str(self.text.path)))
        known = set(names_in_file(self.columns))
        if extra := [name for name in names if name not in known]:
            notes = [*notes, f"{self.text.path}: {', '.join(extra)}: not used by the run; ignored"]
        is_large = len(self.text.utf8) > BLOCK_BYTES  # a smaller one is read before pandas is imported
        parts = self.by_block(places) if is_large and self.text.is_line_by_line else self.by_record(self.text, places)
        for rows in parts:
            yield replace(rows, notes=[*notes, *rows.notes])
            notes = []

    def by_record(self, text: TableText, places: Sequence[int]) -> Iterator[Rows]:
        records = text.records()
        while block := list(islice(records, AT_A_TIME)):
            yield self.rows(block, places)

    def by_block(self, places: Sequence[int]) -> Iterator[Rows]:
        for block, rows in plain_blocks(self.text, self.columns, places):
            yield from self.by_record(block, places) if rows is None else [rows]

    def rows(self, block: list[tuple[int, Record]], places: Sequence[int]) -> Rows:
        fit = [(line, cells) for line, cells in block if self.text.is_whole(cells)]
        columns = [[cells[place] for _, cells in fit] for place in places]
        decimal = self.text.layout.sure_decimal
        read = [column_values(cells, column, decimal) for cells, column in zip(columns, self.columns, strict=True)]
        x_nF = torch.tensor(np.array([values for values, _ in read], np.float32).T)
        wrong = {fit[row][0] for _, rows in read for row in rows}
        names = [f"{self.text.path}:{line}" for line, _ in fit if line not in wrong]
        faults = [
            f"{self.text.path}:{line}: {self.explained(cells, places)}"
            for line, cells in block
            if line in wrong or not self.text.is_whole(cells)
        ]
        right = [row for row, (line, _) in enumerate(fit) if line not in wrong]
        named = {
            column.name: [(row, cells[row]) for row in right]
            for column, cells in zip(self.columns, columns, strict=True)
        }
        return Rows(names, x_nF[right], faults, *unseen(named, self.columns))

    def explained(self, cells: Record, places: Sequence[int]) -> str:
        if not self.text.is_whole(cells):
            quote = "; a quote opens here and takes in the next lines" if "\n" in cells[-1] else ""
            return f"has {len(cells)} cells, not {len(self.text.layout.names)}{quote}"
        found = cell_faults([cells[place] for place in places], self.columns, self.text.layout.sure_decimal)
        return "; ".join(dict.fromkeys(found))


def cell_faults(cells: Sequence[str], columns: Sequence[Column], decimal: str | None = None) -> Iterator[str]:
    for column, cell in zip(columns, cells, strict=True):
        if isinstance(value_of(column, cell.strip(), decimal), str):
            is_third = len(column.categories) == 2 and cell.strip()
            yield f"{column.in_file}={shortened(cell)}: {only_two(column) if is_third else wanted(column)}"


def only_two(column: Column) -> str:
    first, second = column.categories
    return f"is neither {first} nor {second}: a column of two categories takes no third"


def wanted(column: Column) -> str:
    if column.notation.date_part:
        return "must be a date like those in the run's data"
    if not column.categories:
        return "must be a number"
    return f"must be one of {', '.join(column.categories[:12])}{' ...' if len(column.categories) > 12 else ''}"


def shortened(cell: str) -> str:
    return repr(cell if len(cell) <= SHOWN else f"{cell[:SHOWN]}…")


def unknown_column(name: str, names: Sequence[str]) -> str:
    meant = nearest(name, names)
    return f"{name}=...: no column of this run; {f'did you mean {meant}? ' if meant else ''}it has {', '.join(names)}"


def plain_blocks(
    text: TableText, columns: Sequence[Column], places: Sequence[int]
) -> Iterator[tuple[TableText, Rows | None]]:
    """Each block with its rows; None where they have to be read one by one. ``columns`` stand at ``places``."""
    import pandas as pd

    # of a first line with too many fields; here, for all threads
    with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):
        yield from in_turn(lambda block: (block, _rows(block, columns, places)), text.blocks())


def _rows(block: TableText, columns: Sequence[Column], places: Sequence[int]) -> Rows | None:
    utf8, layout = block.utf8, block.layout
    num_lines = utf8.count(b"\n") + (not utf8.endswith(b"\n"))
    if utf8.count(layout.separator.encode()) != num_lines * (layout.width - 1):
        return None
    cells = _cells(block, [place for place, column in zip(places, columns, strict=True) if not is_plain(column)])
    if cells is None or len(cells) != num_lines:
        return None
    x_nF = np.empty((len(cells), len(places)), np.float32)
    for i, (place, column) in enumerate(zip(places, columns, strict=True)):
        values = _values(cells[str(place)], column, layout.sure_decimal)
        if values is None:
            return None
        x_nF[:, i] = values
    names = [f"{block.path}:{block.lines_before + line}" for line in range(1, num_lines + 1)]
    unknown = {
        column.name: cells[str(place)][x_nF[:, i] == -1].items()
        for i, (place, column) in enumerate(zip(places, columns, strict=True))
        if column.takes_unknown
    }
    return Rows(names, torch.from_numpy(x_nF), (), *unseen(unknown, columns))


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
