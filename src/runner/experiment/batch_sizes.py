"""Training steps of growing batches: the time and the memory that each takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from runner.contracts import Ensemble, Progress
from runner.engine.epoch_sums import Tally
from runner.engine.fit import counts_hits
from runner.engine.step import Stepper
from runner.errors import memory_ran_out
from runner.experiment.assemble import Experiment
from runner.experiment.first_step import first_batch

SMALLEST = 16  # rows
STEPS, LASTING_S = 3, 0.2  # measured of each size, at least
LONGEST_S = 2.0  # of a step: what a person waits for is bounded
STATUS = Path("/proc/self/status")
NOISE = 1.05  # of two measured times, which are not told apart


@dataclass(frozen=True)
class BatchSize:
    """A size that was tried."""

    rows: int  # of a member
    seconds: float  # of a step, the median
    memory: int  # bytes that the program, or the GPU, has held at most by then; 0: not known

    @property
    def rows_per_s(self) -> float:
        return self.rows / self.seconds


@dataclass(frozen=True)
class BatchSizes:
    """Those that were tried, and why no larger one was."""

    tried: tuple[BatchSize, ...]
    end: str

    @property
    def largest(self) -> BatchSize:
        return self.tried[-1]

    @property
    def fastest(self) -> BatchSize:
        """The smallest of those that are as fast per row as any."""
        most = max(size.rows_per_s for size in self.tried)
        return next(size for size in self.tried if size.rows_per_s * NOISE >= most)


def batch_sizes(experiment: Experiment, num_rows: int, free: float) -> BatchSizes:
    """Steps of 16, 32, 64 ... rows, and of all ``num_rows``, until a step takes long or memory would run out.

    The rows are those of the first batch again and again: what they hold changes neither time nor memory. ``free``
    bytes may be taken, as far as that is known beforehand. Raises RunError where a loss is not finite.
    """
    tried: list[BatchSize] = []
    held = memory(experiment)
    for rows in growing_sizes(num_rows):
        if tried and (why := too_much(rows, tried[-1], held, free)):
            return BatchSizes(tuple(tried), why)
        try:
            tried.append(measured(experiment, rows))
        except (MemoryError, RuntimeError) as fault:
            if not tried or not memory_ran_out(fault):
                raise
            return BatchSizes(tuple(tried), f"{rows:,} do not fit into memory")
    return BatchSizes(tuple(tried), "these are all the train rows")


def too_much(rows: int, before: BatchSize, held: int, free: float) -> str:
    """Why the next size is not tried, which takes about twice as much as the one ``before``; "" where it is."""
    if before.seconds * 2 > LONGEST_S:
        return f"a step of {rows:,} would take more than {LONGEST_S:g} s"
    if 2 * (before.memory - held) > free:
        return f"{rows:,} would need more than the {free / 1e9:.1f} GB of free memory"
    return ""


def growing_sizes(num_rows: int) -> Iterator[int]:
    """SMALLEST, twice that, and so on; the last are all rows."""
    size = SMALLEST
    while size < num_rows:
        yield size
        size *= 2
    yield num_rows


def measured(experiment: Experiment, rows: int) -> BatchSize:
    """After one step that is not counted, for it makes the optimizer's state."""
    stepper = Stepper(experiment.parts, experiment.config.grad_clip_norm)
    x_B, y_B = batch_of(experiment, rows)
    seconds: list[float] = []
    step_seconds(experiment, stepper, x_B, y_B)
    while len(seconds) < STEPS or sum(seconds) < LASTING_S:
        seconds.append(step_seconds(experiment, stepper, x_B, y_B))
    return BatchSize(rows, statistics.median(seconds), memory(experiment))


def batch_of(experiment: Experiment, rows: int) -> tuple[Tensor, Tensor]:
    """(x_B, y_B) of so many rows of each member."""
    x_B, y_B = first_batch(experiment)
    model = experiment.parts.model
    members = model.num_members if isinstance(model, Ensemble) else 1
    places = torch.arange(rows * members, device=x_B.device) % len(x_B)
    return x_B[places], y_B[places]


def step_seconds(experiment: Experiment, stepper: Stepper, x_B: Tensor, y_B: Tensor) -> float:
    """Of one step, up to its loss, which the host waits for."""
    began = time.perf_counter()
    tally = Tally(Progress(), counts_hits=counts_hits(experiment.parts))
    experiment.parts.model.train()
    stepper.step(x_B, y_B, tally)
    tally.read()
    return time.perf_counter() - began


def memory(experiment: Experiment) -> int:
    """Bytes held at most so far: of the GPU what torch took, else what the process did; 0 where no system says it."""
    if experiment.choice.device.type == "cuda":
        return torch.cuda.max_memory_allocated(experiment.choice.device)
    if not STATUS.exists():
        return 0
    peak = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) * 1024
