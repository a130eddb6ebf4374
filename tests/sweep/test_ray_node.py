"""What a node does for a sweep, called as Ray would call it."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from runner.compose.request import parse
from runner.config.clustering import Ray
from runner.config.run_config import Config
from runner.runs.transfer import Changes
from runner.sweep import ray_jobs
from runner.sweep.job import SharedData
from runner.sweep.local import Ended
from runner.sweep.plan import Job, check_jobs
from runner.sweep.ray_node import Node, Task, data_faults

WORDS = ["-m", "dataset=iris", "model=linear", "threads=1", "tensorboard=off", "epochs=2", "optimizer.lr=0.1,0.01"]
EMPTY = Changes({}, frozenset())


def job_of(words: Sequence[str]) -> tuple[Job, Config]:
    planned = check_jobs(parse(words))
    return planned.jobs[0], planned.configs[0]


def ended(task: Task, content: Changes = EMPTY) -> tuple[Ended, Changes]:
    node = Node({"trusted": []}, [], Ray("local", 1, 0, 60.0))
    node.begin(task, "0001", content)
    while (news := node.news(1.0)).ended is None:
        assert news.changes is None
    assert news.changes is not None
    return news.ended, news.changes


def test_a_job_is_trained_and_comes_back_and_nothing_is_left_there_also_of_one_that_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    (tmp_path / f"runner-job-{killed.pid}-left").mkdir()
    job, config = job_of(WORDS)
    how, changes = ended(Task(job, SharedData().digest(config), None))
    assert how == Ended(0) and list(tmp_path.glob("runner-*")) == []
    assert {"metrics.jsonl", "checkpoints/last.pt", "summary.json", "train.log"} <= changes.names
    assert changes.files["metrics.jsonl"].count(b'"train/loss"') == 2


def test_a_node_with_other_rows_says_so() -> None:
    job, config = job_of(WORDS)
    own = SharedData().digest(config)
    told = (
        f"node {platform.node()}: dataset=iris: other rows than where the sweep began (digest {own[:12]}, there "
        "0123456789ab)\n  put the same files there"
    )
    task = Task(job, "0123456789abcdef", None)
    assert data_faults([Task(job, own, None), task], {"trusted": []}) == [told]
    assert ended(task)[0] == Ended(3, told)


def test_a_node_reads_data_below_its_own_folder_where_nobody_said_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        (folder / "own.csv").write_text("a,b,label\n" + "1,2,x\n3,5,y\n" * 20)
    words = ["-m", "dataset=csv", "dataset.path=own.csv", "dataset.target=label", "model=linear", "seed=0,1"]
    monkeypatch.setattr(ray_jobs, "connect", lambda address: None)
    monkeypatch.setenv("RUNNER_DATA", str(here))
    jobs = ray_jobs.RayJobs(Ray("auto", 1, 0, 60.0), SharedData(), [], {"trusted": []})
    tasks = [jobs.task(job_of([*words, *more])[0]) for more in ([], [f"data_dir={there}"])]
    monkeypatch.setenv("RUNNER_DATA", str(there))
    assert [task.data_dir for task in tasks] == [None, str(there)]
    (here / "own.csv").unlink()
    assert data_faults(tasks, {"trusted": []}) == []
    (there / "own.csv").write_text("a,b,label\n" + "1,2,x\n3,5,y\n" * 30)
    assert len(set(data_faults(tasks, {"trusted": []}))) == 1
