"""The cells of a table, as text: whether they are empty, the numbers that they spell, and what they are to a net."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from runner.contracts import Column, Notation
from runner.data.table.dates import date_number

if TYPE_CHECKING:
    from runner.contracts import Notation

# What people and programs write into a column of numbers where they have none; as categories some are real words
EMPTY = frozenset(
    ("", "NA", "N/A", "n/a", "na", "NaN", "nan", "NAN", "null", "NULL", "Null", "None", "none", "#N/A", "#NA", "?", "-")
)
# Written by programs alone: no category is called so
NULL = frozenset(("", "NaN", "nan", "NAN", "<NA>", "<na>", "null", "NULL", "Null", r"\N", "#N/A", "#NA", "NaT"))
# Further ones, in small letters
MARKERS = frozenset((
    "unknown", "unk", "missing", "not available", "undefined", "n.a.", "n.a", "n.d.", "nd", "n/d", "<na>", "nat", r"\n",
    "nil", "tbd", "void", "없음", "미상", "모름", "알 수 없음", "결측", "해당없음", "해당 없음",
))  # fmt: skip
_ERROR = re.compile(r"#[A-Z0/]+[!?]?|[^\w()%$€£₩¥]+")  # of a spreadsheet, or signs alone
MOST = 0.9  # of the cells of a column have to be of one form for the column to be of that form
DECIMALS = (".", ",")
_PLAIN = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_BLANKS = " \u00a0\u2009\u202f"
_MINUS = str.maketrans(dict.fromkeys("\u2212\u2013\ufe63\uff0d", "-"))
_UNIT = (  # what stands before or behind an amount
    r"(?:[$¢£¤¥฿\u20a0-\u20cf￠￡￥￦]|(?:US|R)\$|원|円|元|kr\.?|zł|Rs\.?|Fr\.?|%|\uff05"
    r"|EUR|USD|KRW|GBP|JPY|CNY|CHF|CAD|AUD|INR|SEK|NOK|DKK|PLN|BRL|MXN)"
)
_AMOUNT = re.compile(
    rf"([-+]?)\s*({_UNIT}?)\s*([-+]?)\s*([\d.,'\u2019{_BLANKS}]*\d[\d.,]*(?:[eE][-+]?\d+)?)\s*({_UNIT}?)"
)


def number(text: str, decimal: str = ".") -> float | None:
    """The number that a cell spells without any ornament, inf where it is too large; None where it spells none."""
    text = text.strip()
    if decimal != ".":
        text = text.replace(".", "x").replace(decimal, ".")
    return float(text) if _PLAIN.fullmatch(text) else None


def spelled_number(text: str, notation: Notation, usual: str = ".") -> float | None:
    """The number that a cell spells in whatever form: (1,250.5), 1'300, 12 %, $5; None where it spells none.

    What could be taken in two ways goes by the decimal of ``notation``, else by the ``usual`` one; a percentage is the
    number before its sign.
    """
    if notation.date_part:
        return date_number(text, notation.date_format, notation.date_part)
    text, decimal = text.strip().removesuffix(notation.unit).rstrip(), notation.decimal or usual
    if (plain := number(text, decimal)) is not None:
        return plain
    in_brackets = len(text) > 2 and text[0] == "(" and text[-1] == ")"
    found = _AMOUNT.fullmatch((text[1:-1] if in_brackets else text).translate(_MINUS).strip())
    if not found or (found[1] and found[3]) or (in_brackets and found[1] + found[3]):
        return None
    plain = number(_ungrouped(found[4].strip(), decimal))
    return -plain if plain is not None and (in_brackets or "-" in found[1] + found[3]) else plain


def sign(text: str) -> str:
    """The sign of currency or percent that a cell carries, "" for none."""
    found = _AMOUNT.fullmatch(text.strip().strip("()"))
    return (found[2] or found[5]) if found else ""


def _ungrouped(digits: str, decimal: str) -> str:
    """The digits with nothing between thousands, and with a point as decimal."""
    for part, groups in _groups(decimal):
        if found := groups.fullmatch(digits):
            return re.sub(r"\D", "", found["whole"]) + found["fraction"].replace(part, ".")
    return digits.replace(decimal, ".") if number(digits, decimal) is not None else ""


@cache
def _groups(decimal: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """(what parts the fraction, what a number with groups of thousands looks like)."""
    other = "," if decimal == "." else "."
    return (
        (decimal, _grouped(f"[{other}'\u2019{_BLANKS}]", rf"(?:{re.escape(decimal)}\d*)?")),
        (other, _grouped(re.escape(decimal), rf"{re.escape(other)}\d+")),  # both marks: the last parts the fraction
        (other, _grouped(re.escape(decimal), "", more="+")),  # a fraction begins once
    )


def _grouped(mark: str, fraction: str, more: str = "*") -> re.Pattern[str]:
    whole = rf"[1-9]\d{{0,2}}(?P<mark>{mark})\d{{3}}(?:(?P=mark)\d{{3}}){more}"
    lakhs = r"|[1-9]\d?(?:,\d\d)+,\d{3}" if "," in mark else ""  # as India writes
    return re.compile(rf"(?P<whole>{whole}{lakhs})(?P<fraction>{fraction})")


def is_empty(text: str) -> bool:
    """Whether a cell of a column of numbers says that there is none."""
    return text.strip() in EMPTY


def is_marker(text: str) -> bool:
    """Whether a cell of a column of numbers may say that there is none, as "unknown" or "#DIV/0!"."""
    text = text.strip()
    return text in EMPTY or text.lower() in MARKERS or _ERROR.fullmatch(text) is not None


def in_order(texts: Iterable[str]) -> tuple[str, ...]:
    """Distinct texts, numbers by their size before words by their letters."""

    def key(text: str) -> tuple[bool, float, str]:
        value = number(text)
        return (value is None, value or 0.0, text)

    return tuple(sorted(set(texts), key=key))


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
