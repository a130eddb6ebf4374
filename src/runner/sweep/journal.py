"""journal.jsonl of a sweep: what its run directories cannot tell: which jobs belong, in what order, which attempt.

One line a fact, appended and made to last; a last line without its end was torn by a kill and is dropped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.config import regular_file
from runner.errors import DataError, RunError
from runner.runs.files import parsed_json, refusal_message
from runner.text import here


class Journal:
    """Appends facts; only the owner of the sweep's folder may."""

    def __init__(self, path: Path):
        """Open behind the last whole line. Raises RunError where the disk refuses."""
        self.path = path
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            os.ftruncate(self._file, size_of_whole_lines(regular_file.content(path)))
        except OSError as refusal:
            raise RunError(refusal_message(path, 0, refusal)) from refusal

    def write(self, **fact: Any) -> None:
        """Append a line. Raises RunError where the disk refuses; the part that it took is taken back."""
        line = (json.dumps(fact, ensure_ascii=False) + "\n").encode()
        size = os.fstat(self._file).st_size
        try:
            left = line
            while left:
                left = left[os.write(self._file, left) :]
            os.fsync(self._file)
        except OSError as refusal:
            os.ftruncate(self._file, size)
            raise RunError(refusal_message(self.path, len(line), refusal)) from refusal

    def close(self) -> None:
        os.close(self._file)


def size_of_whole_lines(content: bytes) -> int:
    return content.rfind(b"\n") + 1


def read_journal(path: Path) -> list[Mapping[str, Any]]:
    """Every fact. Raises DataError where a line before the last one is damaged, or the file is missing."""
    try:
        content = regular_file.content(path)
    except OSError as refusal:
        raise DataError(f"{here(path)}: cannot be read: {refusal.strerror}; put the file back") from refusal
    facts: list[Mapping[str, Any]] = []
    for number, line in enumerate(content[: size_of_whole_lines(content)].splitlines(), start=1):
        try:
            fact = parsed_json(line)
            if not isinstance(fact, dict):
                raise ValueError("not an object")
        except ValueError as fault:
            raise DataError(
                f"{here(path)}: line {number} is damaged: {fault}\n"
                "  put the file back; the jobs that are finished stay in the folders beside it"
            ) from fault
        facts.append(fact)
    return facts
