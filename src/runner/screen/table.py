"""A table on the screen: columns under dim heads, no lines between them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.table import Table
from rich.text import Text

from runner.text import visible

GAP = 3  # between columns


def bare_table(heads: Sequence[str], numbers: Collection[int] | None = None, gap: int = GAP) -> Table:
    """A table without rows. The columns ``numbers`` are set to the right, not wrapped; None: all but the first."""
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="dim")
    for index, head in enumerate(heads):
        is_number = index > 0 if numbers is None else index in numbers
        whole = is_number or numbers is None
        table.add_column(Text(visible(head)), justify="right" if is_number else "left", no_wrap=whole, overflow="fold")
    return table


def ranking(heads: Sequence[str], lines: Sequence[Sequence[str]], numbers: Collection[str]) -> Table:
    """The lines under their heads, the first, the best, standing out; the columns of ``numbers`` to the right."""
    table = bare_table(heads, [index for index, head in enumerate(heads) if head in numbers])
    for index, line in enumerate(lines):
        table.add_row(*(Text(visible(cell)) for cell in line), style="" if index else "bold green")
    return table
