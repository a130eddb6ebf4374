"""What a node costs that is killed: 12 jobs on three nodes of Ray, each of one CPU, against the same jobs here.

    python scripts/bench_cluster.py

The nodes see neither the folder of the sweep nor its data: they have a copy of their own. Prints the rows of a table;
exits with 1 where a leaderboard or a history differs by a byte. Linux alone: it hides folders, and looks into /proc.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sklearn.datasets import load_wine

from ray_cluster import can_hide, ray_cluster

JOBS = ["model=mlp,linear", "optimizer.lr=0.01,0.001", "seed=0,1,2"]
LENGTH = ["epochs=300", "early_stopping.patience_epochs=null", "checkpoint.every_epochs=10"]
SAME = ["threads=1", "tensorboard=off", "baselines.trees=[]", "sweep.check=false"]
DATA = ["dataset=csv", "dataset.path=wine.csv", "dataset.target=target"]
RAY = ["cluster=ray", "cluster.sync_s=1"]


def main() -> int:
    assert can_hide(), "this system lets nobody hide a folder"
    with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as of_nodes:
        for folder in (here, of_nodes):
            load_wine(as_frame=True).frame.to_csv(Path(folder, "wine.csv"), index=False)
        alone, on_ray, began = Path(here, "alone"), Path(here, "ray"), time.monotonic()
        assert sweep(alone, ["sweep.jobs=2"]).wait() == 0
        seconds = [time.monotonic() - began]
        with ray_cluster(3, Path(here), RUNNER_DATA=of_nodes) as cluster:
            began = time.monotonic()
            driver, said = sweep(on_ray, [*RAY, f"cluster.address={cluster.address}"]), on_ray.with_suffix(".txt")
            wait_until(lambda: len(list(on_ray.glob("0*/checkpoints/last.pt"))) >= 5, driver, said)
            scratch = list(Path(tempfile.gettempdir()).glob("runner-job-*/0*"))
            os.kill(cluster.pids[2], signal.SIGKILL)
            wait_until(lambda: any(map(is_left, scratch)), driver, said)
            (left,) = filter(is_left, scratch)
            steps = json.loads((left / "metrics.jsonl").read_text().splitlines()[-1])["step"]
            assert driver.wait() == 0
        seconds.append(time.monotonic() - began)
        resumed = re.findall(r"resumed at step ([\d,]+)", (on_ray / left.name / "train.log").read_text())
        print(f"| steps that the job of the killed node had done | {steps:,} |")
        print(f"| step from which it went on elsewhere | {resumed[-1]} |")
        print(f"| seconds, on this machine and on Ray | {seconds[0]:.0f}, {seconds[1]:.0f} |")
        wrong = differing(alone, on_ray)
        print(f"| files that differ by a byte | {', '.join(wrong) or 'none'} |")
        return int(bool(wrong))


def wait_until(happened: Callable[[], bool], driver: subprocess.Popen[bytes], said: Path) -> None:
    while not happened():
        assert driver.poll() is None, said.read_text()
        time.sleep(0.02)


def is_left(folder: Path) -> bool:
    """Whether the process of the job's folder on a node, which the name above it says, has been killed."""
    return folder.exists() and not Path("/proc", folder.parent.name.split("-")[2]).exists()


def differing(alone: Path, on_ray: Path) -> list[str]:
    histories = [str(path.relative_to(alone)) for path in sorted(alone.glob("0*/metrics.jsonl"))]
    assert len(histories) == 12
    names = ["leaderboard.csv", "leaderboard.md", *histories]
    return [name for name in names if (alone / name).read_bytes() != (on_ray / name).read_bytes()]


def sweep(folder: Path, words: Sequence[str]) -> subprocess.Popen[bytes]:
    """What it says stands in a file beside the folder."""
    with open(folder.with_suffix(".txt"), "w") as said:
        argv = [
            sys.executable,
            "-m",
            "runner",
            "train",
            "-m",
            *DATA,
            *JOBS,
            *LENGTH,
            *SAME,
            f"sweep.dir={folder}",
            *words,
        ]
        env = {**os.environ, "RUNNER_DATA": str(folder.parent)}
        return subprocess.Popen([*argv, f"sweep.dir={folder}"], stdout=said, stderr=subprocess.STDOUT, env=env)


if __name__ == "__main__":
    sys.exit(main())
