"""One cell of a table, as text: whether it is empty or a number, and what other texts look like."""

from __future__ import annotations

import re
from collections.abc import Iterable

# What people and programs write into a column of numbers where they have none; as categories some are real words
EMPTY = frozenset(
    ("", "NA", "N/A", "n/a", "na", "NaN", "nan", "NAN", "null", "NULL", "Null", "None", "none", "#N/A", "#NA", "?", "-")
)
MOST = 0.9  # of the cells of a column have to be of one form for the column to be of that form
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_FORMS = {  # form -> what matches it
    "dates or times": re.compile(
        r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\.?([ T].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( .*)?|\d{1,2}:\d{2}(:\d{2}.*)?"
    ),
    "percentages": re.compile(r"[-+]?[\d.,]*\d\s*%"),
    "amounts of money": re.compile(r"[-+]?\s*[$€£₩¥]\s*[-+]?\d[\d.,\s]*|[-+]?\d[\d.,\s]*([$€£₩¥]|원|EUR|USD|KRW|GBP)"),
    "numbers with thousands separators": re.compile(r"[-+]?\d{1,3}([,.'\u2019\u00a0\u202f ]\d{3})+([.,]\d+)?"),
    "numbers with a decimal comma": re.compile(r"[-+]?\d*,\d+"),
}


def number(text: str, decimal: str = ".") -> float | None:
    """The number that a cell spells, inf where it is too large; None where it spells none."""
    text = text.strip()
    if decimal != ".":
        text = text.replace(".", "x").replace(decimal, ".")
    return float(text) if _NUMBER.fullmatch(text) else None


def is_empty(text: str) -> bool:
    """Whether a cell of a column of numbers says that there is none."""
    return text.strip() in EMPTY


def form(texts: Iterable[str]) -> str:
    """What most of the texts are, where it is a form that numbers or dates are written in; else ""."""
    texts = [text.strip() for text in texts]
    for name, pattern in _FORMS.items():
        if sum(pattern.fullmatch(text) is not None for text in texts) >= MOST * len(texts) > 0:
            return name
    return ""


def in_order(texts: Iterable[str]) -> tuple[str, ...]:
    """Distinct texts, numbers by their size before words by their letters."""

    def key(text: str) -> tuple[bool, float, str]:
        value = number(text)
        return (value is None, value or 0.0, text)

    return tuple(sorted(set(texts), key=key))
