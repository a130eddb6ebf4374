"""A table of text with a title, as the verbs that list things print it."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from runner.text import say


@dataclass(frozen=True)
class Table:
    """Rows of text under a title; the last column may be long."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()  # columns that are set to the right


def draw(table: Table) -> None:
    """The table on stdout: with rich in a terminal, as aligned plain lines otherwise."""
    if sys.stdout.isatty():
        _draw_rich(table)
        return
    say(table.title)
    widths = [max(len(row[i]) for row in (table.columns, *table.rows)) for i in range(len(table.columns))]
    signs = [">" if i in table.numbers else "<" for i in range(len(widths))]
    for row in [table.columns] * bool(table.numbers) + list(table.rows):
        cells = (f"{cell:{sign}{width}}" for cell, sign, width in zip(row, signs, widths, strict=True))
        say("  " + "  ".join(cells).rstrip())
    for note in table.notes:
        say(note)


def _draw_rich(table: Table) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(title=table.title, title_justify="left", box=SIMPLE_HEAD)
    for i, column in enumerate(table.columns):
        drawn.add_column(column, no_wrap=column != table.columns[-1], justify="right" if i in table.numbers else "left")
    for row in table.rows:
        drawn.add_row(*(Text(cell) for cell in row))
    from runner.screen.console import console

    screen = console(sys.stdout)
    screen.print(drawn)
    for note in table.notes:
        screen.print(Text(note, style="dim"))
