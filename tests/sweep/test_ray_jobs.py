"""A sweep on a real Ray cluster of two nodes on this machine, one of which is killed in the middle."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import program
from ray_cluster import RayCluster, ray_cluster
from sweeps import LEADERBOARDS, begun, until

WORDS = ["dataset=iris", "model=linear", "optimizer.lr=0.1", "seed=0,1", "threads=1", "tensorboard=off", "epochs=600"]
LEAN = ["baselines.trees=[]", "sweep.check=false", "checkpoint.every_epochs=20", "sweep.dir=sweep"]
SWEEP = ["train", "-m", *WORDS, *LEAN]
FILES = (*LEADERBOARDS, "0001-seed=0/metrics.jsonl", "0002-seed=1/metrics.jsonl")


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    with ray_cluster(2) as found:
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
