"""The checkpoint whose weights a run begins with: ``start_from=...`` as the file, and which file it was."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from runner.config import regular_file
from runner.errors import DataError
from runner.runs.named import best_job, find
from runner.runs.saved_sweep import SavedSweep
from runner.text import expanded

COMMENT = b"runner sha256 "  # the end of a checkpoint, before its checksum
COMMENT_SIZE = len(COMMENT) + 64
MARK = "@sha256:"  # before the checksum that a run's config has of the file; a person need not write it
DIGITS = 12  # of the checksum
IN_ORDER = ("best.pt", "previous-best.pt", "last.pt", "previous-last.pt")  # as eval chooses


@dataclass(frozen=True)
class Origin:
    """A checkpoint file, and the beginning of its checksum where that is known."""

    path: Path
    checksum: str

    @classmethod
    def read(cls, start_from: str) -> Origin:
        path, _, checksum = start_from.partition(MARK)
        return cls(Path(path), checksum)

    def __str__(self) -> str:
        return f"{self.path}{MARK}{self.checksum}" if self.checksum else str(self.path)

    @property
    def name(self) -> str:
        """That of its run and its own: 12-30-00-000000-digits-cnn/best.pt."""
        above = self.path.parent
        return f"{above.parent.name}/{self.path.name}" if above.name == "checkpoints" else self.path.name

    def found(self) -> Origin:
        """With the checksum that the file carries; whether that is right is seen when it is loaded.

        Raises DataError where it is not the file that was meant.
        """
        try:
            with regular_file.opened(self.path) as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - COMMENT_SIZE))
                comment = file.read()
        except OSError as refusal:
            raise DataError(f"not read: {refusal.strerror}") from refusal
        if not comment.startswith(COMMENT):
            raise DataError("cut short, or not a checkpoint of this program")
        checksum = comment[len(COMMENT) :][:DIGITS].decode("ascii", "replace")
        if not checksum.startswith(self.checksum):
            raise DataError(
                f"the file has changed: it was sha256:{self.checksum}, is sha256:{checksum}\n"
                f"  put it back, or begin with what is there now: start_from={self.path}"
            )
        return Origin(self.path, checksum)


def as_shown(setting: str, value: str) -> str:
    """The value of a setting in a table or a legend: a checkpoint by its run's name and its own."""
    return Origin.read(value).name if setting == "start_from" else value


def located(start_from: str, output_dir: Path) -> str:
    """What ``start_from`` names, as the full path of a checkpoint and its checksum.

    Of a sweep it is its best job's, of a run best.pt where there was validation, else last.pt.

    Raises ConfigError or DataError.
    """
    said = Origin.read(start_from)
    path = expanded(said.path).absolute()
    return str(Origin(path if path.is_file() else checkpoint_of(str(said.path), output_dir), said.checksum).found())


def checkpoint_of(word: str, output_dir: Path) -> Path:
    if word.endswith(".pt"):
        raise DataError("no such file; give a run directory, last, or a .pt of a run's checkpoints")
    named = find(word, output_dir)
    directory = (best_job(named) if isinstance(named, SavedSweep) else named).directory
    there = (directory.checkpoints / name for name in IN_ORDER)
    if found := next((path for path in there if path.is_file()), None):
        return found
    if directory.fold(0).path.is_dir():
        raise DataError(f"holds a net for each of its folds; choose one: start_from={os.path.join(word, 'fold-0')}")
    raise DataError("no checkpoint is there; begin with another run")
