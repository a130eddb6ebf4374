"""The directory of a run: one owner, a name of its own, found again."""

import json
import multiprocessing
import os
import re
import shlex
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from past_runs import make_sweep
from runner.errors import ConfigError, DataError, RunError
from runner.runs import directory
from runner.runs.directory import RunDirectory, check_writable, claim
from runner.runs.named import find
from runner.runs.saved_run import SavedRun


def started(folder: Path, when: str) -> RunDirectory:
    folder.mkdir(parents=True)
    directory = RunDirectory(folder)
    directory.config.touch()
    directory.write_summary({"started": when, "pid": 4711})
    return directory


def test_fault_28_twenty_claims_in_one_moment_get_twenty_directories(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(4) as pool:
        claimed = pool.starmap(claim, [(tmp_path, "run")] * 20)
    assert len({directory.path for directory in claimed}) == 20
    assert all(directory.path.name.endswith("-run") for directory in claimed)


def test_fault_28_a_locked_run_says_who_holds_it(tmp_path: Path) -> None:
    directory = started(tmp_path / "run", "2026")
    refused = pytest.raises(RunError, match=f"in use by process {os.getpid()}\n  Wait for it to end")
    with directory.owned(), refused, RunDirectory(directory.path).owned():
        pass
    with directory.owned():
        pass


def test_who_looks_whether_a_run_is_in_use_keeps_nobody_from_it(tmp_path: Path) -> None:
    directory = started(tmp_path / "run", "2026")
    looking = FileLock(directory.path / ".lock", thread_local=False)
    looking.acquire()
    threading.Timer(0.03, looking.release).start()
    with directory.owned():
        assert RunDirectory(directory.path).is_in_use
    assert not directory.is_in_use


def test_a_folder_that_nobody_has_locked_is_not_in_use_and_gets_no_lock_by_being_asked(tmp_path: Path) -> None:
    assert not RunDirectory(tmp_path).is_in_use and list(tmp_path.iterdir()) == []


def test_leftovers_of_a_killed_writer_go_when_the_run_is_locked(tmp_path: Path) -> None:
    directory = started(tmp_path / "run", "2026")
    directory.checkpoints.mkdir()
    (directory.checkpoints / ".last.pt.tmp.99").touch()
    with directory.owned():
        pass
    assert not list(directory.checkpoints.iterdir())


@pytest.mark.parametrize(
    "name", ["metrics.jsonl", ".lock", "checkpoints", "checkpoints/last.pt", "projector/points.tsv", "fold-1/train.log"]
)
def test_case_33_a_run_in_which_something_is_a_link_is_not_owned(tmp_path: Path, name: str) -> None:
    directory, elsewhere = started(tmp_path / "run", "2026"), tmp_path / "elsewhere"
    link = directory.path / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere)
    said = rf"{name}: is a link to {elsewhere}; a run directory must not hold links: replace it by what"
    with pytest.raises(DataError, match=said), directory.owned():
        pass
    assert not elsewhere.exists() and not (directory.path / ".owner").exists()


def test_case_33_a_run_that_is_reached_through_a_link_is_owned_and_folders_of_others_are_not_looked_into(
    tmp_path: Path,
) -> None:
    directory = started(tmp_path / "run", "2026")
    (directory.path / "mine").mkdir()
    (directory.path / "mine" / "link").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to(directory.path)
    with RunDirectory(tmp_path / "link").owned():
        assert (directory.path / ".owner").exists()


def test_case_33_a_file_that_is_appended_to_is_parted_from_its_other_names(tmp_path: Path) -> None:
    directory = started(tmp_path / "run", "2026")
    directory.metrics.write_text("one")
    os.link(directory.metrics, tmp_path / "kept")  # cp -al
    with directory.owned(), directory.metrics.open("a") as file:
        file.write("two")
    assert directory.metrics.read_text() == "onetwo" and (tmp_path / "kept").read_text() == "one"


def test_fault_18_outputs_that_are_a_file_are_refused_with_the_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"output_dir=.*file/deep: .*file is not a directory; choose another"):
        check_writable(tmp_path / "file" / "deep")
    with pytest.raises(RunError, match="not made"):
        claim(tmp_path / "file", "run")


def test_fault_18_outputs_that_refuse_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory.os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(RunError, match="is not writable; choose another output_dir"):
        check_writable(tmp_path)


def test_last_is_the_run_started_last_whatever_the_file_times(tmp_path: Path) -> None:
    newer = started(tmp_path / "b" / "newer", "2026-11-21T10:00:00.000002")
    started(tmp_path / "a" / "older", "2026-11-21T10:00:00.000001")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "summary.json").write_text("{")
    assert find("last", tmp_path).path == newer.path


def test_case_13_a_directory_without_config_is_not_last(tmp_path: Path) -> None:
    older = started(tmp_path / "older", "2026-11-21T10:00:00.000001")
    started(tmp_path / "newer", "2026-11-21T10:00:00.000002").config.unlink()
    assert find("last", tmp_path).path == older.path


@pytest.mark.parametrize("left", [[], [".lock"], [".lock", ".owner"], [".lock", ".owner", ".hydra/config.yaml"]])
def test_case_13_a_directory_whose_run_was_killed_before_it_began_is_said_to_be_one(
    tmp_path: Path, left: list[str]
) -> None:
    claimed = tmp_path / "14-44-39-541040-c"
    for name in left:
        (claimed / name).parent.mkdir(parents=True, exist_ok=True)
        (claimed / name).touch()
    claimed.mkdir(exist_ok=True)
    told = r"541040-c: the run was killed before it began, nothing of it was saved\n  start it again with python -m"
    with pytest.raises(DataError, match=told):
        find(str(claimed), tmp_path)
    (claimed / ".hydra").mkdir(exist_ok=True)
    (claimed / ".hydra" / "overrides.yaml").write_text("- dataset=iris\n- tags='a b'\n")
    again = "start it again: " + shlex.join(["python", "-m", "runner", "train", "dataset=iris", "tags='a b'"])
    with pytest.raises(DataError, match=re.escape(again)):
        find(str(claimed), tmp_path)
    with RunDirectory(claimed).owned(), pytest.raises(DataError, match="a run is about to begin here; wait for it"):
        find(str(claimed), tmp_path)


def test_a_job_that_was_killed_before_it_began_goes_on_with_its_sweep(tmp_path: Path) -> None:
    folder = make_sweep(tmp_path / "sweep", ["0000-lr=0.1"])
    (folder / "0000-lr=0.1" / ".hydra").mkdir(parents=True)
    told = r"a job that was killed before it began; its sweep goes on with it\n  python -m runner resume .*/sweep$"
    with pytest.raises(DataError, match=told):
        find(str(folder / "0000-lr=0.1"), tmp_path)


def test_a_run_given_by_its_name_is_answered_with_the_newest_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    day = Path("outputs/2026-11-21")
    started(day / "14-44-39-541040-c", "2026-11-21T14:44:39.541040")
    started(day / "14-44-39-541041-c", "2026-11-21T14:44:39.541041")
    started(day / "14-50-00-000000-other-c", "2026-11-21T14:50:00.000000")
    for word in ("c", "outputs/c", "outputs/2026-11-21/c/"):
        with pytest.raises(ConfigError, match=rf"^{word}: no such directory; did you mean {day}/14-44-39-541041-c\?$"):
            find(word, Path("outputs"))
    with pytest.raises(ConfigError, match="d: no such directory; give a run directory, or last"):
        find("d", Path("outputs"))


def test_a_run_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no run under .* or name the folder of one elsewhere"):
        find("last", tmp_path)
    with pytest.raises(ConfigError, match="no such directory"):
        find(str(tmp_path / "nowhere"), tmp_path)
    with pytest.raises(DataError, match=r"holds neither config\.yaml nor summary\.json; those below it: .* report /"):
        find(str(tmp_path), tmp_path)


def test_a_file_of_a_run_names_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    checkpoint = Path("runs") / "one" / "checkpoints" / "best.pt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.touch()
    with pytest.raises(ConfigError, match=r"best\.pt: is a file; give a run directory"):
        find(str(checkpoint), tmp_path)
    (tmp_path / "runs" / "one" / "config.yaml").touch()
    with pytest.raises(ConfigError, match=r"best\.pt: is a file of the run runs/one; give a run directory"):
        find(str(checkpoint), tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", json.dumps("text")])
def test_a_damaged_summary_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "summary.json").write_text(content)
    with pytest.raises(DataError, match=r"summary\.json: damaged"):
        _ = SavedRun(RunDirectory(tmp_path)).summary


@pytest.mark.parametrize("name", ["train.log", "checkpoints/x.pt"])
def test_case_36_a_pipe_in_a_run_directory_is_not_written_to(tmp_path: Path, name: str) -> None:
    (tmp_path / "checkpoints").mkdir()
    os.mkfifo(tmp_path / name)
    told = f"{tmp_path / name}: is a pipe or a device, not a file; take it out of the run directory"
    with pytest.raises(DataError, match=re.escape(told)), RunDirectory(tmp_path).owned():
        pass


@pytest.mark.parametrize(
    "content",
    [
        pytest.param('{"a": ' * 100_000 + "1" + "}" * 100_000, id="nested"),
        pytest.param('{"seconds": 1' + "0" * 400 + "}", id="a whole number of 401 digits"),
        '{"seconds": 1e400}',
        '{"seconds": "long"}',
        '{"status": 3}',
        '{"name": "\\ud800"}',
    ],
)
def test_case_38_a_summary_that_nothing_can_be_done_with_is_damaged_in_a_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "summary.json").write_text(content)
    with pytest.raises(DataError, match=r"^[^\n]*summary\.json: damaged: [^\n]{1,120}$"):
        _ = SavedRun(RunDirectory(tmp_path)).summary


def test_case_27_results_that_were_edited_are_not_told(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    directory.write_summary({"status": "finished", "best": {"val/loss": float("nan"), "val/f1": 0.5}, "seconds": 1.5})
    assert SavedRun(directory).results["best"]["val/f1"] == 0.5
    text = directory.summary.read_text()
    directory.summary.write_text(text.replace("1.5", "2.5"))  # no result
    assert SavedRun(directory).results["seconds"] == 2.5
    directory.summary.write_text(text.replace("0.5", "0.9"))
    with pytest.raises(DataError, match=r"summary\.json: its results are not those that the run wrote"):
        _ = SavedRun(directory).results
    older = {key: value for key, value in json.loads(text).items() if key != "digest"}
    directory.summary.write_text(json.dumps(older))
    assert SavedRun(directory).results["best"]["val/f1"] == 0.5
