"""A sweep on a real Ray cluster of two nodes on this machine, which see none of its folders; one is killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from ray.exceptions import ActorDiedError, ActorUnavailableError, RayActorError, RayError, RayTaskError

import program
from runner.config.clustering import Ray
from runner.errors import ConfigError
from runner.runs.transfer import Changes
from runner.sweep import ray_jobs
from runner.sweep.job import SharedData
from runner.sweep.local import Ended
from runner.sweep.ray_jobs import RayJob, RayJobs, connect, heard
from runner.sweep.ray_node import News
from sweeps import LEADERBOARDS, begun, until

sys.path.append(str(program.REPOSITORY / "scripts"))
from ray_cluster import RayCluster, can_hide, ray_cluster

WORDS = ["dataset=iris", "model=linear", "optimizer.lr=0.1", "seed=0,1", "threads=1", "tensorboard=off", "epochs=600"]
LEAN = ["baselines.trees=[]", "sweep.check=false", "checkpoint.every_epochs=20", "sweep.dir=sweep"]
SWEEP = ["train", "-m", *WORDS, *LEAN]
FILES = (*LEADERBOARDS, "0001-seed=0/metrics.jsonl", "0002-seed=1/metrics.jsonl")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayCluster]:
    with ray_cluster(2, hidden=tmp_path_factory.getbasetemp()) as found:
        yield found


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same sweep on this machine."""
    home = tmp_path_factory.mktemp("alone")
    assert program.run(SWEEP, home / "said", cwd=home).code == 0
    return home / "sweep"


def test_a_node_that_dies_costs_no_result(cluster: RayCluster, alone: Path, tmp_path: Path) -> None:
    words = ["cluster=ray", f"cluster.address={cluster.address}", "cluster.sync_s=0.1"]
    driver, folder = program.fork([*SWEEP, *words], tmp_path / "said", cwd=tmp_path), tmp_path / "sweep"
    until(lambda: len(list(folder.glob("*/checkpoints/last.pt"))) == 2)
    os.kill(cluster.pids[1], signal.SIGKILL)
    done = driver.end()
    assert (done.code, done.err) == (0, "")
    assert sorted(begun(folder)) in ([1, 1, 2], [1, 2, 2]) and "its node died" in done.out
    assert 20 <= int(re.findall(r"goes on after epoch (\d+)", done.out)[0]) < 600
    assert "raylet" not in done.out
    for name in FILES:
        assert (folder / name).read_bytes() == (alone / name).read_bytes(), name


@pytest.mark.skipif(not can_hide(), reason="this system lets nobody hide a folder")
def test_a_node_without_the_data_is_told_before_a_job_begins(cluster: RayCluster, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("a,b,label\n" + "1,2,x\n3,5,y\n" * 20)
    words = ["dataset=csv", f"dataset.path={tmp_path}/own.csv", "dataset.target=label", "model=linear", "seed=0,1"]
    ray = ["cluster=ray", f"cluster.address={cluster.address}", "sweep.dir=sweep", "sweep.check=false"]
    done = program.run(["train", "-m", *words, *ray], tmp_path / "said", cwd=tmp_path)
    assert done.code == 3 and not (tmp_path / "sweep").exists()
    told = rf"error: node \S+: dataset\.path={tmp_path}/own\.csv: no such file; looked for "
    assert re.match(told, done.err), done.err


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
