"""A table of a user's own: CSV, TSV or the like, with a header or without, packed or not, or at an address."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from runner.contracts import Column, Data, Source, Task
from runner.data.download import get, locked, reasons, temporary_of
from runner.data.table.chosen import OTHERS
from runner.data.table.column_kinds import Kind
from runner.data.table.dialect import BLANKS, DELIMITERS, Reading, find_delimiter, sample
from runner.data.table.file import find_file, is_address
from runner.data.table.given_splits import Official
from runner.data.table.glimpse import Glimpse, glimpses
from runner.data.table.packing import plain
from runner.data.table.table import Goal, Meaning, read_table
from runner.data.table.text import composed
from runner.errors import ConfigError, DataError
from runner.text import say

KINDS: tuple[Kind, ...] = ("numeric", "binary", "categorical", "date", "ignored")  # an ordinal is given by its order
SAMPLE_BYTES = 2**16
MOST_LINES = 20  # of what a server says
SHOWN_BYTES = 80  # of that, in a message


class Csv(Source):
    """The rows of the file ``path``; a relative path counts from the current folder, else from ``data_dir``."""

    def __init__(
        self,
        *,
        path: str,
        target: str | int,
        task: Task | None,
        features: list[str | int] | None,
        columns: dict[str, Any],
        strict: bool,
        missing: Literal["refuse", "impute"] | None,
        unknown: Literal["refuse", "zeros"] | None,
        missing_values: list[str | float],
        split: Literal["official", "random", "time"] | None,
        split_column: str | None,
        split_rows: tuple[int, int] | None,
        header: bool | None,
        names: tuple[str, ...] | None,
        delimiter: str | None,
        decimal: str | None,
        thousands: str | None,
        encoding: str | None,
        skip_last: int,
    ):
        columns = {composed(str(name)): kind for name, kind in columns.items()}
        target = composed(target) if isinstance(target, str) else target
        split_column, names = split_column and composed(split_column), names and tuple(map(composed, names))
        _check_apart(str(target), split_column, columns)
        if decimal is not None and decimal == thousands:
            raise ConfigError(f"dataset.thousands={thousands}: is dataset.decimal too; one mark cannot be both")
        self.path = path
        self.goal = Goal(target, task, drops_empty=not strict)
        missing = missing or ("refuse" if strict else "impute")
        unknown = unknown or ("refuse" if strict else "zeros")
        # as a cell has it: -200, not -200.0
        markers = tuple(value if isinstance(value, str) else f"{value:.15g}" for value in missing_values)
        chosen = features and [composed(item) if isinstance(item, str) else item for item in features]
        self.meaning = Meaning(column_kinds(columns), missing, unknown, markers, chosen)
        self.official = Official(split_column, split_rows, split)
        self.reading = Reading(delimiter, decimal, thousands, encoding, header, names, skip_last)

    def load(self, data_dir: Path) -> Data:
        return read_table(self._file(data_dir), self.reading, self.meaning, self.goal, self.official)

    def columns(self, data_dir: Path) -> tuple[int, list[Glimpse]]:
        """(how many rows there are, the columns, the target among them). Raises DataError where it is no table."""
        return glimpses(self._file(data_dir), self.reading, self.meaning)

    def _file(self, data_dir: Path) -> Path:
        return fetch_table(self.path, data_dir) if is_address(self.path) else find_file(self.path, data_dir)


def column_kinds(columns: Mapping[str, Any]) -> dict[str, Column | Kind]:
    """``dataset.columns`` read: a kind, or the categories of an ordinal in order. Raises ConfigError."""
    read: dict[str, Column | Kind] = {}
    faults = []
    for name, value in columns.items():
        # true and false are no longer as they were written, and could not be told from "True" and "TRUE"
        has_switch = isinstance(value, list) and any(isinstance(category, bool) for category in value)
        if (
            isinstance(value, list)
            and name != OTHERS
            and not has_switch
            and len(set(map(str, value))) == len(value) >= 2
        ):
            read[name] = Column(name, tuple(composed(str(category)) for category in value), ordered=True)
        elif value in KINDS:
            read[name] = value
        else:
            choices = f"give {', '.join(KINDS)}, or the categories of an ordinal in their order, as [S,M,L]"
            quotes = "\n  put true and false, yes and no in quotes, as ['true','false']" if has_switch else ""
            faults.append(f"dataset.columns.{name}={value}: {choices}{quotes}")
    if faults:
        raise ConfigError(faults)
    return read


def _check_apart(target: str, split_column: str | None, columns: Mapping[str, Any]) -> None:
    """Raises ConfigError where something is said of a column that is no feature, which nobody would heed."""
    if target == split_column:
        raise ConfigError(f"dataset.split_column={split_column}: is the target; a column cannot be both")
    no_features = {target: "is the target; how to take it: dataset.task=..."}
    if split_column is not None:
        no_features[split_column] = "is dataset.split_column, no feature"
    for name, reason in no_features.items():
        if name in columns:
            raise ConfigError(f"dataset.columns.{name}={columns[name]}: {reason}")


def fetch_table(address: str, data_dir: Path) -> Path:
    """The file of an address, downloaded below ``data_dir`` where it is not there yet. Raises DataError.

    Nobody has said which bytes are right: what came is kept where it can be a text, and the digest of its rows is the
    run's.
    """
    folder = data_dir / "downloads"
    name = f"{hashlib.sha256(address.encode()).hexdigest()[:8]}-{Path(urlsplit(address).path).name or 'table'}"
    path = folder / name
    with locked(folder):
        if not path.is_file():
            say(f"fetching {address} into {path}", file=sys.stderr)
            _receive(address, path)
    return path


def _receive(address: str, path: Path) -> None:
    mirrors = {address: ""}
    with temporary_of(path) as temporary:
        if not get(mirrors, "", None, temporary):
            raise DataError(f"dataset.path={address}: cannot be downloaded ({reasons(mirrors)})\n  or put it at {path}")
        content = plain(f"dataset.path={address}", temporary.read_bytes())
        _refuse_sentence(address, content.raw)  # what is no table would be found again
        os.replace(temporary, path)


def _refuse_sentence(address: str, raw: bytes) -> None:
    """Raises DataError where a server says something, as of a fault, instead of giving a table."""
    lines = raw[:SAMPLE_BYTES].split(b"\n", MOST_LINES)
    if b"\0" in raw[:SAMPLE_BYTES] or len(lines) > MOST_LINES:  # UTF-16, or longer than what servers say
        return
    text = raw.decode("latin-1").encode()  # of whatever encoding, no letter is lost
    samples = [sample(text, delimiter) for delimiter in DELIMITERS]
    are_parted = any(2 * sum(len(record) > 1 for record in records) >= len(records) for records in samples)
    if len(samples[0]) < 2 or not (are_parted or find_delimiter(text) == BLANKS):
        shown = raw[:SHOWN_BYTES].decode(errors="replace").strip()
        raise DataError(f"dataset.path={address}: the downloaded file is not a table: {shown!r}")
