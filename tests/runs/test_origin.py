"""``start_from`` as the file it names, without torch."""

from __future__ import annotations

from pathlib import Path

import pytest

from past_runs import make_run
from runner.errors import ConfigError, DataError
from runner.runs.origin import COMMENT, Origin, as_shown, located

CHECKSUM = "0123456789abcdef" * 4


def checkpoint(path: Path, checksum: str = CHECKSUM) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"weights" + COMMENT + checksum.encode())
    return path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "outputs" / "day" / "12-00-00-000000-c")


def test_of_a_run_the_best_is_taken_and_the_last_where_none_was_chosen(run: Path, tmp_path: Path) -> None:
    last = checkpoint(run / "checkpoints/last.pt")
    assert located(str(run), tmp_path) == f"{last}@sha256:0123456789ab"
    best = checkpoint(run / "checkpoints/best.pt", "f" * 64)
    assert located(str(run), tmp_path) == f"{best}@sha256:ffffffffffff"


def test_a_kill_between_two_generations_leaves_the_one_before(run: Path, tmp_path: Path) -> None:
    checkpoint(run / "checkpoints/last.pt")
    before = checkpoint(run / "checkpoints/previous-best.pt")
    assert located(str(run), tmp_path).startswith(f"{before}@")


def test_a_file_is_taken_by_its_path_from_here(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = checkpoint(tmp_path / "kept.pt")
    monkeypatch.chdir(tmp_path)
    assert located("kept.pt", tmp_path) == f"{file}@sha256:0123456789ab"
    assert located(f"{file}@sha256:0123456789ab", tmp_path) == f"{file}@sha256:0123456789ab"
    assert Origin(file, "").name == "kept.pt"
    assert Origin(run / "checkpoints/best.pt", "").name == "12-00-00-000000-c/best.pt"


def test_where_settings_are_listed_a_checkpoint_is_its_run_and_its_name() -> None:
    full = f"/outputs/2026-01-01/12-00-00-000000-c/checkpoints/best.pt@sha256:{CHECKSUM[:12]}"
    assert as_shown("start_from", full) == "12-00-00-000000-c/best.pt"
    assert [as_shown("start_from", "null"), as_shown("dataset.path", "/a/b.csv")] == ["null", "/a/b.csv"]


def test_a_file_that_has_changed_since_is_refused(tmp_path: Path) -> None:
    file = checkpoint(tmp_path / "kept.pt")
    with pytest.raises(DataError) as fault:
        located(f"{file}@sha256:ffff", tmp_path)
    assert str(fault.value) == (
        "the file has changed: it was sha256:ffff, is sha256:0123456789ab\n"
        f"  put it back, or begin with what is there now: start_from={file}"
    )


def test_what_holds_no_weights_is_refused_with_the_reason(run: Path, tmp_path: Path) -> None:
    (tmp_path / "y.pt").write_text("hallo")
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep/multirun.yaml").touch()
    for word, kind, told in (
        (run, DataError, "no checkpoint is there; begin with another run"),
        (tmp_path / "x.pt", DataError, "no such file; give a run directory, last, or a .pt of a run's checkpoints"),
        (tmp_path / "y.pt", DataError, "cut short, or not a checkpoint of this program"),
        (tmp_path / "sweep", DataError, "is a sweep without a finished job"),
        (tmp_path / "outputs", DataError, "not a run directory"),
        ("c", ConfigError, f"no such directory; did you mean {run}?"),
        ("last", ConfigError, f"no run under {tmp_path}"),
    ):
        with pytest.raises(kind) as fault:
            located(str(word), tmp_path / "outputs")
        assert str(fault.value).removeprefix(f"{word}: ").startswith(told)


def test_of_folds_one_is_to_be_chosen(run: Path, tmp_path: Path) -> None:
    checkpoint(run / "fold-0/checkpoints/best.pt")
    with pytest.raises(DataError, match=f"holds a net for each of its folds; choose one: start_from={run}/fold-0"):
        located(str(run), tmp_path)
