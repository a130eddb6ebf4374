"""Writing whole files while the disk fails."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from runner.errors import RunError
from runner.runs import files
from runner.runs.files import csv_cells, link_whole, write_whole
from runner.screen.predictions import Answers, csv_text


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize(("number", "words"), [(errno.ENOSPC, "no space left"), (errno.EIO, "input/output error")])
def test_fault_16_a_refusal_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, words: str
) -> None:
    path = tmp_path / "last.pt"
    write_whole(path, b"old")

    def refuse(*args: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.os, call, refuse)
    with pytest.raises(RunError, match=rf"last.pt: not written: {words}.*\(3 bytes needed\)"):
        write_whole(path, b"new")
    assert os.listdir(tmp_path) == ["last.pt"]
    assert path.read_bytes() == b"old"


def test_where_the_file_system_has_no_links_the_content_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"content")

    def refuse(*args: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(files.os, "link", refuse)
    link_whole(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"content"


FULL = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from runner.errors import RunError
from runner.runs.files import write_whole
path = Path(sys.argv[2]) / "last.pt"
write_whole(path, b"o" * 400_000)
try:
    write_whole(path, b"n" * 900_000)
except RunError as fault:
    print(fault)
print(path.read_bytes() == b"o" * 400_000, [p.name for p in path.parent.iterdir()])
"""


def test_fault_15_a_full_disk_keeps_what_was_saved(tmp_path: Path) -> None:
    source = Path(files.__file__).parents[2]
    mount = f'mount -t tmpfs -o size=1m tmpfs {tmp_path} && exec {sys.executable} -c "$0" {source} {tmp_path}'
    done = subprocess.run(["unshare", "-m", "sh", "-c", mount, FULL], capture_output=True, text=True, timeout=60)
    if "not permitted" in done.stderr or "denied" in done.stderr:
        pytest.skip("mounting a small disk needs root")
    refusal, kept = done.stdout.splitlines()
    assert refusal.endswith(
        "last.pt: not written: no space left on the device (900,000 bytes needed); what was saved before is untouched"
    )
    assert kept == "True ['last.pt']"


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-b", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "-", "+inf", "-1,5"])
def test_case_37_a_text_that_a_spreadsheet_would_compute_is_quoted(text: str) -> None:
    assert csv_cells([text]) == [f"'{text}"]


@pytest.mark.parametrize("cell", ["-1.5", "+3e-4", "a=1", "", "'x", "가", -1.5, 7, None])
def test_case_37_numbers_and_other_texts_are_left_as_they_are(cell: object) -> None:
    assert csv_cells([cell]) == [cell]


def test_case_37_the_file_of_answers_quotes_classes_and_inputs() -> None:
    answers = Answers(["-x.png"], torch.tensor([[0.75, 0.25]]), ("=1+1", "b"), ["=1+1"])
    assert csv_text(answers, heading=True).splitlines() == [
        "input,predicted,probability,p(=1+1),p(b),true",
        "'-x.png,'=1+1,0.75,0.75,0.25,'=1+1",
    ]
