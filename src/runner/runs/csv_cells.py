"""A row of a CSV file that a spreadsheet opens: a text is a text there, whoever wrote it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet computes begins so


def csv_cells(row: Iterable[Any]) -> list[Any]:
    """The cells, an apostrophe before each text that a spreadsheet would take for a formula; a number stays one."""
    return [f"'{cell}" if isinstance(cell, str) and _is_formula(cell) else cell for cell in row]


def _is_formula(cell: str) -> bool:
    if not cell.startswith(FORMULAS):
        return False
    try:
        return not math.isfinite(float(cell))
    except ValueError:
        return True
