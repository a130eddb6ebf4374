"""Processes that read rows ahead of their turn; what goes wrong in one of them is told here."""

from __future__ import annotations

import signal
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, get_worker_info

from runner import seed
from runner.contracts import Rows
from runner.errors import DataError, RunError

POLL_S = 5.0  # between looks at whether the workers are alive
PATIENCE_S = 300.0  # without a batch, before workers that are alive are given up
BATCHES_AHEAD = 2  # that each worker reads before they are asked for


Answer = Tensor | tuple[str, str]  # a batch, or the message and the traceback of a DataError


@dataclass(frozen=True)
class Reader(Dataset[Any]):
    """Reads batches, in a worker or here. Draws while reading a row are a function of (``draw_seed``, epoch, row)."""

    x: Rows
    draw_seed: int
    epoch: int

    def __getitems__(self, rows: list[int]) -> Answer:
        """What DataLoader calls with one batch of row numbers."""
        try:
            return self.read_drawing(rows) if self.x.draws else self.x[torch.tensor(rows)]
        except DataError as fault:
            return str(fault), traceback.format_exc()

    def read_drawing(self, rows: list[int]) -> Tensor:
        """The rows, each with the global generators seeded for it; those of this process are put back afterwards."""
        read = []
        with seed.kept() if get_worker_info() is None else nullcontext():
            for row in rows:
                seed.seed_everything(seed.derive(self.draw_seed, "row", self.epoch, row))
                read.append(self.x[torch.tensor([row])])
        return torch.cat(read)


def read_batches(reader: Reader, batches: Sequence[Tensor], num_workers: int) -> Iterator[Tensor]:
    """Each batch of row numbers as rows [n, ...], by ``num_workers`` processes; with 0, in this one.

    Leaves the global generators alone. Raises DataError where a row cannot be read, RunError where a worker dies or
    hangs.
    """
    loader: DataLoader[Any] = DataLoader(
        reader,
        batch_sampler=[rows.tolist() for rows in batches],
        collate_fn=as_it_is,
        num_workers=min(num_workers, len(batches)),
        prefetch_factor=BATCHES_AHEAD if num_workers and batches else None,
        worker_init_fn=leave_signals_to_the_parent,
        timeout=POLL_S if num_workers and batches else 0,
        generator=torch.Generator(),  # else each pass would draw from the global one
    )
    with sigchld_kept():
        answers: Any = iter(loader)
    try:
        for _ in batches:
            answer = next_answer(answers)
            if not isinstance(answer, Tensor):
                raise DataError(answer[0]) from RuntimeError(answer[1])
            yield answer
    finally:
        if loader.num_workers:
            answers._shutdown_workers()  # torch waits for the iterator to be collected; a traceback may hold it long


def next_answer(answers: Iterator[Answer]) -> Answer:
    """The next batch, waiting PATIENCE_S for it at most."""
    begun = time.monotonic()
    while True:
        try:
            return next(answers)
        except (RuntimeError, OSError, EOFError) as fault:
            if not isinstance(fault, RuntimeError) or "exited unexpectedly" in str(fault):
                raise worker_died(answers, fault) from fault  # what it had sent may be cut off: OSError, EOFError
            if "timed out" not in str(fault):
                raise
            if time.monotonic() - begun > PATIENCE_S:
                raise RunError(
                    f"the workers that load data have sent nothing for {PATIENCE_S:.0f} s\n"
                    f"  to find out why: num_workers=0 reads the rows in the main process"
                ) from fault


def worker_died(answers: Any, fault: Exception) -> RunError:
    """The cause as far as the exit codes of the workers tell it."""
    ended = wait([worker.sentinel for worker in answers._workers], timeout=10)
    for worker in answers._workers:
        if worker.sentinel in ended:
            worker.join()  # its pipes break a moment before its exit code can be had
    codes = {worker.exitcode for worker in answers._workers if worker.exitcode is not None}  # torch shows them nowhere
    how = ", ".join(f"killed by {signal.Signals(-c).name}" if c < 0 else f"exit code {c}" for c in sorted(codes))
    memory = ": most often because memory ran out" if -signal.SIGKILL in codes else ""
    shared = ": most often because shared memory (/dev/shm) ran out" if -signal.SIGBUS in codes else ""
    return RunError(
        f"a worker that loads data died ({how or fault}{memory}{shared})\n"
        f"  fewer workers need less memory; num_workers=0 reads the rows in the main process"
    )


def as_it_is(answer: Any) -> Any:
    return answer


def leave_signals_to_the_parent(worker: int) -> None:
    """Ctrl-C reaches every process of a terminal; the run saves its state and needs its workers until then."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


@contextmanager
def sigchld_kept() -> Iterator[None]:
    """Torch's handler raises wherever the main thread happens to be when a worker dies; here the next batch tells."""
    if not hasattr(signal, "SIGCHLD") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGCHLD)
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, before or signal.SIG_DFL)
