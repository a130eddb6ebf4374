"""Tables on the screen: columns under dim heads without lines between them, and the lists that verbs print."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from runner.text import visible

GAP = 3  # between columns


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


def ranking(heads: Sequence[str], lines: Sequence[Sequence[str]], numbers: Collection[str]) -> Table:
    """The lines under their heads, the first, the best, standing out; the columns of ``numbers`` to the right."""
    table = bare_table(heads, lines, [index for index, head in enumerate(heads) if head in numbers])
    for best in table.rows[:1]:
        best.style = "bold green"
    return table


@dataclass(frozen=True)
class Listing:
    """Rows of text under a title; the last column may be long."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()  # columns that are set to the right

    def table(self) -> Table:
        """For a terminal."""
        made = bare_table(self.columns, self.rows, self.numbers)
        made.title, made.title_justify, made.header_style = self.title, "left", "table.header"
        made.min_width = cell_len(self.title)  # rich breaks a title that is wider than its table
        made.box, made.pad_edge, made.padding = SIMPLE_HEAD, True, (0, 1)
        for column in made.columns:
            column.no_wrap, column.overflow = column is not made.columns[-1], "ellipsis"
        return made

    def lines(self) -> Iterator[str]:
        """For a file: the columns aligned, under their heads where some of them are numbers."""
        rows = [self.columns, *self.rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        signs = [">" if index in self.numbers else "<" for index in range(len(widths))]
        yield self.title
        for row in rows if self.numbers else self.rows:
            cells = (f"{cell:{sign}{width}}" for cell, sign, width in zip(row, signs, widths, strict=True))
            yield f"  {'  '.join(cells)}".rstrip()
        yield from self.notes
