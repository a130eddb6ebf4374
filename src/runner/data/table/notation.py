"""How a column spells its numbers, found from all of its texts: which mark parts the fraction, and which texts say
that there is none."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from runner.contracts import Column, Notation
from runner.data.table.cells import DECIMALS, MOST, NULL, first_of, is_empty, is_marker, number, sign, spelled_number
from runner.text import figure

FEWEST_NUMBERS = 0.5  # of the cells beside markers
MOST_MARKERS = 3  # different texts that are no usual marker
FEWEST_VALUES = 10  # different numbers beside such texts: where there are fewer, all may be categories
NEAR = 4  # times the largest number below 1,000 the smallest above it may be where the two go on one into the other
FEWEST_TO_TELL = 20  # numbers with a mark, one in ten of which ends in 0 where they are thousands
_GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}([.,])\d{3}")
_UNITS = (
    "kg|g|mg|km|m|cm|mm|mi|ft|in|l|ml|lbs?|oz|h|hrs?|min|ms|kmph|mph|kw|kwh|w|hp|bhp|cc|ghz|mhz|gb|mb|tb|sqft|ha|°C|°F"
)
_WITH_UNIT = re.compile(  # a known one, one that is not ASCII, or one behind a blank: 860xx and 12A are codes
    rf"[-+(]?\d[\d.,']*(?:\s*((?i:{_UNITS})|(?![\x00-\x7f])[^\d\s]{{1,9}})|\s+([^\W\d_][^\d\s]{{1,9}}))"
)
_BELOW = re.compile(r"[-+]?\d{1,3}")


@dataclass(frozen=True)
class Spelling:
    """What is said of the numbers of a file: None is found."""

    decimal: str | None = None
    thousands: str | None = None
    usual: str = "."  # the decimal that the file's other numbers have
    is_sure: bool = False  # whether they show it
    missing_values: tuple[str, ...] = ()

    @property
    def decimals(self) -> tuple[str, ...]:
        """Those that a column may have, the likeliest first."""
        if self.decimal:
            return (self.decimal,)
        if self.thousands in DECIMALS:
            return (_other(self.thousands), self.thousands)
        return (self.usual, _other(self.usual))

    def is_missing(self, text: str) -> bool:
        """Whether it was said that this cell holds no value."""
        return text in self.missing_values or (
            bool(self.missing_values)
            and (value := spelled_number(text, Notation(self.decimals[0]))) is not None
            and any(spelled_number(said, Notation(".")) == value for said in self.missing_values)
        )


@dataclass(frozen=True)
class Numbers:
    """The numbers of a column."""

    notation: Notation
    markers: Mapping[str, int] = field(default_factory=dict)  # texts taken as missing, and how often they stand
    note: str = ""  # what a user should know of how they are read
    refused: str = ""  # why they cannot be read


def read_numbers(counts: Mapping[str, int], spelling: Spelling) -> Numbers | None:
    """How a column whose cells are these texts, each so often, spells numbers; None where it holds none."""
    full = {text: n for text, n in counts.items() if not is_empty(text) and not spelling.is_missing(text)}
    unit = _unit(full)
    read = {decimal: _readable(full, Notation(decimal, unit=unit)) for decimal in spelling.decimals}
    decimal = max(read, key=lambda decimal: sum(full[text] for text in read[decimal]))  # the first of equals
    texts = read[decimal]
    others = {text: n for text, n in full.items() if text not in texts}
    if not texts or not _are_numbers(full, texts, others):
        return None
    markers = {text: n for text, n in others.items() if is_marker(text) or _may_be_marker(n, others, texts)}
    said = {text: n for text, n in counts.items() if spelling.is_missing(text)}
    bare = {text.strip().removesuffix(unit).rstrip() for text in texts}
    notation, note, refused = _with_thousands(bare, spelling, Notation(decimal))
    notes = [note, f"numbers of {unit}" if unit else _sign_note(texts)]
    is_plain = (
        notation.decimal == spelling.usual
        and not note
        and all(number(text, spelling.usual) is not None for text in texts)
    )
    notation = Notation("" if is_plain else notation.decimal, tuple(sorted({*markers, *said})), unit)
    return Numbers(notation, markers, "; ".join(filter(None, notes)), refused)


def values_of(words: Sequence[str], notation: Notation, spelling: Spelling) -> tuple[list[float], list[bool]]:
    """([V] the number of each word, NaN where it says that there is none; [V] which say neither, and are 0)."""
    are_none = [says_none(word, notation, spelling) for word in words]
    read = [
        math.nan if is_none else spelled_number(word, notation, spelling.usual)
        for word, is_none in zip(words, are_none, strict=True)
    ]
    return [0.0 if value is None else value for value in read], [value is None for value in read]


def says_none(word: str, notation: Notation, spelling: Spelling) -> bool:
    """Whether a text in a column of numbers says that there is none."""
    if word in notation.markers or is_empty(word) or spelling.is_missing(word):
        return True
    return is_marker(word) and spelled_number(word, notation, spelling.usual) is None


def _readable(full: Iterable[str], notation: Notation) -> set[str]:
    return {text for text in full if spelled_number(text, notation) is not None}


def _are_numbers(full: Mapping[str, int], texts: set[str], others: Mapping[str, int]) -> bool:
    """Whether nearly all cells are numbers, or all but a few texts that say that there is none."""
    num_numbers, num_cells = sum(full[text] for text in texts), sum(full.values())
    if num_numbers >= MOST * num_cells:
        return True
    odd = [text for text in others if not is_marker(text)]
    if len(odd) > MOST_MARKERS or (odd and len(texts) <= FEWEST_VALUES):
        return False
    return num_numbers >= FEWEST_NUMBERS * num_cells


def _may_be_marker(count: int, others: Mapping[str, int], texts: set[str]) -> bool:
    """Whether a text among numbers stands too often for a slip of the pen."""
    return count >= 2 and len(others) <= MOST_MARKERS and len(texts) > FEWEST_VALUES


def _with_thousands(texts: set[str], spelling: Spelling, notation: Notation) -> tuple[Notation, str, str]:
    """(the notation, a note, why it cannot be told) where every mark may part thousands as well as fractions."""
    grouped = [found for text in texts if (found := _GROUPED.fullmatch(text))]
    plain = [text for text in texts if _BELOW.fullmatch(text)]
    marks = {found[1] for found in grouped}
    if not grouped or len(grouped) + len(plain) < len(texts) or len(marks) > 1 or len(spelling.decimals) == 1:
        return notation, "", ""
    (mark,) = marks
    if spelling.thousands in DECIMALS or (spelling.is_sure and mark != spelling.usual):
        return Notation(spelling.decimals[0]), "", ""
    example = min(found[0] for found in grouped)
    if not plain and mark == ".":
        return Notation(mark), _said(example, mark, is_decimal=True), ""
    verdict = _verdict([found[0] for found in grouped], plain, mark)
    if verdict is None:
        both = f"{example} may be {_as_decimal(example)} or {_as_thousands(example)}"
        return notation, "", f"{both}: say which: dataset.decimal='{mark}' or dataset.thousands='{mark}'"
    return Notation(mark if verdict else _other(mark)), _said(example, mark, is_decimal=verdict), ""


def _verdict(grouped: list[str], plain: list[str], mark: str) -> bool | None:
    """Whether the mark parts the fraction; None where the numbers do not tell.

    Counts go on from below 1,000 to above it, and one in ten ends in 0. A fraction that ends in 0 is written in full
    throughout, and no number would lack it.
    """
    if not plain:
        return None
    above = [abs(float(text.replace(mark, ""))) for text in grouped]
    goes_on = min(above) <= NEAR * max(abs(float(text)) for text in plain)
    ends_in_zero = any(text.endswith("0") for text in grouped)
    if goes_on and (ends_in_zero or len(grouped) < FEWEST_TO_TELL):
        return False
    return None if goes_on or ends_in_zero else True


def _said(example: str, mark: str, *, is_decimal: bool) -> str:
    fraction, thousands = _as_decimal(example), _as_thousands(example)
    if is_decimal:
        return f"{example} is read as {fraction}; if it is {thousands}: dataset.thousands='{mark}'"
    return f"{example} is read as {thousands}; if it is {fraction}: dataset.decimal='{mark}'"


def _as_decimal(example: str) -> str:
    return figure(float(example.replace(",", ".")), is_short=True)


def _as_thousands(example: str) -> str:
    return example.replace(".", "").replace(",", "")


def _unit(full: Mapping[str, int]) -> str:
    """What stands behind the numbers of nearly all cells, of many different ones; "" where nothing does."""
    found = [match[1] or match[2] for text in full if (match := _WITH_UNIT.fullmatch(text.strip()))]
    units = set(found)
    is_one = len(units) == 1 and len(found) >= MOST * len(full) and len(found) > FEWEST_VALUES
    return units.pop() if is_one else ""


def _sign_note(texts: Iterable[str]) -> str:
    units = sorted({sign(text) for text in texts} - {""})
    has_bare = any(not sign(text) for text in texts)
    if len(units) > 1 or ("%" in units and has_bare):
        return f"numbers with {' and '.join(units)}{' and without a sign' if has_bare else ''} are taken alike"
    return ""


def _other(decimal: str) -> str:
    return "," if decimal == "." else "."


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
        return "can be read in two ways; write it without a comma"
    value = spelled_number(text, notation, decimal or ".")
    if _says_none(text, value, notation):
        return float("nan") if column.missing != "refused" else "is empty, and no train row lacked a value here"
    if value is None:
        return "is not a date" if notation.date_part else "is not a number"
    return value if abs(value) <= LARGEST else "is too large for float32"


def _says_none(text: str, value: float | None, notation: Notation) -> bool:
    if text in notation.markers or (value is None and is_marker(text)):
        return True
    return any(spelled_number(marker, Notation(".")) == value is not None for marker in notation.markers)


def is_unknown(column: Column, text: str) -> bool:
    """Whether a cell holds a category that no train row has, which the run takes as none of its own."""
    lacks = (is_empty(text) or text in NULL) and column.missing != "refused"
    return column.takes_unknown and bool(text) and text not in column.categories and not lacks


def _code_of(column: Column, text: str) -> float | str:
    if text in column.categories:
        return float(column.categories.index(text))
    if (is_empty(text) or text in NULL) and column.missing != "refused":
        return float("nan") if column.is_number else -1.0
    if is_unknown(column, text):
        return -1.0
    return f"is not one of {first_of(column.categories, MOST_CATEGORIES)}"


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
