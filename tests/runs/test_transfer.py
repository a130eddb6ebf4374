"""A run directory on its way from one machine to another."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import RunError
from runner.runs import transfer
from runner.runs.transfer import Sender, turn


def filled(folder: Path, **contents: str) -> Path:
    for name, content in contents.items():
        path = folder / name.replace("__", "/").replace("_pt", ".pt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def test_what_has_changed_is_sent_once(tmp_path: Path) -> None:
    sender = Sender(filled(tmp_path, rows="1", checkpoints__last_pt="a"))
    assert sender.changes().files == {"rows": b"1", "checkpoints/last.pt": b"a"}
    assert sender.changes().files == {} and not sender.has_checkpoint
    filled(tmp_path, checkpoints__last_pt="ab")
    assert sender.has_checkpoint and sender.changes().files == {"checkpoints/last.pt": b"ab"}


def test_what_was_taken_away_goes_there_too(tmp_path: Path) -> None:
    here, there = filled(tmp_path / "here", kept="1", taken="2"), tmp_path / "there"
    sender = Sender(here)
    sender.changes().put(there)
    (here / "taken").unlink()
    sender.changes().put(there)
    assert [path.name for path in there.iterdir()] == ["kept"]


def test_locks_and_files_that_are_being_written_stay_and_a_generation_before_is_of_no_use_elsewhere(
    tmp_path: Path,
) -> None:
    names = (".lock", ".owner", ".rows.tmp.7", "checkpoints/previous-last.pt", ".hydra/overrides.yaml")
    for name in names:
        filled(tmp_path, **{name.replace("/", "__"): "x"})
    assert set(Sender(tmp_path).changes().names) == {".hydra/overrides.yaml"}


def test_a_run_that_is_there_keeps_its_lock(tmp_path: Path) -> None:
    here, there = filled(tmp_path / "here", rows="1"), filled(tmp_path / "there")
    there.mkdir()
    (there / ".lock").touch()
    Sender(here).changes().put(there)
    assert (there / ".lock").exists()


def test_files_are_put_down_in_the_order_in_which_a_run_writes_them() -> None:
    names = ["summary.json", "checkpoints/last.pt", "fold-0/summary.json", "metrics.jsonl", "checkpoints/best.pt"]
    in_order = ["metrics.jsonl", "checkpoints/best.pt", "checkpoints/last.pt", "fold-0/summary.json", "summary.json"]
    assert sorted(names, key=turn) == in_order


def test_a_disk_that_refuses_leaves_the_state_that_goes_with_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = filled(tmp_path / "here", rows="1", checkpoints__last_pt="1"), tmp_path / "there"
    sender = Sender(here)
    sender.changes().put(there)
    filled(here, rows="12", checkpoints__last_pt="12", **{"summary.json": "finished"})
    write = transfer.write_whole

    def refuse(path: Path, content: bytes) -> None:
        if path.name == "last.pt":
            raise RunError("no space left")
        write(path, content)

    monkeypatch.setattr(transfer, "write_whole", refuse)
    with pytest.raises(RunError):
        sender.changes().put(there)
    assert (there / "rows").read_text() == "12" and (there / "checkpoints/last.pt").read_text() == "1"
    assert not (there / "summary.json").exists()
