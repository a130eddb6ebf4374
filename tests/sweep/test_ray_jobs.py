"""A sweep on a real Ray cluster of two nodes on this machine, one of which is killed in the middle."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import program
from ray_cluster import RayCluster, ray_cluster
from sweeps import SWEEP, begun, is_as, until


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    with ray_cluster(2) as found:
        yield found


def test_a_node_that_dies_costs_no_result(cluster: RayCluster, alone: Path, tmp_path: Path) -> None:
    words = ["cluster=ray", f"cluster.address={cluster.address}", "cluster.sync_s=0.1", "sweep.dir=sweep"]
    driver, folder = program.fork([*SWEEP, *words], tmp_path / "said", cwd=tmp_path), tmp_path / "sweep"
    until(lambda: len(list(folder.glob("*/checkpoints/last.pt"))) == 2)
    os.kill(cluster.pids[1], signal.SIGKILL)
    done = driver.end()
    assert (done.code, done.err) == (0, "")
    assert sorted(begun(folder)) in ([1, 1, 2, 3, 4], [1, 2, 2, 3, 4]) and "its node died" in done.out
    assert is_as(folder, alone)
