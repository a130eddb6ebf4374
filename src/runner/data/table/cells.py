"""One cell of a table, as text: whether it is empty, and the number that it spells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

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
