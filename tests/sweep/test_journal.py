"""The journal: one line a fact, whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.errors import DataError, RunError
from runner.sweep.journal import Journal, read_journal


def test_what_is_written_is_read_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.write(begun=0, attempt=1)
    journal.write(ended=0, how="finished", reason="한글")
    journal.close()
    assert read_journal(path) == [{"begun": 0, "attempt": 1}, {"ended": 0, "how": "finished", "reason": "한글"}]


def test_a_torn_last_line_is_dropped_and_written_over(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"begun": 0}\n{"begun": 1, "att')
    assert read_journal(path) == [{"begun": 0}]
    journal = Journal(path)
    journal.write(begun=2)
    journal.close()
    assert path.read_text() == '{"begun": 0}\n{"begun": 2}\n'


@pytest.mark.parametrize("line", ["no json", "[1]", "\0\0"])
def test_a_damaged_line_is_said_by_its_number(line: str, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(f'{{"begun": 0}}\n{line}\n{{"begun": 1}}\n')
    with pytest.raises(DataError, match=r"line 2 is damaged: .*\n  put the file back"):
        read_journal(path)


def test_a_journal_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"journal.jsonl: cannot be read: No such file .*; put the file back"):
        read_journal(tmp_path / "journal.jsonl")


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.jsonl"
    journal, write = Journal(path), os.write
    journal.write(begun=0)

    def a_part(file: int, content: bytes) -> int:
        if len(content) < 10:
            raise OSError(28, "No space left on device")
        return write(file, content[:8])

    monkeypatch.setattr(os, "write", a_part)
    with pytest.raises(RunError, match="no space left on the device"):
        journal.write(begun=1)
    monkeypatch.undo()
    journal.write(begun=2)
    journal.close()
    assert read_journal(path) == [{"begun": 0}, {"begun": 2}]
