"""Tables on the screen: columns under dim heads without lines between them, and the lists that verbs print.

No cell is cut or broken over lines: columns that do not fit are left out and named below.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from runner.text import counted, visible

GAP = 3  # between columns
WIDEST = 400  # columns of a screen without an edge
NARROWEST = 30  # columns that a long text needs beside others


def bare_table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str | Text]] = (),
    numbers: Collection[int] | None = None,
    gap: int = GAP,
) -> Table:
    """The rows under their heads; the columns ``numbers`` are to the right, not wrapped: None is all but the first."""
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="dim")
    for index, head in enumerate(heads):
        is_number = index > 0 if numbers is None else index in numbers
        whole = is_number or numbers is None
        table.add_column(Text(visible(head)), justify="right" if is_number else "left", no_wrap=whole, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) if isinstance(cell, str) else cell for cell in row))
    return table


@dataclass(frozen=True)
class Fitting:
    """A table without the columns that the screen has no room for; they are named in a line below."""

    table: Table
    kept: tuple[str, ...] = ()  # heads of the columns that stay, beside the first
    remedy: str = ""  # what shows them; a wider terminal where nothing else does

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        first, *others = self.table.columns
        chosen = [first, *(column for column in others if head(column) in self.kept)]
        for column in others:
            if column not in chosen and self._width(console, options, [*chosen, column]) <= options.max_width:
                chosen.append(column)
        yield self._of(chosen)
        if names := [head(column) for column in others if column not in chosen]:
            yield left_out(names, self.remedy)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(1, min(_width(console, options, self.table), options.max_width))

    def _of(self, columns: Collection[Column]) -> Table:
        """The table of some of its columns, in their order."""
        made = copy(self.table)
        kept = (column for column in self.table.columns if column in columns)
        made.columns = [replace(column, _index=index) for index, column in enumerate(kept)]
        return made

    def _width(self, console: Console, options: ConsoleOptions, columns: Collection[Column]) -> int:
        return _width(console, options, self._of(columns))


def left_out(names: Sequence[str], remedy: str = "") -> Text:
    """The line below a table that says which columns it lacks."""
    remedy = remedy or f"; a wider terminal shows {'it' if len(names) == 1 else 'them'}"
    return Text(f"{counted(len(names), 'column')} more: {', '.join(names)}{remedy}", style="dim")


def head(column: Column) -> str:
    """The head of a column in one line."""
    return " ".join(str(column.header).split())


def _width(console: Console, options: ConsoleOptions, table: Table) -> int:
    """The columns of the screen that it takes where nothing is cut."""
    return Measurement.get(console, options.update(max_width=WIDEST), table).maximum


def ranking(
    heads: Sequence[str],
    lines: Sequence[Sequence[str]],
    numbers: Collection[str],
    kept: Sequence[str] = (),
    remedy: str = "",
) -> Fitting:
    """The lines under their heads, the first, the best, standing out; the columns of ``numbers`` to the right."""
    table = bare_table(heads, lines, [index for index, head in enumerate(heads) if head in numbers])
    for column in table.columns:
        column.no_wrap = True
    for best in table.rows[:1]:
        best.style = "bold green"
    return Fitting(table, tuple(kept), remedy)


@dataclass(frozen=True)
class Listing:
    """Rows of text under a title; the last column may be long."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()  # columns that are set to the right

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """For a terminal. Where long texts have no room beside the other columns, each stands in lines of its own."""
        has_texts = len(self.columns) - 1 not in self.numbers
        table = self._table()
        longest = max((cell_len(visible(row[-1])) for row in self.rows), default=0)
        room = longest + options.max_width - _width(console, options, table)
        if has_texts and longest > room and room < NARROWEST:
            yield from self._stacked()
        else:
            table.columns[-1].no_wrap = not has_texts
            yield table if has_texts else Fitting(table)
        yield from (Text(note, style="dim") for note in self.notes)

    def _table(self) -> Table:
        made = bare_table(self.columns, self.rows, self.numbers)
        made.title, made.title_justify, made.header_style = self.title, "left", "table.header"
        made.min_width = cell_len(self.title)  # rich breaks a title that is wider than its table
        made.box, made.pad_edge, made.padding = SIMPLE_HEAD, True, (0, 1)
        for column in made.columns:
            column.no_wrap = True
        return made

    def _stacked(self) -> Iterator[RenderableType]:
        yield Text(self.title, style="bold")
        for *cells, text in self.rows:
            yield Text("  ".join(self._named(cells)), style="cyan")
            if text:
                yield Padding(Text(visible(text)), (0, 0, 0, 4))

    def _named(self, cells: Sequence[str]) -> Iterator[str]:
        """The cells that say something, a number behind the head of its column."""
        for index, cell in enumerate(cells):
            if cell:
                yield visible(f"{self.columns[index]} {cell}" if index in self.numbers else cell)

    def lines(self) -> Iterator[str]:
        """For a file: the columns aligned, under their heads where some of them are numbers."""
        rows = [self.columns, *self.rows]
        widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
        yield self.title
        for row in rows if self.numbers else self.rows:
            cells = (
                self._padded(place, cell, width) for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            yield f"  {'  '.join(cells)}".rstrip()
        yield from self.notes

    def _padded(self, place: int, cell: str, width: int) -> str:
        blanks = " " * (width - cell_len(cell))  # a letter of Hangul takes two columns
        return blanks + cell if place in self.numbers else cell + blanks
