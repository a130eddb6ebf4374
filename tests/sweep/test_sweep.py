"""Sweeps as they are typed: left alone, gone on with, refused. A sweep here has four jobs of a moment."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from pathlib import Path

import pytest

import program
from sweeps import SWEEP, begun, facts, is_as, rows, typed, until


def test_a_sweep_leaves_its_jobs_and_what_they_come_to(alone: Path) -> None:
    jobs = ["0001-lr=0.1-seed=0", "0002-lr=0.1-seed=1", "0003-lr=0.01-seed=0", "0004-lr=0.01-seed=1"]
    assert sorted(path.name for path in alone.iterdir() if path.is_dir()) == jobs
    assert all((alone / job / name).exists() for job in jobs for name in ("config.yaml", "summary.json", "train.log"))
    assert (alone / jobs[1] / ".hydra/overrides.yaml").read_text().splitlines()[2:4] == [
        "- optimizer.lr=0.1",
        "- seed=1",
    ]
    summary = json.loads((alone / "summary.json").read_text())
    assert (summary["kind"], summary["status"], len(summary["jobs"])) == ("sweep", "finished", 4)
    told = (alone / "leaderboard.csv").read_text() + (alone / "leaderboard.md").read_text()
    assert str(alone) not in told and "seconds" not in told
    assert list(alone.glob("baselines-*.json")) and not list(alone.glob("*.json.lock"))


def test_ctrl_c_lets_jobs_save_and_says_how_to_go_on(alone: Path, tmp_path: Path) -> None:
    driver = program.fork([*SWEEP, "sweep.dir=sweep", "sweep.jobs=1"], tmp_path / "said", cwd=tmp_path)
    folder = tmp_path / "sweep"
    until(lambda: rows(folder, "0002") >= 3)
    os.kill(driver.pid, signal.SIGINT)
    done = driver.end()
    assert done.code == 130
    told = r"interrupted; (1 on the way, )?2 of 4 jobs not started; go on with: python -m runner resume sweep\n"
    assert re.fullmatch(told, done.err)
    assert typed(tmp_path, "resume", "sweep").code == 0
    assert is_as(folder, alone)


def test_fault_32_the_same_command_runs_nothing_twice_and_a_larger_grid_only_what_is_new(
    alone: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "sweep"
    shutil.copytree(alone, folder)
    done = typed(tmp_path, *SWEEP, "sweep.dir=sweep")
    assert done.code == 0 and "nothing is left to do: 4 finished" in done.out and " on disk" not in done.out
    assert begun(folder) == [1, 2, 3, 4]
    more = [word.replace("0.1,0.01", "0.1,0.2") for word in SWEEP]
    done = typed(tmp_path, *more, "sweep.dir=sweep")
    assert done.code == 0 and re.search(r"  about \d+ MB more on disk\n", done.out)
    assert begun(folder) == [1, 2, 3, 4, 5, 6]
    assert sorted(path.name for path in folder.glob("000[56]*")) == ["0005-lr=0.2-seed=0", "0006-lr=0.2-seed=1"]


def test_a_folder_that_was_deleted_is_run_again(alone: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    shutil.copytree(alone, folder)
    shutil.rmtree(folder / "0003-lr=0.01-seed=0")
    assert typed(tmp_path, "resume", "sweep").code == 0
    assert begun(folder) == [1, 2, 3, 4, 3] and is_as(folder, alone)


def test_only_the_best_jobs_keep_their_checkpoints_where_that_was_said(alone: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    shutil.copytree(alone, folder)
    assert typed(tmp_path, "resume", "sweep", "sweep.keep=best:1").code == 0
    kept = [path.parent.name for path in sorted(folder.glob("0*/checkpoints")) if any(path.glob("*.pt"))]
    winner = json.loads((folder / "summary.json").read_text())["winner"]
    assert kept == [winner] and is_as(folder, alone)


def test_a_sweep_of_a_gpu_does_not_go_on_without_one(alone: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    shutil.copytree(alone, folder)
    header = json.loads((folder / "sweep.json").read_text())
    (folder / "sweep.json").write_text(json.dumps({**header, "device": "another"}))
    done = typed(tmp_path, "resume", "sweep")
    assert done.code == 2 and "sweep: its jobs compute on another, which this machine does not have" in done.err


def test_a_damaged_journal_or_header_is_said(alone: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    shutil.copytree(alone, folder)
    (folder / "journal.jsonl").write_text('no\n{"begun": 1}\n')
    done = typed(tmp_path, "resume", "sweep")
    assert done.code == 3 and "sweep/journal.jsonl: line 1 is damaged" in done.err
    (folder / "sweep.json").write_text('{"format": 2}')
    done = typed(tmp_path, "resume", "sweep")
    assert done.code == 3 and "sweep.json: format 2, this version reads format 1" in done.err


def test_a_job_that_takes_too_long_is_stopped_and_goes_on_later(alone: Path, tmp_path: Path) -> None:
    long = [word.replace("epochs=40", "epochs=100000") for word in SWEEP]
    done = typed(tmp_path, *long, "sweep.dir=sweep", "sweep.job_timeout_s=0.7", "max_steps=null")
    assert done.code == 1 and done.out.count("sweep.job_timeout_s") >= 4
    assert "python -m runner resume sweep" in done.out
    assert {fact["how"] for fact in facts(tmp_path / "sweep") if "how" in fact} == {"interrupted"}


def test_a_job_that_fails_stops_no_other_and_is_run_again_when_that_is_asked_for(tmp_path: Path) -> None:
    words = ["train", "-m", "dataset=iris", "model=linear", "optimizer=sgd", "optimizer.lr=0.1,1e38", "epochs=20"]
    done = typed(tmp_path, *words, "tensorboard=off", "sweep.dir=sweep")
    assert done.code == 1
    assert "the loss is" in done.out and "sweep/0002-lr=" in done.out
    assert "resume sweep retry=failed" in done.out
    assert typed(tmp_path, "resume", "sweep").code == 1 and begun(tmp_path / "sweep") == [1, 2]
    assert typed(tmp_path, "resume", "sweep", "retry=failed").code == 1 and begun(tmp_path / "sweep") == [1, 2, 2]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["model=cnn", "model.channels=[8],[8,8,8,8,8,8]"], "model.channels=[8,8,8,8,8,8]"),
        (["dataset=iris", "model=mlp,cnn"], "model=cnn"),
        (["dataset=csv", "dataset.path=none.csv", "dataset.target=y", "seed=0,1"], "none.csv"),
    ],
)
def test_what_cannot_be_begun_is_said_before_anything_is_made(words: list[str], told: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    done = program.run(["train", "-m", *words, "epochs=1"], tmp_path / "said", cwd=home)
    assert done.code in (2, 3) and told in done.err and "Traceback" not in done.err
    assert list(home.iterdir()) == []


def test_a_folder_of_something_else_and_one_in_use_are_refused(alone: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/letter.txt").touch()
    done = typed(tmp_path, *SWEEP, "sweep.dir=other")
    assert done.code == 2 and "sweep.dir=other: holds files of no sweep; name an empty folder" in done.err
    driver = program.fork([*SWEEP, "sweep.dir=sweep", "sweep.jobs=1"], tmp_path / "said", cwd=tmp_path)
    until((tmp_path / "sweep/journal.jsonl").exists)
    for argv in ([*SWEEP, "sweep.dir=sweep"], ["resume", "sweep"]):
        done = typed(tmp_path, *argv)
        assert done.code == 1 and f"in use by process {driver.pid}" in done.err
    assert driver.end().code == 0
    done = typed(tmp_path, "resume", "sweep", "epochs=50")
    assert done.code == 2 and "epochs: the jobs of a sweep keep their settings" in done.err
    assert re.search(r"its best job alone: python -m runner resume sweep/\S+ epochs=50\n", done.err)
    done = typed(tmp_path, "resume", "sweep", "retry=all")
    assert done.code == 2 and "retry=all: must be failed" in done.err


def test_the_bits_of_a_job_do_not_depend_on_what_runs_beside_it(alone: Path, tmp_path: Path) -> None:
    words = [word for word in SWEEP if not word.startswith(("optimizer.lr", "seed", "-m"))]
    done = typed(tmp_path, *words, "optimizer.lr=0.01", "seed=1", "output_dir=o")
    assert done.code == 0, done.err
    (run,) = tmp_path.glob("o/*/*")
    assert (run / "metrics.jsonl").read_bytes() == (alone / "0004-lr=0.01-seed=1/metrics.jsonl").read_bytes()
