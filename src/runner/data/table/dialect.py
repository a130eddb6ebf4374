"""How a text is a table: what parts its cells, whether the first line names the columns, how fractions are written."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from runner.data.table.cells import MOST, Form, form_of, is_empty, number
from runner.errors import ConfigError, DataError

DELIMITERS = ("\t", ";", "|", ",")  # where several part every line alike, the first: numbers have commas inside
LONGEST_FIELD = 2**31 - 1  # the largest number that csv takes on every system
SAMPLE_BYTES = 2**18
SAMPLE_RECORDS = 200
FEWEST_RECORDS = 5  # in a sample of a text that has more: a line may be longer than SAMPLE_BYTES
_FRACTION = re.compile(r"[-+]?\d*,\d+")
BLANKS = " "  # as a delimiter: runs of blanks and tabs, those at both ends of a line left out
FEWEST_TO_TELL = 8  # rows of words alone, which may be sentences
_QUOTED = re.compile(rb'((?<![^ \t\r\n])"[^"]*(?:""[^"]*)*")')
_RUN = re.compile(rb"[ \t]+")
_AT_AN_END = re.compile(rb"(?<=[\r\n])\t|\t(?=[\r\n])")
_WITH_COMMA = re.compile(r"[-+]?\d+,\d+([eE][-+]?\d+)?")
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
    cells = ([record[i].strip() for record in body if i < len(record)] for i in range(len(names)))
    forms = tuple(form_of(column, decimal, may_be_grouped=said is None) for column in cells)
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
        fields = f"{len(first)} fields: {', '.join(first[:8])} ..."
        raise ConfigError(f"{path}: {len(names)} columns are named, and line 1 has {fields}")
    if first != names and sorted(first) == sorted(names):
        place = next(i for i, (cell, name) in enumerate(zip(first, names, strict=True)) if cell != name)
        raise DataError(
            f"{path}, line 1: column {place + 1} is {first[place]}, where {names[place]} should be: the order differs"
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


def _are_numbers(cells: Sequence[str], decimal: str) -> bool:
    return _are_mostly(lambda cell: number(cell, decimal) is not None, cells)


def _are_mostly(is_so: Callable[[str], bool], cells: Sequence[str]) -> bool:
    """Whether it is so of most cells that hold a value."""
    full = [cell for cell in cells if not is_empty(cell)]
    return bool(full) and sum(map(is_so, full)) >= MOST * len(full)


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
    return other == "," and all(_WITH_COMMA.fullmatch(cell) for record in records for cell in record if "," in cell)


def evenness(records: Sequence[Sequence[str]]) -> float:
    """The share of records that have as many fields as the first; 0 where that has one."""
    width = len(records[0]) if records else 0
    return sum(len(record) == width for record in records) / len(records) if width > 1 else 0.0


def _are_cells(records: Sequence[Sequence[str]], expected: Collection[str]) -> bool:
    """Whether what blanks part are cells of columns, not the words of sentences."""
    if expected and set(expected) <= set(records[0]):
        return True
    columns = _columns(records)
    if any(_are_mostly(_is_number_or_fraction, column) for column in columns):
        return True
    repeat = [len(set(column)) <= len(column) / 2 for column in columns]
    return len(records) >= FEWEST_TO_TELL and len(columns) > 2 and sum(repeat) > len(columns) / 2


def _columns(records: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The cells below the first record, which may be a header, of the records that are as wide."""
    body = records[1:] or records
    return list(zip(*(record for record in body if len(record) == len(records[0])), strict=True))


def _is_number_or_fraction(cell: str) -> bool:
    return number(cell) is not None or _WITH_COMMA.fullmatch(cell) is not None


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
