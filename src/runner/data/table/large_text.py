"""The text of a table too large to be held in memory: read in pieces, wherever a piece of it is asked for."""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from io import BufferedReader
from pathlib import Path
from unicodedata import is_normalized

import torch
from torch import Tensor

from runner.config import regular_file
from runner.data.table import faults
from runner.data.table.dialect import BLANKS, Reading, Record, find_delimiter
from runner.data.table.faults import TableText
from runner.data.table.last_rows import LONGEST_ROW
from runner.data.table.text import OF_EXCEL
from runner.errors import DataError

LARGE_BYTES = 2**30  # of a file: its text and its numbers together would take up to twice as much
PIECE_BYTES = 2**24


@dataclass(frozen=True)
class Survey:
    """What is to be known of a large file before its layout is found."""

    start: bytes  # its first lines
    num_lines: int


def survey(path: Path, reading: Reading, expected: Collection[str]) -> Survey | None:
    """Of a large file that can be read line by line: in UTF-8, with quotes in the first line alone; None of others.

    ``expected`` are names that a header is known to have.

    Raises DataError where the file cannot be read.
    """
    try:
        if path.stat().st_size < LARGE_BYTES or reading.skip_last or reading.encoding not in (None, "utf-8"):
            return None
        with regular_file.opened(path) as file:
            start = _piece(file)
            num_lines = _num_lines(start, file)
        # runs of blanks, and a line for Excel, are changed in the text as a whole
        if (
            num_lines is None
            or OF_EXCEL.match(start)
            or (reading.delimiter or find_delimiter(start, expected)) == BLANKS
        ):
            return None
        return Survey(start, num_lines)
    except OSError as fault:
        raise DataError(f"{path}: cannot be read: {(fault.strerror or str(fault)).lower()}") from fault


def _piece(file: BufferedReader) -> bytes:
    """Some whole lines; a line that is longer than a piece is cut."""
    return file.read(PIECE_BYTES) + file.readline(PIECE_BYTES)


def _num_lines(start: bytes, file: BufferedReader) -> int | None:
    """How many lines there are in ``start`` and below; None where one cannot be read alone."""
    header, end, piece = start.partition(b"\n")
    if header.startswith(codecs.BOM_UTF8) or not end or not _is_plain(header.replace(b'"', b"") + end):
        return None
    num_lines = 1
    while piece or (piece := _piece(file)):
        is_last = not piece.endswith(b"\n")
        if not _is_plain(piece) or (is_last and file.peek(1)):
            return None
        num_lines, piece = num_lines + piece.count(b"\n") + is_last, b""
    return num_lines


def _is_plain(lines: bytes) -> bool:
    if b'"' in lines or b"\0" in lines or lines.count(b"\r") != lines.count(b"\r\n"):
        return False
    try:
        return lines.isascii() or is_normalized("NFC", lines.decode())
    except UnicodeDecodeError:
        return False


@dataclass(frozen=True)
class LargeText(TableText):
    """The text of a file that was surveyed."""

    num_lines: int = 0

    @property
    def most_rows(self) -> int:
        return self.num_lines

    @cached_property
    def is_line_by_line(self) -> bool:
        return True

    @cached_property
    def last(self) -> Record:
        with self.path.open("rb") as file:
            file.seek(max(self.path.stat().st_size - LONGEST_ROW - 1, 0))
            return TableText(self.path, self.encoding, self.layout, file.read()).last

    def blocks(self) -> Iterator[TableText]:
        layout, lines_before = replace(self.layout, has_header=False), len(self.head)
        with self.path.open("rb") as file:
            file.seek(self.rows_at)
            while utf8 := file.read(faults.BLOCK_BYTES) + file.readline():
                if utf8.strip():
                    yield TableText(self.path, self.encoding, layout, utf8, lines_before=lines_before)
                lines_before += utf8.count(b"\n")

    def _lines(self, start: int) -> Iterator[str]:
        with self.path.open("rb") as file:
            file.seek(start)
            with io.TextIOWrapper(file, encoding="utf-8", newline="") as lines:
                yield from lines

    def empty(self, num_rows: int, num_columns: int) -> Tensor:
        """In a file without a name, which ends with the tensor. Raises DataError where the disk has no room for it."""
        size = num_rows * num_columns
        folder = cache_folder(self.path)
        try:
            with tempfile.NamedTemporaryFile(dir=folder) as file:
                _reserve(file.fileno(), 4 * size)
                return torch.from_file(file.name, shared=True, size=size).view(num_rows, num_columns)
        except OSError as fault:
            raise no_room(folder, self.path, 4 * size, fault) from fault


def cache_folder(path: Path) -> Path:
    """Where what is made of a large file is kept: beside it, or where the user's caches are if that is not writable.

    Raises DataError where neither is.
    """
    if os.access(path.parent, os.W_OK):
        return path.parent
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "runner" / hashlib.sha256(bytes(path.parent.resolve())).hexdigest()[:12]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise DataError(
            f"{path}: its numbers are to be kept in {path.parent} or {caches}, and neither can be written to\n"
            f"  name a folder that can: XDG_CACHE_HOME=..."
        ) from fault
    return folder


def no_room(folder: Path, path: Path, size: int, fault: Exception) -> DataError:
    reason = getattr(fault, "strerror", None) or str(fault).splitlines()[0]
    return DataError(
        f"{folder}: the numbers of {path.name} cannot be written here ({size / 1e9:.1f} GB): {reason}\n"
        f"  make room on that disk, or move the table to another"
    )


def _reserve(descriptor: int, size: int) -> None:
    """Room for so many bytes. A page that the disk has no room for would end the process once it is written to."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:  # macOS
        os.truncate(descriptor, size)
