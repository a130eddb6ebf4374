"""One cell of a table, as text: whether it is empty, and the number or the date that it spells."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Literal

from runner.text import LARGEST_EXACT

if TYPE_CHECKING:
    from runner.contracts import DatePart, Notation

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
_WHOLE = re.compile(r"[-+]?\d+")
_BELOW = re.compile(r"[-+]?\d{1,3}")
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
ISO = "iso"  # whatever datetime.fromisoformat reads: 2020-01-31, 20200131, 20141013T000000, 2020-01-31 12:30:00+01:00
FORMATS = (  # of strptime, which takes 1 for 01
    ISO,
    *("%Y/%m/%d", "%Y.%m.%d", "%Y. %m. %d", "%Y. %m. %d.", "%Y.%m.%d.", "%Y년 %m월 %d일", "%Y년%m월%d일", "%Y-%m-%d"),
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y"),
    *("%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "%d. %B %Y", "%b %d %Y"),
    *("%Y-%m", "%Y/%m", "%Y.%m", "%Y년 %m월", "%m/%Y", "%b-%y", "%b %Y", "%B %Y", "%b-%Y", "%b %y", "%y-%b", "%Y-%b"),
    *("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p"),
)
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S")
PARTS: tuple[DatePart, ...] = ("year", "month", "weekday", "hour")
FIRST_YEAR, LAST_YEAR = 1800, 2200  # numbers of eight digits beyond are no dates

# What the first lines of a column hold: text; or numbers, all whole, all of one length (whole ones of four digits or
# more), all with three digits behind a mark that may part thousands. Where later lines hold other numbers, or the mark
# is there in some, how they are written matters, and they are read as text
Form = Literal["text", "number", "whole", "code", "grouped"]


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


def first_of(texts: Sequence[str], most: int) -> str:
    """The first texts, parted by commas."""
    return ", ".join(texts[:most]) + (", ..." if len(texts) > most else "")


def in_order(texts: Iterable[str]) -> tuple[str, ...]:
    """Distinct texts, numbers by their size before words by their letters."""

    def key(text: str) -> tuple[bool, float, str]:
        value = number(text)
        return (value is None, value or 0.0, text)

    return tuple(sorted(set(texts), key=key))


def form_of(cells: Sequence[str], decimal: str, may_be_grouped: bool) -> Form:
    """What the cells of a column hold; ``may_be_grouped`` where the decimal may part thousands too."""
    if re.fullmatch(r"(?:[-+]?(?:0|[1-9]\d{0,6})\n)+", "\n".join([*cells, ""])):  # in a tenth of the time
        return _form_of_whole(cells)
    full = [cell for cell in cells if not is_empty(cell)]
    if not all(number(cell, decimal) is not None for cell in full):
        return "text"
    if all(map(_WHOLE.fullmatch, full)):
        return _form_of_whole(full)
    grouped = re.compile(rf"[-+]?[1-9]\d{{0,2}}{re.escape(decimal)}\d{{3}}")
    if not may_be_grouped or not all(grouped.fullmatch(cell) or _BELOW.fullmatch(cell) for cell in full):
        return "number"
    return "grouped" if all(map(grouped.fullmatch, full)) else "text"


def _form_of_whole(full: Sequence[str]) -> Form:
    digits = [cell.lstrip("+-") for cell in full]
    if any(len(word) > 2 and word[0] == "0" for word in digits) or any(int(word) > LARGEST_EXACT for word in digits):
        return "text"
    is_code = bool(digits) and len(digits[0]) >= 4 and len(set(map(len, digits))) == 1
    return "code" if is_code else "whole"


def read_date(text: str, date_format: str) -> datetime | None:
    """What a cell says in this form; None where it says something else."""
    try:
        found = datetime.fromisoformat(text) if date_format == ISO else datetime.strptime(text, date_format)
    except ValueError:
        return None
    found = found.replace(tzinfo=None)
    has_year = date_format == ISO or "%y" in date_format.lower()
    return found if not has_year or FIRST_YEAR <= found.year <= LAST_YEAR else None


def date_format(texts: Collection[str]) -> str:
    """The form in which nearly all of the texts are dates or times; "" where there is none.

    Where day and month may stand either way round, the day is first.
    """
    some = [text.strip() for text in texts][:200]
    for form in FORMATS:
        for clock in CLOCKS if "%d" in form else ("",):
            if _is_of(some[:1], form + clock) or _is_of(some[-1:], form + clock):
                whole = form + clock
                if _is_of(some, whole) and _is_of([text.strip() for text in texts], whole):
                    return whole
    return ""


def _is_of(texts: Collection[str], form: str) -> bool:
    return sum(read_date(text, form) is not None for text in texts) >= MOST * len(texts) > 0


def may_be_swapped(texts: Collection[str], form: str) -> bool:
    """Whether day and month could stand the other way round in every text."""
    if "%d" not in form or "%m" not in form or form.index("%Y" if "%Y" in form else "%y") == 0:
        return False
    swapped = form.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")
    return all(read_date(text.strip(), swapped) is not None for text in texts)


def date_number(text: str, form: str, part: DatePart) -> float | None:
    """The year, month, weekday (0 is Monday) or hour of a cell; None where it is no date of this form."""
    found = read_date(text.strip(), form)
    if found is None:
        return None
    return float(found.weekday() if part == "weekday" else getattr(found, part))


def parts_of(form: str) -> tuple[DatePart, ...]:
    """Which parts a date of this form may have."""
    if form == ISO:
        return PARTS
    has = {"year": "%y" in form.lower(), "month": "%m" in form or "%b" in form.lower()}
    has |= {"weekday": has["year"] and "%d" in form, "hour": "%H" in form or "%I" in form}
    return tuple(part for part in PARTS if has[part])
