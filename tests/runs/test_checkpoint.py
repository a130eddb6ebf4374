"""Checkpoints: whole or refused, never half-written."""

import hashlib
import io
import os
import pickle
import signal
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

import program
from runner.errors import DataError
from runner.runs.checkpoint import COMMENT, COMMENT_SIZE, Checkpoints, pack, unpack
from runner.text import here


def state(step: int = 1, size: int = 8) -> dict[str, Any]:
    return {"model": {"weight": torch.arange(size, dtype=torch.float32)}, "progress": {"step": step}}


def signed(body: bytes) -> bytes:
    """Any zip with the comment of a checkpoint, as an attacker would write it."""
    body = body[:-2] + struct.pack("<H", COMMENT_SIZE)
    return body + COMMENT + hashlib.sha256(body).hexdigest().encode()


def saved_by_torch(content: Any, **knobs: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, **knobs)
    return buffer.getvalue()


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    back = unpack(pack(state(7)), tmp_path / "last.pt")
    assert back["progress"] == {"step": 7}
    assert torch.equal(back["model"]["weight"], torch.arange(8.0))


def test_torch_reads_a_checkpoint_without_this_package(tmp_path: Path) -> None:
    (tmp_path / "last.pt").write_bytes(pack(state(7)))
    assert torch.load(tmp_path / "last.pt", weights_only=True)["progress"] == {"step": 7}


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_fault_19_a_cut_file_is_refused(share: float) -> None:
    content = pack(state())
    with pytest.raises(DataError, match=r"last.pt: not loaded: cut short"):
        unpack(content[: int(len(content) * share)], Path("last.pt"))


@pytest.mark.parametrize("place", [0.05, 0.3, 0.5, 0.7, 0.95])
def test_fault_20_one_flipped_bit_is_found(place: float) -> None:
    content = bytearray(pack(state(size=1000)))
    content[int((len(content) - COMMENT_SIZE) * place)] ^= 1
    with pytest.raises(DataError, match="damaged, its content does not match its checksum"):
        unpack(bytes(content), Path("last.pt"))


def test_fault_19_the_previous_generation_stands_in_with_a_warning(tmp_path: Path) -> None:
    warnings: list[str] = []
    checkpoints = Checkpoints(tmp_path / "checkpoints", warnings.append)
    checkpoints.save(state(1), best=False)
    checkpoints.save(state(2), best=False)
    last = checkpoints.path("last")
    last.write_bytes(last.read_bytes()[:100])
    assert checkpoints.load("last")["progress"]["step"] == 1
    assert len(warnings) == 1
    assert "last.pt: not loaded: cut short" in warnings[0] and "previous-last.pt of step 1" in warnings[0]


def test_fault_21_strangers_and_leftovers_do_not_matter(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, lambda text: pytest.fail(text))
    checkpoints.save(state(3), best=True)
    (tmp_path / ".last.pt.tmp.123").write_bytes(b"half")
    (tmp_path / "holiday.jpg").write_bytes(b"stranger")
    assert checkpoints.load("last")["progress"]["step"] == checkpoints.load("best")["progress"]["step"] == 3


def test_with_no_generation_left_every_fault_is_named_and_what_to_type(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    checkpoints.folder.mkdir()
    checkpoints.path("last").write_bytes(b"nonsense")
    with pytest.raises(DataError) as caught:
        checkpoints.load("last")
    again = f"python -m runner train {here(tmp_path / 'config.yaml')}"
    assert str(caught.value).splitlines() == [
        f"{tmp_path}/checkpoints/last.pt: not loaded: cut short, or not a checkpoint of this program",
        f"{tmp_path}/checkpoints/previous-last.pt: not there",
        f"  put one back that can be read, or train the run again: {again}",
    ]


def test_best_is_not_touched_by_a_save_that_is_not_best(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(state(1), best=True)
    checkpoints.save(state(2), best=False)
    assert checkpoints.load("best")["progress"]["step"] == 1
    assert checkpoints.load("last")["progress"]["step"] == 2


class Bomb:
    """Runs a command when it is unpickled."""

    def __init__(self, marker: Path):
        self.marker = marker

    def __reduce__(self) -> Any:
        return (os.system, (f"touch {self.marker}",))


@pytest.mark.parametrize("where", ["model", "optimizers"])
def test_fault_35_code_in_a_checkpoint_is_not_run(tmp_path: Path, where: str) -> None:
    hostile = state() | {"format": 1, where: [{"state": Bomb(tmp_path / "marker")}]}
    with pytest.raises(DataError, match="not loaded: contains code"):
        unpack(signed(saved_by_torch(hostile)), Path("last.pt"))
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize("make", ["legacy", "pickle"])
def test_fault_35_a_file_that_is_no_zip_is_refused(tmp_path: Path, make: str) -> None:
    bomb = {"model": Bomb(tmp_path / "marker")}
    content = pickle.dumps(bomb) if make == "pickle" else saved_by_torch(bomb, _use_new_zipfile_serialization=False)
    for file in (content, signed(content)):
        with pytest.raises(DataError, match="not loaded"):
            unpack(file, Path("last.pt"))
    assert not (tmp_path / "marker").exists()


def test_fault_38_a_zip_bomb_is_refused_by_its_sizes() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(10_000_000))
    with pytest.raises(DataError, match="claims to unpack to more than the file holds"):
        unpack(signed(buffer.getvalue()), Path("last.pt"))


@pytest.mark.parametrize(("found", "content"), [("2", {"format": 2}), ("None", {}), ("none", [1])])
def test_fault_27_another_format_is_refused_by_its_number(found: str, content: Any) -> None:
    with pytest.raises(DataError, match=f"format {found}, this version reads format 1"):
        unpack(signed(saved_by_torch(content)), Path("last.pt"))


KILLED_AT = """
import os, signal
import torch
from pathlib import Path
from runner.runs import files
from runner.runs.checkpoint import Checkpoints

calls, fatal = 0, {fatal}

def guard(function):
    def guarded(*args, **kwargs):
        global calls
        calls += 1
        if calls == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return guarded

for name in ("fsync", "replace", "link", "open"):
    setattr(os, name, guard(getattr(os, name)))
checkpoints = Checkpoints(Path({folder!r}))
for step in (1, 2, 3):
    checkpoints.save({{"progress": {{"step": step}}, "model": {{"w": torch.zeros(100)}}}}, best=step != 2)
    print(step, flush=True)
"""


def test_fault_3_a_kill_at_any_call_of_the_protocol_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    """Three saves; every second call is the last of a process of its own, until one process comes through."""
    script = tmp_path / "save.py"
    landed = set()
    for fatal in range(2, 100, 2):
        folder = tmp_path / str(fatal)
        script.write_text(KILLED_AT.format(fatal=fatal, folder=str(folder)))
        done = program.run_script(script, tmp_path / "said")
        if done.code == 0:
            break
        assert done.code == -signal.SIGKILL, done.err
        promised = max([int(line) for line in done.out.split()], default=0)
        if promised:
            checkpoints = Checkpoints(folder, lambda text: pytest.fail(text))
            last, best = (checkpoints.load(name)["progress"]["step"] for name in ("last", "best"))
            assert last in (promised, promised + 1)
            assert best in ({1: (1,), 2: (1, 3), 3: (3,)}[promised])
            landed.add(promised)
    assert fatal > 10 and landed == {1, 2}


def test_case_47_a_best_state_that_is_held_comes_to_its_file_with_the_next_save(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    best = state(3)
    checkpoints.hold(best)
    best["progress"]["step"] = 4  # the training goes on
    assert not checkpoints.has("best")
    checkpoints.save(state(5), best=False)
    assert [checkpoints.load(name)["progress"]["step"] for name in ("best", "last")] == [3, 5]
    checkpoints.hold(state(6))
    checkpoints.save(state(8), best=True)  # a better one took its place
    checkpoints.save(state(9), best=False)
    assert [checkpoints.load(name)["progress"]["step"] for name in ("best", "last")] == [8, 9]
