"""metrics.jsonl: every logged step once, in order, deterministic values only. The truth that the other views show."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner.errors import DataError, RunError
from runner.records.files import refusal_message
from runner.regular_file import content


def as_line(step: int, epoch: int, values: Mapping[str, float]) -> str:
    """One row; JSON knows no NaN or infinity, so such a value is null and its name stands in ``nonfinite``."""
    row: dict[str, Any] = {"step": step, "epoch": epoch}
    row |= {name: value if math.isfinite(value) else None for name, value in values.items()}
    nonfinite = [name for name, value in values.items() if not math.isfinite(value)]
    if nonfinite:
        row["nonfinite"] = nonfinite
    return json.dumps(row) + "\n"


class MetricLog:
    """Appends rows; ``size`` is kept in every checkpoint, so that a resumed run continues exactly there."""

    def __init__(self, path: Path, size: int = 0):
        """Open at ``size`` bytes and drop what was written after it. Raises DataError when the file is shorter."""
        self.path = path
        if size and (have := path.stat().st_size if path.exists() else 0) < size:
            raise DataError(f"{path}: {have} bytes, the checkpoint was taken at {size}: rows were lost")
        with self.refusals(0):
            self.file = open(path, "ab", buffering=0)  # noqa: SIM115  held open for the run; nothing left to flush
            self.file.truncate(size)
        self.size = size

    def write(self, step: int, epoch: int, values: Mapping[str, float]) -> None:
        """Append a row and hand it to the system. Raises RunError when the disk refuses."""
        line = as_line(step, epoch, values).encode()
        with self.refusals(len(line)):
            left = line
            while left:  # a disk that fills up takes a part first and refuses the rest
                left = left[self.file.write(left) :]
        self.size += len(line)

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


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Every whole row; a torn last line is left out. Raises DataError on a damaged line before it."""
    rows = []
    lines = content(path).split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):
        try:
            rows.append(json.loads(line))
        except ValueError as fault:
            raise DataError(f"{path}: line {number} is damaged: {fault}") from fault
    return rows


def last_epoch_row(path: Path) -> dict[str, Any]:
    """The row of the last epoch's end; {} when no epoch has ended."""
    return next((row for row in reversed(read_rows(path)) if "train/loss" in row), {})
