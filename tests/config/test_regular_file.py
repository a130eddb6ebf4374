"""Only regular files are opened, and no more is read than fits. Nothing here may wait: a pipe has no other end."""

import os
import socket
import sys
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from runner.config import regular_file
from runner.config.catalog import Catalog
from runner.config.regular_file import content, opened
from runner.config.yaml_file import read_yaml
from runner.data.downloads import Idx
from runner.data.mnist import read_idx
from runner.data.new_rows import content_of
from runner.data.picture import Shades, read_picture
from runner.data.table.file import find_file
from runner.data.table.packing import unpacked
from runner.errors import ConfigError, DataError
from runner.runs.checkpoint import Checkpoints
from runner.runs.files import read_json
from runner.runs.metric_log import read_rows


def sock(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


KINDS: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_case_36_what_is_no_file_is_not_opened(tmp_path: Path, kind: str) -> None:
    KINDS[kind](tmp_path / "x")
    with pytest.raises(DataError) as refusal:
        opened(tmp_path / "x")
    assert str(refusal.value) == f"{tmp_path}/x: is {kind}, not a file"


def test_case_36_a_socket_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may have 108 bytes
    sock(Path("x"))
    with pytest.raises(OSError):
        opened("x")


def test_case_36_a_pipe_that_the_shell_hands_over_is_read() -> None:
    reading, writing = os.pipe()
    slow = threading.Timer(0.05, lambda: (os.write(writing, b"a,b\n"), os.close(writing)))
    slow.start()
    assert content(f"/dev/fd/{reading}") == b"a,b\n"
    os.close(reading)
    slow.join()


def test_case_36_a_file_larger_than_the_memory_is_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "x", "wb") as file:
        file.truncate(2**42)
    with pytest.raises(DataError, match="4,398,046,511,104 bytes, more than the memory of this machine"):
        content(tmp_path / "x")
    with pytest.raises(DataError, match="more than such a file holds \\(10\\)"):
        content(tmp_path / "x", 10)


def test_case_36_standard_input_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regular_file, "MOST_PIPED", 3)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(b"abc")))
    assert regular_file.standard_input() == b"abc"
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(b"abcd")))
    with pytest.raises(DataError, match="standard input: more than"):
        regular_file.standard_input()


def test_case_36_a_file_that_is_not_there_is_for_the_caller_to_tell(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        content(tmp_path / "x")


READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a picture of a data set": ("x.png", lambda path: read_picture(str(path), True, None, Shades("white", None))),
    "a picture to predict": ("x.png", lambda path: content_of(str(path))),
    "a table": ("x.csv", unpacked),
    "a path of a table": ("x.csv", lambda path: find_file(str(path), Path())),
    "numbers": ("x", lambda path: read_idx(path, Idx((1,)), np.empty(1, np.uint8))),
    "numbers, packed": ("x.gz", lambda path: read_idx(path, Idx((1,)), np.empty(1, np.uint8))),
    "settings": ("config.yaml", read_yaml),
    "a summary": ("summary.json", read_json),
    "rows": ("metrics.jsonl", read_rows),
    "a checkpoint": ("best.pt", lambda path: Checkpoints(path.parent).load("best")),
}


@pytest.mark.parametrize("what", READERS)
@pytest.mark.parametrize("kind", ["a pipe", "a device"])
def test_case_36_nothing_of_a_users_or_a_run_is_read_from_a_pipe_or_a_device(
    tmp_path: Path, what: str, kind: str
) -> None:
    name, read = READERS[what]
    KINDS[kind](tmp_path / name)
    with pytest.raises((DataError, ConfigError), match=f"{name}: is {kind}( or a device)?, not a file|a device, not a"):
        read(tmp_path / name)


def test_case_36_a_pipe_among_the_options_is_none(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    os.mkfifo(tmp_path / "model/x.yaml")
    assert Catalog([tmp_path]).options("model") == ()
