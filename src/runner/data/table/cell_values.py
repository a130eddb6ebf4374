"""What one cell of text is to a net that was trained on a table: its number, or the code of its category."""

from __future__ import annotations

import re
from collections.abc import Sequence

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


PLAIN = b"0123456789.eE+- "  # what a number is written with; no nan, no inf, no 1_000


def column_values(cells: Sequence[str], column: Column, decimal: str | None) -> tuple[Sequence[float], Sequence[int]]:
    """([n] what the cells are to the net, which of them are nothing)."""
    if is_plain(column) and (numbers := plain_numbers(cells, decimal or ".")) is not None:
        return numbers, ()
    known = {text: value_of(column, text.strip(), decimal) for text in set(cells)}
    nothing = {text for text, value in known.items() if isinstance(value, str)}
    values = {text: 0.0 if isinstance(value, str) else value for text, value in known.items()}
    return [values[cell] for cell in cells], [row for row, cell in enumerate(cells) if cell in nothing]


def is_plain(column: Column) -> bool:
    """Whether a number of it that is written as floats are is that number."""
    return not column.categories and column.notation == Notation()


def plain_numbers(cells: Sequence[str], decimal: str) -> Sequence[float] | None:
    """[n] the numbers, as ``value_of`` reads each of them, where all are plain ones; in a tenth of its time."""
    joined = "".join(cells)
    if joined.replace(decimal, ".").encode().translate(None, PLAIN) or (decimal != "." and "." in joined):
        return None
    try:
        numbers = list(map(float, cells if decimal == "." else [cell.replace(decimal, ".") for cell in cells]))
    except ValueError:
        return None
    return numbers if min(numbers, default=0) >= -LARGEST and max(numbers, default=0) <= LARGEST else None
