"""What one cell of text is to a net that was trained on a table: its number, or the code of its category."""

from __future__ import annotations

import re

from runner.contracts import Column, Notation
from runner.data.table.cells import NULL, is_empty, is_marker, spelled_number

LARGEST = 3.4028234e38  # that float32 holds
MOST_CATEGORIES = 8  # in a message
_EITHER = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")  # a fraction, or thousands


def value_of(column: Column, text: str, decimal: str | None = None) -> float | str:
    """What a cell is to the net, as the table's reader made it of the train rows; in words, why it is nothing.

    ``decimal`` is what parts the fraction where the cell comes from; None where nothing shows it, then a point.
    """
    if column.categories:
        return _code_of(column, text)
    notation = column.notation
    if decimal is None and not notation.decimal and _EITHER.fullmatch(text):
        return "may be read in two ways; write it without a comma"
    value = spelled_number(text, notation, decimal or ".")
    if _says_none(text, value, notation):
        return float("nan") if column.missing != "refused" else "is no value: no train row lacked one"
    if value is None:
        return "is no date" if notation.date_part else "is no number"
    return value if abs(value) <= LARGEST else "is too large for float32"


def _says_none(text: str, value: float | None, notation: Notation) -> bool:
    if text in notation.markers or (value is None and is_marker(text)):
        return True
    return any(spelled_number(marker, Notation(".")) == value is not None for marker in notation.markers)


def _code_of(column: Column, text: str) -> float | str:
    if text in column.categories:
        return float(column.categories.index(text))
    if (is_empty(text) or text in NULL) and column.missing != "refused":
        return float("nan") if column.is_number else -1.0
    if column.takes_unknown and text:
        return -1.0
    some = ", ".join([*column.categories[:MOST_CATEGORIES], *["..."] * (len(column.categories) > MOST_CATEGORIES)])
    return f"is none of {some}"
