"""Cells that are parted by runs of blanks and tabs, as in many a file of numbers: found, and parted by tabs."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from runner.data.table.cells import MOST, is_empty, number

BLANKS = " "  # as a delimiter: runs of blanks and tabs, those at both ends of a line left out
FEWEST_TO_TELL = 8  # rows of words alone, which may be sentences
_QUOTED = re.compile(rb'((?<![^ \t\r\n])"[^"]*(?:""[^"]*)*")')
_RUN = re.compile(rb"[ \t]+")
_AT_AN_END = re.compile(rb"(?<=[\r\n])\t|\t(?=[\r\n])")
_FRACTION = re.compile(r"[-+]?\d+,\d+([eE][-+]?\d+)?")


def tabbed(utf8: bytes) -> bytes:
    """The text with a tab for each run of blanks outside quotes, and none at the ends of its lines, which stay."""
    parts = _QUOTED.split(utf8)
    parts[::2] = [_AT_AN_END.sub(b"", _RUN.sub(b"\t", part)) for part in parts[::2]]
    return b"".join(parts).strip(b"\t")


def is_by_blanks(
    records: Sequence[Sequence[str]], other: str, others: Sequence[Sequence[str]], expected: Collection[str]
) -> bool:
    """Whether runs of blanks, which give ``records``, part a text better than the delimiter ``other`` does."""
    share, other_share = evenness(records), evenness(others)
    if share < MOST or not _are_cells(records, expected):
        return False
    if other_share < MOST or (other == "\t" and other_share < share == 1):
        return True
    if other == "\t":
        return any(_are_rows_of_numbers(column) for column in _columns(others))
    return other == "," and all(_FRACTION.fullmatch(cell) for record in records for cell in record if "," in cell)


def evenness(records: Sequence[Sequence[str]]) -> float:
    """The share of records that have as many fields as the first; 0 where that has one."""
    width = len(records[0]) if records else 0
    return sum(len(record) == width for record in records) / len(records) if width > 1 else 0.0


def _are_cells(records: Sequence[Sequence[str]], expected: Collection[str]) -> bool:
    """Whether what blanks part are cells of columns, not the words of sentences."""
    if expected and set(expected) <= set(records[0]):
        return True
    columns = _columns(records)
    if any(_are_numbers(column) for column in columns):
        return True
    repeat = [len(set(column)) <= len(column) / 2 for column in columns]
    return len(records) >= FEWEST_TO_TELL and len(columns) > 2 and sum(repeat) > len(columns) / 2


def _columns(records: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The cells below the first record, which may be a header, of the records that are as wide."""
    body = records[1:] or records
    return list(zip(*(record for record in body if len(record) == len(records[0])), strict=True))


def _are_numbers(column: Sequence[str]) -> bool:
    full = [cell for cell in column if not is_empty(cell)]
    are_numbers = [number(cell) is not None or _FRACTION.fullmatch(cell) is not None for cell in full]
    return bool(full) and sum(are_numbers) >= MOST * len(full)


def _are_rows_of_numbers(column: Sequence[str]) -> bool:
    """Whether most cells hold several numbers; those with one blank between whole numbers may be one: 1 250."""
    parts = [cell.split() for cell in column]
    several = [
        len(words) > 1
        and all(is_empty(word) or number(word) is not None for word in words)
        and ("  " in cell or any("." in word for word in words[:-1]))
        for cell, words in zip(column, parts, strict=True)
    ]
    return sum(several) >= MOST * len(several)
