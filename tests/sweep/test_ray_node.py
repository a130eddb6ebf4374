"""What a node does for a sweep, called as Ray would call it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from runner.compose.request import parse
from runner.config.clustering import Ray
from runner.config.run_config import Config
from runner.runs.transfer import Changes
from runner.sweep.job import SharedData
from runner.sweep.local import Ended
from runner.sweep.plan import Job, check_jobs
from runner.sweep.ray_node import Node, NodeData, Task, data_faults

WORDS = ["-m", "dataset=iris", "model=linear", "threads=1", "tensorboard=off", "epochs=2", "optimizer.lr=0.1,0.01"]
EMPTY = Changes({}, frozenset())


def job_of(words: Sequence[str]) -> tuple[Job, Config]:
    planned = check_jobs(parse(words))
    return planned.jobs[0], planned.configs[0]


def ended(task: Task, content: Changes = EMPTY) -> tuple[Ended, Changes]:
    node = Node({"trusted": []}, [], Ray("local", 1, 0, 60.0))
    node.begin(task, "0001", content)
    while (news := node.news(1.0)).ended is None:
        pass
    assert news.changes is not None and node.running is None
    return news.ended, news.changes


def test_a_job_is_trained_and_its_directory_comes_back_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    job, config = job_of(WORDS)
    how, changes = ended(Task(job, SharedData().digest(config)))
    assert how == Ended(0) and list(tmp_path.glob("runner-*")) == []
    assert {"metrics.jsonl", "checkpoints/last.pt", "summary.json", "train.log"} <= changes.names
    assert changes.files["metrics.jsonl"].count(b'"train/loss"') == 2


def test_a_node_with_other_rows_says_so(tmp_path: Path) -> None:
    job, config = job_of(WORDS)
    own = SharedData().digest(config)
    told = (
        f"node {os.uname().nodename}: dataset=iris: other rows than where the sweep began (digest {own[:12]}, there "
        "0123456789ab)\n  put the same files there"
    )
    assert data_faults({"0123456789abcdef": config.as_dict() | {"said": []}}, []) == [told]
    assert ended(Task(job, "0123456789abcdef"))[0] == Ended(3, told)


def test_a_node_reads_data_below_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/own.csv").write_text("a,b,label\n" + "1,2,x\n3,5,y\n" * 20)
    words = [
        "-m",
        "dataset=csv",
        "dataset.path=own.csv",
        "dataset.target=label",
        "model=linear",
        f"data_dir={tmp_path / 'here'}",
        "seed=0,1",
    ]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "here/own.csv").write_text((tmp_path / "there/own.csv").read_text())
    config = job_of(words)[1]
    monkeypatch.setenv("RUNNER_DATA", str(tmp_path / "there"))
    (tmp_path / "here/own.csv").unlink()
    assert len(NodeData()(config).y) == 40
