"""Two processes on the CPU beside one: the loss of the first epoch, the time of an epoch, and the share of gloo.

    python scripts/bench_devices.py [KEY=VALUE ...]

Without words: experiment=mnist_dnn_validated batch_size=512. The times are of the training steps, without the judging
of an epoch; the median of all epochs but the first. In the share of gloo is the time in which a process waits for the
other one.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from torch import distributed

import runner
from runner.contracts import Report
from runner.engine import fit

USUAL = ["experiment=mnist_dnn_validated", "batch_size=512"]
FIXED = ["threads=1", "device=cpu", "tensorboard=off", "epochs=4"]


class Clock:
    """Stands in for the engine's ``train_epoch`` and for torch's ``all_reduce``, and notes the seconds of each."""

    def __init__(self) -> None:
        self.train_epoch, self.all_reduce = fit.train_epoch, distributed.all_reduce
        fit.train_epoch, distributed.all_reduce = self.timed_epoch, self.timed_sum
        self.epochs: list[tuple[float, float]] = []  # (seconds, of these in gloo)
        self.in_gloo = 0.0

    def timed_epoch(self, *args: Any) -> Iterator[Report]:
        self.in_gloo, begun = 0.0, time.perf_counter()
        yield from self.train_epoch(*args)
        self.epochs.append((time.perf_counter() - begun, self.in_gloo))

    def timed_sum(self, *args: Any) -> None:
        begun = time.perf_counter()
        self.all_reduce(*args)
        self.in_gloo += time.perf_counter() - begun


def main(words: list[str]) -> None:
    clock = Clock()
    for devices in (1, 2):
        clock.epochs.clear()
        with tempfile.TemporaryDirectory() as folder:
            run = runner.run([*(words or USUAL), *FIXED, f"output_dir={folder}", f"devices={devices}"])
            loss = run.metrics["train/loss"].dropna().iloc[0]
        seconds, in_gloo = (median(column) for column in zip(*clock.epochs[1:], strict=True))
        print(f"devices={devices}: train/loss {loss:.9f}, {seconds:.3f} s an epoch, {in_gloo / seconds:.0%} in gloo")


if __name__ == "__main__":
    main(sys.argv[1:])
