"""A sweep on a real Ray cluster of two nodes on this machine, which see none of its folders; one is killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from ray.exceptions import ActorDiedError, ActorUnavailableError, GetTimeoutError, RayActorError, RayError, RayTaskError

import program
from runner.config.clustering import Ray
from runner.errors import ConfigError, DataError
from runner.runs.transfer import Changes
from runner.sweep import ray_jobs
from runner.sweep.job import SharedData
from runner.sweep.local import Ended
from runner.sweep.ray_jobs import RayJob, RayJobs, connect, heard
from runner.sweep.ray_node import SCRATCH, News
from sweeps import LEADERBOARDS, begun, until

sys.path.append(str(program.REPOSITORY / "scripts"))
from ray_cluster import ray_cluster

WORDS = ["dataset=iris", "model=linear", "optimizer.lr=0.1", "threads=1", "tensorboard=off", "epochs=600"]
LEAN = ["baselines.trees=[]", "sweep.check=false", "checkpoint.every_epochs=20", "sweep.dir=sweep"]
SWEEP = ["train", "-m", *WORDS, *LEAN]
FILES = (*LEADERBOARDS, "0001/metrics.jsonl")


def test_a_node_that_dies_costs_no_result(tmp_path: Path) -> None:
    alone, on_ray = tmp_path / "alone", tmp_path / "ray"
    assert program.run(SWEEP, alone / "said", cwd=alone).code == 0
    with ray_cluster(2, hidden=tmp_path) as cluster:
        words = ["cluster=ray", f"cluster.address={cluster.address}", "cluster.sync_s=0.1"]
        driver = program.fork([*SWEEP, *words], on_ray / "said", cwd=on_ray)
        until((on_ray / "sweep/0001/checkpoints/last.pt").exists)
        (host,) = {*cluster.pids} & {*hosts_of_jobs()}
        os.kill(host, signal.SIGKILL)
        until((on_ray / "sweep/leaderboard.csv").exists)
        done = driver.end()
    assert (done.code, done.err) == (0, "")
    assert begun(on_ray / "sweep") == [1, 1] and "its node died" in done.out and "raylet" not in done.out
    assert 20 <= int(re.findall(r"goes on after epoch (\d+)", done.out)[0]) < 600
    for name in FILES:
        assert (on_ray / "sweep" / name).read_bytes() == (alone / "sweep" / name).read_bytes(), name


def hosts_of_jobs() -> list[int]:
    """The process that stands for the node of each job of any sweep on this machine: the parent of the job's."""
    pids = [path.name.split("-")[2] for path in Path(tempfile.gettempdir()).glob(f"{SCRATCH}-*")]
    said = [subprocess.run(["ps", "-o", "ppid=", "-p", pid], capture_output=True, check=False).stdout for pid in pids]
    return [int(pid) for pid in said if pid]


def jobs_on(nodes: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch, **asked: float) -> RayJobs:
    """On a cluster that says it has these nodes."""
    monkeypatch.setattr(ray_jobs, "connect", lambda address: None)
    monkeypatch.setattr(ray_jobs.ray, "nodes", lambda: nodes)
    return RayJobs(Ray(**{"address": "auto", "sync_s": 60.0, "cpus": 1, "gpus": 0, **asked}), SharedData(), [], {})


def test_as_many_jobs_find_a_place_as_nodes_that_live_have_cores_and_gpus_for(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [
        {"Alive": True, "Resources": {"CPU": 8.0, "GPU": 1.0}},
        {"Alive": True, "Resources": {"CPU": 5.0}},
        {"Alive": False, "Resources": {"CPU": 64.0}},
    ]
    assert jobs_on(nodes, monkeypatch, cpus=2).places() == 4 + 2
    assert jobs_on(nodes, monkeypatch, cpus=2, gpus=0.25).places() == 4
    with pytest.raises(ConfigError) as error:
        jobs_on(nodes, monkeypatch, cpus=16).places()
    assert str(error.value) == "cluster.cpus=16 cluster.gpus=0: no node of the cluster has so many; ask for fewer"


def test_a_fault_of_several_nodes_is_told_once_and_a_node_that_does_not_answer_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, node = list[str](), {"Alive": True, "Resources": {"CPU": 1.0}}
    jobs = jobs_on([{**node, "NodeID": name} for name in "abc"], monkeypatch)
    monkeypatch.setattr(ray_jobs, "on", lambda node: SimpleNamespace(remote=lambda *told: asked.append(node["NodeID"])))
    monkeypatch.setattr(ray_jobs.ray, "get", lambda answers, timeout: [["node x: no such file"]] * len(answers))
    with pytest.raises(DataError, match=r"^node x: no such file$"):
        jobs.check_data([])
    assert asked == ["a", "b", "c"]

    def silent(answers: object, timeout: float) -> None:
        raise GetTimeoutError("Get timed out: some object(s) not ready.")

    monkeypatch.setattr(ray_jobs.ray, "get", silent)
    with pytest.raises(ConfigError) as error:
        jobs.check_data([])
    told = "cluster.address=auto: a node cannot run jobs: Get timed out: some object(s) not ready."
    assert str(error.value) == told


def test_an_address_where_nobody_listens_is_told() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        for full in (address, f"ray://{address}"):
            with pytest.raises(ConfigError) as error:
                connect(full)
            assert str(error.value) == (
                f"cluster.address={full}: no Ray answers: Connection refused\n"
                "  start one with ray start --head, or try it on this machine alone: cluster.address=local"
            )


def test_what_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_jobs, "ANSWERS_WITHIN_S", 0.1)
    monkeypatch.setattr(ray_jobs.ray, "init", lambda *words, **more: time.sleep(1))
    with pytest.raises(ConfigError, match=r"cluster\.address=auto: no Ray answers: not within 0\.1 s"):
        connect("auto")


@pytest.mark.parametrize(
    ("fault", "ended"),
    [
        (ActorDiedError(), Ended(-9, "its process on the node died")),
        (ActorUnavailableError("lost", None), Ended(-9, "its node died", is_lost=True)),
        (RayActorError(error_msg="its node has died"), Ended(-9, "its node died", is_lost=True)),
        (RayTaskError("begin", "", OSError("disk full")), Ended(1, "on its node: disk full")),
    ],
)
def test_how_a_job_ended_that_did_not_say_so(fault: RayError, ended: Ended, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(answer: object) -> None:
        raise fault

    monkeypatch.setattr(ray_jobs.ray, "get", lost)
    assert heard(RayJob(None, Path(), None, ExitStack())) == ended


def test_a_disk_that_takes_no_news_ends_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rows").mkdir()  # where a file is to go
    news = News(Changes({"rows": b""}, frozenset(["rows"])))
    monkeypatch.setattr(ray_jobs.ray, "get", lambda answer: news)
    ended = heard(RayJob(None, tmp_path, None, ExitStack()))
    assert ended is not None and ended.is_short_of_disk and ended.reason.startswith(f"{tmp_path}/rows: not written: ")
