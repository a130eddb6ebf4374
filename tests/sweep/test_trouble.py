"""Sweeps as they are typed whose jobs hang, die, leave by themselves, or find the disk full."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import program
from sweeps import SWEEP, begun, facts, is_as, typed, until

NET = """
import os, signal, sys, time
from pathlib import Path
from torch import nn
class Net(nn.Module):
    def __init__(self, in_shape, num_outputs, *, trouble):
        super().__init__()
        self.layer, self.trouble = nn.Linear(4, num_outputs), trouble
    def forward(self, x):
        if self.trouble == "hangs":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            Path("hanging").write_text(str(os.getpid()))
            time.sleep(60)
        if self.trouble == "leaves":
            sys.exit(130)
        if self.trouble == "dies" and not Path("died").exists():
            Path("died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.layer(x)
"""
OWN = ["train", "-m", "dataset=iris", "model=net", "trusted=[mine]", "epochs=2", "threads=1", "tensorboard=off"]
RUN = [*OWN, "sweep.check=false", "sweep.jobs=1", "sweep.dir=sweep", "seed=0,1"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a net of one's own that makes trouble."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/net.py").write_text(NET)
    (tmp_path / "conf/model").mkdir(parents=True)
    (tmp_path / "conf/model/net.yaml").write_text("_target_: mine.net.Net\ntrouble: none # what it makes\n")
    return tmp_path


def ends(folder: Path) -> list[tuple[object, object]]:
    return [(fact["how"], fact["reason"]) for fact in facts(folder) if "how" in fact]


def test_a_job_that_hangs_and_does_not_listen_is_killed(home: Path) -> None:
    words = [*RUN, "model.trouble=hangs", "sweep.job_timeout_s=0.5", "seed=0"]
    done = program.run(words, home / "said", before="lose_patience_early", at=0.2, cwd=home)
    assert done.code == 1
    ((how, told),) = ends(home / "sweep")
    assert how == "interrupted" and "sweep.job_timeout_s" in str(told)


def test_a_second_ctrl_c_ends_a_job_that_hangs_at_once(home: Path) -> None:
    driver = program.fork([*RUN, "model.trouble=hangs"], home / "said", cwd=home)
    until(lambda: (home / "hanging").exists() and (home / "hanging").read_text() != "")
    driver.send("SIGINT")
    time.sleep(0.3)
    driver.send("SIGINT")
    began = time.monotonic()
    done = driver.end()
    assert done.code == 130 and time.monotonic() - began < 10
    told = "interrupted; 1 on the way, 1 of 2 jobs not started; go on with: python -m runner resume sweep\n"
    assert done.err == told and ends(home / "sweep") == [("interrupted", "killed by SIGKILL")]
    assert not Path(f"/proc/{(home / 'hanging').read_text()}").exists()


def test_a_job_that_was_killed_is_gone_on_with_at_once_where_that_was_said(home: Path) -> None:
    done = typed(home, *RUN, "model.trouble=dies", "sweep.retries=1")
    assert done.code == 0, done.err
    assert begun(home / "sweep") == [1, 1, 2]
    assert [how for how, _ in ends(home / "sweep")] == ["interrupted", "finished", "finished"]


def test_code_of_one_s_own_that_leaves_with_130_was_not_interrupted(home: Path) -> None:
    assert typed(home, *RUN, "model.trouble=leaves", "seed=0").code == 1
    assert ends(home / "sweep") == [("failed", "exit code 130")]


def test_fault_34_a_full_disk_stops_a_sweep_that_goes_on_later(alone: Path, tmp_path: Path) -> None:
    words = [*SWEEP, "sweep.dir=sweep", "sweep.jobs=1", "sweep.check=false"]
    full = program.run(words, tmp_path / "said", before="fill_the_disk_of_metrics", at=9, cwd=tmp_path)
    assert full.code == 1 and begun(tmp_path / "sweep") == [1]
    assert "error: no other job will start: " in full.err and "metrics.jsonl: not written: no space left" in full.err
    assert full.err.endswith("  1 on the way, 3 of 4 jobs not started; go on with: python -m runner resume sweep\n")
    assert typed(tmp_path, "resume", "sweep").code == 0 and is_as(tmp_path / "sweep", alone)
    again = typed(tmp_path, "resume", "sweep")
    assert again.code == 0 and "nothing is left to do: 4 finished" in again.out and is_as(tmp_path / "sweep", alone)
