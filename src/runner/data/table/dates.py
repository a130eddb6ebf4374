"""Dates and times in the forms that people and programs write, as numbers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.contracts import DatePart

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
FEWEST_SHARE = 0.9  # of the cells of a column have to be dates of one form
FIRST_YEAR, LAST_YEAR = 1800, 2200  # numbers of eight digits beyond are no dates


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
    return sum(read_date(text, form) is not None for text in texts) >= FEWEST_SHARE * len(texts) > 0


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
