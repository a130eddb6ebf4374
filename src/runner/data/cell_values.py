"""What one cell of text is to a net that was trained on a table: its number, or the code of its category."""

from __future__ import annotations

from runner.contracts import Column
from runner.data.cells import is_empty, number

LARGEST = 3.4028234e38  # that float32 holds
MOST_CATEGORIES = 8  # in a message


def value_of(column: Column, text: str, decimal: str = ".") -> float | str:
    """What a cell is to the net, as the table's reader made it of the train rows; in words, why it is nothing."""
    if column.categories:
        return _code_of(column, text)
    if is_empty(text):
        return float("nan") if column.missing != "refused" else "is no value: no train row lacked one"
    value = number(text, decimal)
    if value is None:
        return "is no number"
    return value if abs(value) <= LARGEST else "is too large for float32"


def _code_of(column: Column, text: str) -> float | str:
    if text in column.categories:
        return float(column.categories.index(text))
    if is_empty(text) and column.missing != "refused":
        return float("nan") if column.is_number else -1.0
    if column.takes_unknown and text:
        return -1.0
    some = ", ".join([*column.categories[:MOST_CATEGORIES], *["..."] * (len(column.categories) > MOST_CATEGORIES)])
    return f"is none of {some}"
