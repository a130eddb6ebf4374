import errno
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

import tables
from runner.contracts import Data, Unfitted
from runner.data.checks import digest
from runner.data.splits import SplitSettings, split
from runner.data.table import cache, faults, large_text, table
from runner.data.table.dialect import Reading
from runner.data.table.frame import Frame, read_frame
from runner.data.table.large_text import LargeText
from runner.errors import DataError

SETTINGS = SplitSettings(split_seed=0, val_fraction=0.1, test_fraction=0.2, folds=None, fold=None)
LINES = [f"{i % 7},{'rot' if i % 3 else 'grün'},{i / 8},,{i % 2}" for i in range(60)]
TEXT = "\n".join(['a,"b",c,d,label', *LINES[:40], "", ",,,,", *LINES[40:]]) + "\n"
BLANKS = "\n".join(["a  b  label", *(f"{i % 7}  {i / 8}   {i % 2}" for i in range(60))])


@pytest.fixture(autouse=True)
def all_files_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_text, "LARGE_BYTES", 0)
    monkeypatch.setattr(large_text, "PIECE_BYTES", 100)
    monkeypatch.setattr(faults, "BLOCK_BYTES", 50)


def read(path: Path) -> Data:
    data = tables.read(path, "label", strict=False)
    assert isinstance(data.x, Unfitted)
    return data.x.fitted(split(data, SETTINGS))


def written(path: Path, text: str = TEXT) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def caches(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix not in (".csv", ".lock"))


def refused(action: Callable[[], object]) -> str:
    with pytest.raises(DataError) as refusal:
        action()
    return str(refusal.value)


@pytest.mark.parametrize(
    "content",
    [
        b"a,label\r1,0\r2,1\n",  # lines that end in CR alone
        b"a,label\n" + b"1" * 250 + b",0\n",  # a line longer than a piece
        b"a,label\n\xe9,0\n",
        b"a,label\n\0,0\n",
        b"\xef\xbb\xbfa,label\n1,0\n",
        "a,label\ne\u0301,0\n".encode(),  # accents beside their letters
        b'a,label\n"1",0\n',
        b"a,label",
        b"a  label\n1  0\n2  1\n",
        b"sep=;\na;label\n1;0\n",
    ],
)
def test_a_text_whose_lines_cannot_be_read_alone_is_not_read_in_pieces(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert large_text.survey(tmp_path / "a.csv", Reading(), ["label"]) is None


def test_a_text_whose_end_is_to_be_left_out_is_not_read_in_pieces(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv")
    assert large_text.survey(path, Reading(), []) == large_text.Survey(TEXT.encode()[:105], 63)
    assert large_text.survey(path, Reading(skip_last=1), []) is None
    assert large_text.survey(path, Reading(encoding="cp949"), []) is None


@pytest.mark.parametrize(
    "text", [TEXT, TEXT.rstrip("\n"), TEXT.replace("\n", "\r\n"), TEXT.replace("rot", '"r,t"'), BLANKS]
)
def test_a_table_is_the_same_from_its_cache_as_from_memory(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.csv", text)
    first, again = read(path), read(path)
    monkeypatch.setattr(large_text, "LARGE_BYTES", 2**30)
    held = read(path)
    assert digest(first) == digest(again) == digest(held)
    assert first.notes == again.notes == held.notes


def test_the_second_reading_is_of_the_cache_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.csv")
    expected = read(path)
    monkeypatch.setattr(cache, "read_frame", None)
    assert digest(read(path)) == digest(expected)
    assert len(caches(tmp_path)) == 1


def test_of_two_that_come_at_once_one_reads_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, texts = written(tmp_path / "a.csv"), []

    def read_slowly(text: LargeText, *said: Any) -> Frame:
        texts.append(text)
        time.sleep(0.2)
        return read_frame(text, *said)

    monkeypatch.setattr(cache, "read_frame", read_slowly)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(read, [path, path])
    assert digest(first) == digest(second)
    assert len(texts) == 1


@pytest.mark.parametrize("size", [0, 10, 500])
def test_a_cache_that_is_cut_short_is_made_anew(size: int, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv")
    expected = read(path)
    (made,) = caches(tmp_path)
    os.truncate(made, size)
    assert digest(read(path)) == digest(expected)
    assert made.stat().st_size > 500


def test_the_cache_of_a_file_that_changed_is_replaced(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv")
    assert len(read(path).y) == 60
    before = caches(tmp_path)
    with path.open("a") as file:
        file.write("3,rot,0.5,,1\n")
    assert len(read(path).y) == 61
    assert len(caches(tmp_path)) == 1
    assert caches(tmp_path) != before


def test_a_full_disk_is_said_and_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, size: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(large_text, "_reserve", full)
    said = refused(lambda: read(written(tmp_path / "a.csv")))
    assert said.splitlines() == [
        f"{tmp_path}: the numbers of a.csv cannot be written here (0.0 GB): No space left on device",
        "  make room on that disk, or move the table to another",
    ]
    assert caches(tmp_path) == []


def test_a_disk_that_fills_up_while_the_cache_is_written_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(held: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed\nmore")

    monkeypatch.setattr(torch, "save", fails)
    said = refused(lambda: read(written(tmp_path / "a.csv")))
    assert "PytorchStreamWriter failed writing file data/0: file write failed" in said
    assert caches(tmp_path) == []


def test_a_file_in_a_folder_that_is_not_writable_has_its_cache_among_those_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    path = written(tmp_path / "data" / "a.csv")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setattr(os, "access", lambda *_: False)
    read(path)
    assert caches(path.parent) == []
    (folder,) = (tmp_path / "caches" / "runner").iterdir()
    assert len(caches(folder)) == 1


def test_no_place_for_a_cache_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.csv")
    monkeypatch.setenv("XDG_CACHE_HOME", str(path))
    monkeypatch.setattr(os, "access", lambda *_: False)
    said = refused(lambda: read(path))
    assert said == (
        f"{path}: its numbers are to be kept in {tmp_path} or {path}, and neither can be written to\n"
        f"  name a folder that can: XDG_CACHE_HOME=..."
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [("1,rot,x,,1,9", "line 44: 6 fields, where there are 5 columns"), ("1,rot,1e99,,1", "line 44, column c: '1e99'")],
)
def test_a_fault_is_named_with_its_line(line: str, expected: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", TEXT.replace("\n,,,,\n", f"\n,,,,\n{line}\n"))
    assert expected in refused(lambda: read(path))


def test_a_large_table_is_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "unpacked", None)
    assert len(read(written(tmp_path / "a.csv")).y) == 60
