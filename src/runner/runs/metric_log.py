"""metrics.jsonl: every logged step once, in order, deterministic values only. The truth that the other views show."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from runner.config.regular_file import opened
from runner.errors import DataError, RunError
from runner.runs.files import parsed_json, refusal_message, write_whole

LONGEST_ROW = 1_000_000  # bytes
EPOCH_END = b'"train/loss"'  # what a row has at the end of an epoch


def as_line(step: int, epoch: int, values: Mapping[str, float]) -> str:
    """One row; JSON knows no NaN or infinity, so such a value is null and its name stands in ``nonfinite``."""
    row: dict[str, Any] = {"step": step, "epoch": epoch}
    row |= {name: value if math.isfinite(value) else None for name, value in values.items()}
    if nonfinite := [name for name, value in values.items() if not math.isfinite(value)]:
        row["nonfinite"] = nonfinite
    return json.dumps(row) + "\n"


class MetricLog:
    """Appends rows; every checkpoint keeps ``size`` and ``digest``, so that a resumed run continues exactly there."""

    def __init__(self, path: Path, size: int = 0):
        """Open at ``size`` bytes and drop what was written after it. Raises DataError when the file is shorter."""
        self.path = path
        check_length(path, size)
        self.sha256 = hashed(path, size)
        with self.refusals(0):
            self.file = open(path, "ab", buffering=0)  # noqa: SIM115  held open for the run; nothing left to flush
            self.file.truncate(size)
        self.size = size

    @property
    def digest(self) -> str:
        return self.sha256.hexdigest()

    def write(self, step: int, epoch: int, values: Mapping[str, float]) -> None:
        """Append a row and hand it to the system. Raises RunError when the disk refuses."""
        line = as_line(step, epoch, values).encode()
        with self.refusals(len(line)):
            left = line
            while left:  # a disk that fills up takes a part first and refuses the rest
                left = left[self.file.write(left) :]
        self.size += len(line)
        self.sha256.update(line)

    def sync(self) -> None:
        """Make the rows last before a checkpoint that counts on them. Raises RunError when the disk refuses."""
        with self.refusals(0):
            os.fsync(self.file.fileno())

    @contextmanager
    def refusals(self, size: int) -> Iterator[None]:
        try:
            yield
        except OSError as refusal:
            raise RunError(refusal_message(self.path, size, refusal)) from refusal

    def close(self) -> None:
        self.file.close()


def check_length(path: Path, size: int) -> None:
    if size and (have := path.stat().st_size if path.exists() else 0) < size:
        raise DataError(f"{path}: {have} bytes, the checkpoint was taken at {size}: rows were lost")


def hashed(path: Path, size: int) -> hashlib._Hash:
    """SHA-256 of the first ``size`` bytes, to be gone on with."""
    found = hashlib.sha256()
    if size:
        with opened(path) as file:
            while (left := size - file.tell()) > 0:
                found.update(file.read(min(left, 2**20)))
    return found


def check_rows(path: Path, size: int, digest: str | None) -> None:
    """Raise DataError where the first ``size`` bytes are not the rows that a checkpoint counts on.

    ``digest`` is what that of the rows was; None in a checkpoint of an older build, whose rows must only be rows.
    """
    check_length(path, size)
    if size and (digest is None or hashed(path, size).hexdigest() != digest):
        for number, line in numbered_lines(path, size):
            parsed_row(path, number, line)
        if digest is not None:
            raise DataError(f"{path}: changed since the run was saved")


def blank_damaged_rows(path: Path, size: int) -> int:
    """Put blanks in the place of what is no row among the first ``size`` bytes; how many lines that were.

    What is left takes ``size`` bytes again: every checkpoint of the run knows where its rows end.
    """
    kept, num_damaged = [], 0
    for number, line in numbered_lines(path, size) if path.exists() else ():
        try:
            parsed_row(path, number, line)
        except DataError:
            line = b" " * (len(line) - 1) + b"\n"
            num_damaged += 1
        kept.append(line)
    lost = size - sum(map(len, kept))
    write_whole(path, b"".join(kept) + b" " * (lost - 1) + b"\n" * (lost > 0))
    return num_damaged + (lost > 0)


def numbered_lines(path: Path, size: int | None = None) -> Iterator[tuple[int, bytes]]:
    """(number from 1, line) of every line, or of those in the first ``size`` bytes.

    Without a size, a last line without its end was torn by a kill and is left out.
    """
    with opened(path) as file:
        for number in count(1):
            line = file.readline(LONGEST_ROW if size is None else min(LONGEST_ROW, size - file.tell()))
            if not line or (size is None and not line.endswith(b"\n") and len(line) < LONGEST_ROW):
                return
            yield number, line


def parsed_row(path: Path, number: int, line: bytes) -> dict[str, Any]:
    """The row in a line: whole numbers for step and epoch, numbers or null for all else; {} of a blank one.

    Raises DataError.
    """
    if line.isspace():
        return {}
    try:
        row = parsed_json(line)
        if not isinstance(row, dict):
            raise ValueError("not an object")
        if wrong := [f"{name} is {str(value)[:40]!r}" for name, value in row.items() if not is_value(name, value)]:
            raise ValueError(wrong[0])
        if not line.endswith(b"\n"):
            raise ValueError("it has no end")
    except ValueError as fault:
        raise DataError(f"{path}: line {number} is damaged: {fault}") from fault
    return row


def is_value(name: str, value: Any) -> bool:
    if name == "nonfinite":
        return isinstance(value, list)
    if name in ("step", "epoch"):
        return type(value) is int
    return value is None or type(value) in (int, float)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Every whole row; a torn last line is left out. Raises DataError on a damaged line before it."""
    return list(filter(None, (parsed_row(path, number, line) for number, line in numbered_lines(path))))


def epoch_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of the ends of epochs. Of the others, which may be a gigabyte, only the ends of the line are looked at.

    Raises DataError as ``read_rows`` does.
    """
    for number, line in numbered_lines(path):
        if EPOCH_END in line or not (line.startswith(b"{") and line.endswith(b"}\n")):
            row = parsed_row(path, number, line)
            if "train/loss" in row:
                yield row


def last_epoch_row(path: Path) -> dict[str, Any]:
    """The row of the last epoch's end; {} when no epoch has ended."""
    return next(iter(deque(epoch_rows(path), maxlen=1)), {})


def last_row(path: Path) -> dict[str, Any]:
    """The row written last; {} where there is none."""
    last = deque(numbered_lines(path), maxlen=1)
    return parsed_row(path, *last[0]) if last else {}


def best_epoch(rows: Sequence[Mapping[str, Any]], monitor: str, *, higher_is_better: bool) -> int | None:
    """The epoch that the monitor chose, by the rows: the earliest of the best values."""
    seen = [(row[monitor], row["epoch"]) for row in rows if row.get(monitor) is not None]
    sign = -1 if higher_is_better else 1
    return int(min(seen, key=lambda pair: (sign * pair[0], pair[1]))[1]) if seen else None
