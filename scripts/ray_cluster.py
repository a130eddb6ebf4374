"""A Ray cluster of some nodes of one CPU on this machine, which cannot see a folder of whoever asks for it.

It stands in a process of its own, ``python scripts/ray_cluster.py NODES``, and goes when the stdin of that is closed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

QUICK = {  # a dead node is noticed within a second, not a quarter of a minute
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 300,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}
HIDING = ["unshare", "--mount", "--map-root-user"]  # a view of the disk of one's own
HIDDEN = 'mount -t tmpfs none "$0" && exec "$@"'  # what stands in that folder is not to be seen


@dataclass(frozen=True)
class RayCluster:
    address: str
    pids: list[int]  # of the process that stands for each node; the head, which has no CPU, is not among them


@contextmanager
def ray_cluster(num_nodes: int, hidden: Path, **env: str) -> Iterator[RayCluster]:
    """Its nodes cannot see what is in the folder ``hidden``, where the system lets one hide it."""
    argv = [sys.executable, __file__, str(num_nodes)]
    if can_hide():
        argv = [*HIDING, "sh", "-c", HIDDEN, str(hidden), *argv]
    pipe, told = subprocess.PIPE, {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", **env}
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, env=told) as process:
        assert process.stdout is not None
        yield RayCluster(**json.loads(next(line for line in process.stdout if line.startswith("{"))))


def can_hide() -> bool:
    if shutil.which(HIDING[0]) is None:
        return False
    return subprocess.run([*HIDING, "true"], capture_output=True, check=False).returncode == 0


def stand(num_nodes: int) -> None:
    from ray.cluster_utils import Cluster

    same = {"include_dashboard": False, "object_store_memory": 80 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args={**same, "num_cpus": 0, "_system_config": QUICK})
    nodes = [cluster.add_node(**same, num_cpus=1, wait=False) for _ in range(num_nodes)]
    cluster.wait_for_nodes()
    pids = [node.all_processes["raylet"][0].process.pid for node in nodes]
    print(json.dumps({"address": cluster.address, "pids": pids}), flush=True)
    sys.stdin.read()
    cluster.shutdown()


if __name__ == "__main__":
    stand(int(sys.argv[1]))
