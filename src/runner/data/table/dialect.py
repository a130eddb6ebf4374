"""How a text is a table: what parts its cells, whether the first line names the columns, how fractions are written."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Literal

from runner.data.table.blanks import BLANKS, evenness, is_by_blanks, tabbed
from runner.data.table.cells import MOST, is_empty, number
from runner.errors import ConfigError, DataError

DELIMITERS = ("\t", ";", "|", ",")  # where several part every line alike, the first: numbers have commas inside
LONGEST_FIELD = 2**31 - 1  # the largest number that csv takes on every system
SAMPLE_BYTES = 2**18
SAMPLE_RECORDS = 200
FEWEST_RECORDS = 5  # in a sample of a text that has more: a line may be longer than SAMPLE_BYTES
LARGEST_EXACT = 2**24  # of float32: above it some whole numbers are missing
_WHOLE = re.compile(r"[-+]?\d+")
_BELOW = re.compile(r"[-+]?\d{1,3}")
_FRACTION = re.compile(r"[-+]?\d*,\d+")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+")

Record = list[str]


@dataclass(frozen=True)
class Reading:
    """What a user says of a text; None is found."""

    delimiter: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    header: bool | None = None
    names: tuple[str, ...] | None = None
    skip_last: int = 0  # rows at the end that are none


# What the first lines of a column hold: text; or numbers, all whole, all of one length (whole ones of four digits or
# more), all with three digits behind a mark that may part thousands. Where later lines hold other numbers, or the mark
# is there in some, how they are written matters, and they are read as text
Form = Literal["text", "number", "whole", "code", "grouped"]


@dataclass(frozen=True)
class Layout:
    """How the cells of a text are told apart."""

    delimiter: str  # of the file; a blank stands for runs of blanks and tabs
    decimal: str
    is_decimal_sure: bool  # whether numbers of the first lines show it
    has_header: bool
    names: tuple[str, ...]  # of the columns, from the left
    width: int  # fields of a line; what goes beyond the names is empty
    forms: tuple[Form, ...]  # of each column, as far as the first lines tell

    @property
    def sure_decimal(self) -> str | None:
        """What parts the fraction of a number; None where nothing shows it."""
        return self.decimal if self.is_decimal_sure else None

    @cached_property
    def _grouped(self) -> frozenset[str]:
        return frozenset(name for name, form in zip(self.names, self.forms, strict=True) if form == "grouped")

    def note_on_fractions(self, name: str) -> str:
        """What to say of a column whose numbers all have three digits behind a mark that could part thousands."""
        if name not in self._grouped:
            return ""
        other = f"as thousands: dataset.thousands='{self.decimal}'"
        return f"three digits behind the {self.decimal} of every number are read as its fraction; {other}"

    @property
    def separator(self) -> str:
        """What parts the cells in a text that is ``separated``."""
        return "\t" if self.delimiter == BLANKS else self.delimiter

    def separated(self, utf8: bytes) -> bytes:
        """The text of the file with ``separator`` between its cells."""
        return tabbed(utf8) if self.delimiter == BLANKS else utf8


def find_layout(path: Path, utf8: bytes, reading: Reading, expected: Collection[str] = ()) -> Layout:
    """The layout of a text; ``expected`` are names that a header is known to have. Raises ConfigError or DataError."""
    delimiter = reading.delimiter or find_delimiter(utf8, expected)
    records = sample(utf8, delimiter)
    if not records:
        raise DataError(f"{path}: holds no cell with anything in it")
    has_header = _has_header(records, reading, expected)
    names = _names(path, records[0], reading, has_header)
    body = records[1:] if has_header else records
    if not body:
        raise DataError(f"{path}: line 1 names the columns and no row follows")
    said = reading.decimal or {".": ",", ",": "."}.get(reading.thousands or "")
    decimal = said or ("." if delimiter == "," else _decimal(body))
    is_sure = delimiter == "," or said is not None or _shows(body, decimal)
    surplus = body[0][len(names) :]
    width = len(names) + (0 if any(cell.strip() for cell in surplus) else len(surplus))
    may_be_grouped = said is None
    forms = tuple(_form(body, i, decimal, may_be_grouped) for i in range(len(names)))
    return Layout(delimiter, decimal, is_sure, has_header, names, width, forms)


def sample(utf8: bytes, delimiter: str) -> list[Record]:
    """The first records that hold anything, in ``utf8`` as it is in the file."""
    size = SAMPLE_BYTES
    while True:
        records, is_cut = _records(utf8[:size], delimiter), size < len(utf8)
        if not is_cut or len(records) > FEWEST_RECORDS:
            break
        size *= 4
    return records[:-1] if is_cut and len(records) <= SAMPLE_RECORDS else records[:SAMPLE_RECORDS]


def _records(utf8: bytes, delimiter: str) -> list[Record]:
    if delimiter == BLANKS:
        utf8, delimiter = tabbed(utf8), "\t"
    text = utf8.decode(errors="ignore")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    return list(islice(filter(any, iter(lambda: next_record(reader), None)), SAMPLE_RECORDS + 1))


def next_record(reader: Iterator[Record]) -> Record | None:
    """The next record, whatever the size of its fields; None at the end. The limit of others stays what it is."""
    before = csv.field_size_limit(LONGEST_FIELD)
    try:
        return next(reader, None)
    finally:
        csv.field_size_limit(before)


def find_delimiter(utf8: bytes, expected: Collection[str] = ()) -> str:
    """What parts most lines into as many fields as the first; a comma where nothing does.

    ``expected`` are names that a header is known to have.
    """
    samples = {delimiter: sample(utf8, delimiter) for delimiter in DELIMITERS}
    scores = {delimiter: evenness(records) for delimiter, records in samples.items()}
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    if is_by_blanks(sample(utf8, BLANKS), best, samples[best], expected):
        return BLANKS
    return best if scores[best] else ","


def _has_header(records: Sequence[Record], reading: Reading, expected: Collection[str]) -> bool:
    first = [cell.strip() for cell in records[0]]
    if reading.header is not None:
        return reading.header
    if (expected and set(expected) <= set(first)) or first == list(reading.names or []):
        return True
    named = [cell for cell in first if cell]
    if not named or len(set(named)) < len(named) or any(number(cell) is not None for cell in named):
        return False
    below = records[1:]
    columns = [[record[i] for record in below if i < len(record)] for i in range(len(first))]
    if any(_are_numbers(column, ".") or _are_numbers(column, ",") for column in columns):
        return True
    return not any(cell in column for cell, column in zip(first, columns, strict=True))


def _names(path: Path, first: Record, reading: Reading, has_header: bool) -> tuple[str, ...]:
    if reading.names is not None:
        names = list(reading.names)
        _check_given_names(path, [cell.strip() for cell in first], names)
    elif has_header:
        names = [cell.strip() for cell in first]
        while len(names) > 1 and not names[-1]:  # a delimiter at the end of the line
            names.pop()
        names = [name or f"column {i}" for i, name in enumerate(names, start=1)]
    else:
        names = [f"c{i}" for i in range(1, len(first) + 1)]
    _refuse_twins(path, names)
    return tuple(names)


def _check_given_names(path: Path, first: Record, names: Sequence[str]) -> None:
    if len(names) != len(first):
        line = ", ".join(first[:8])
        raise ConfigError(f"{path}: {len(names)} columns are named, and line 1 has {len(first)} fields: {line} ...")
    if first != names and sorted(first) == sorted(names):
        place = next(i for i, (cell, name) in enumerate(zip(first, names, strict=True)) if cell != name)
        raise DataError(
            f"{path}, line 1: column {place + 1} is {first[place]}, where {names[place]} was to be: another order"
        )


def _refuse_twins(path: Path, names: Sequence[str]) -> None:
    places: dict[str, int] = {}
    for i, name in enumerate(names, start=1):
        if places.setdefault(name, i) != i:
            raise DataError(
                f"{path}, line 1: columns {places[name]} and {i} are both called {name}\n"
                f"  rename one of them, or name all columns: dataset.names=[...]"
            )


def _decimal(body: Sequence[Record]) -> str:
    """A comma where numbers have one and none has a point; left to the user where it may part thousands."""
    cells = [cell.strip() for record in body for cell in record]
    commas = [cell for cell in cells if _FRACTION.fullmatch(cell)]
    if not commas or all(_THOUSANDS.fullmatch(cell) for cell in commas):
        return "."
    return "." if any(re.fullmatch(r"[-+]?\d+\.\d+", cell) for cell in cells) else ","


def _shows(body: Sequence[Record], decimal: str) -> bool:
    """Whether a number has a fraction that no thousands could be."""
    fraction = re.compile(rf"[-+]?(\d*{re.escape(decimal)}(\d{{1,2}}|\d{{4,}})|0{re.escape(decimal)}\d+)")
    return any(fraction.fullmatch(cell.strip()) for record in body for cell in record)


def _form(body: Sequence[Record], place: int, decimal: str, may_be_grouped: bool) -> Form:
    cells = [record[place].strip() for record in body if place < len(record)]
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


def _are_numbers(cells: Sequence[str], decimal: str) -> bool:
    full = [cell for cell in cells if not is_empty(cell)]
    return bool(full) and sum(number(cell, decimal) is not None for cell in full) >= MOST * len(full)
