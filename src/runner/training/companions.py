"""The other processes of a run on several devices: started, told what to train, and ended with it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from signal import Signals
from threading import Event, Thread
from typing import Any

import torch
from torch import nn
from torch.distributed.distributed_c10d import Store

from runner import ranks, seed
from runner.config.run_config import Config
from runner.contracts import Parts
from runner.engine.predict import Stopped
from runner.experiment.assemble import Experiment
from runner.ranks import RankLost, Ranks
from runner.text import environment

FAULT, ORDER = "fault", "order"  # keys of the store
LOOKED_AT_S = 0.02
WATCHED_S = 0.5
LAST_WORDS_S = 5.0  # that a process which lost its connection may take to end
NOTICED_WITHIN_S = 30.0  # by torch, that a process has ended; NCCL may not notice it at all
Processes = Sequence[subprocess.Popen[bytes]]


@dataclass(frozen=True)
class Order:
    """What the first rank tells the others to train."""

    config: Config
    folders: Sequence[Path]  # with its options
    data_digest: str
    threads: int
    kind: str  # of device: cpu or cuda
    directory: Path  # of the run, absolute


@contextmanager
def accompanied(
    experiment: Experiment,
    saved: Mapping[str, Any] | None,
    directory: Path,
    stop: Callable[[], bool],
    warn: Callable[[str], None],
) -> Iterator[Parts]:
    """The parts of the run, inside with the other ranks at their side where it is to have several devices.

    Raises RankLost, with the reason, where one of them ends before the block does, and Stopped where ``stop`` turns
    true before all are there.
    """
    config, parts = experiment.config, experiment.parts
    if config.devices == 1:
        yield parts
        return
    kind, folders = experiment.choice.device.type, experiment.catalog.folders
    order = Order(config, folders, experiment.data_digest, torch.get_num_threads(), kind, directory.absolute())
    with companions(config.devices) as (store, processes):
        store.set(ORDER, pickle.dumps(order))  # type: ignore[arg-type]  # torch takes bytes too
        try:
            for remark in await_all(store, config.devices, processes, stop):
                warn(remark)
            joined = ranks.join(store, 0, config.devices, draw_seed(config), kind)
            joined.tell(lambda: saved)
            with watched(store, processes):
                yield begun_alike(parts, joined)
        except RankLost as lost:
            raise RankLost(why_lost(store, processes) or str(lost)) from lost
        finally:
            ranks.leave()


@contextmanager
def watched(store: Store, processes: Processes) -> Iterator[None]:
    """Inside, this process ends where another has failed and the sum that waits for it does not."""
    done = Event()
    Thread(target=end_with_others, args=(store, processes, done), daemon=True).start()
    try:
        yield
    finally:
        done.set()


def end_with_others(store: Store, processes: Processes, done: Event) -> None:
    while not done.wait(WATCHED_S):
        if (why := fault_of_others(store, processes)) and not done.wait(NOTICED_WITHIN_S):
            print(f"error: {why}; the run ended with it, and resume goes on from what was saved", file=sys.stderr)
            os._exit(1)


def draw_seed(config: Config) -> int:
    return seed.derive(config.seed, "training")


def begun_alike(parts: Parts, joined: Ranks) -> Parts:
    """The parts of a rank, its net with the weights of the first one; statistics of batches are those of all ranks."""
    model: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(parts.model)  # type: ignore[no-untyped-call]
    joined.begin_alike(list(model.state_dict().values()))
    return replace(parts, model=model, ranks=joined)


@contextmanager
def companions(count: int) -> Iterator[tuple[Store, Processes]]:
    """The store that all ranks reach, and the processes of the others; none where torchrun has started them."""
    if ranks.num_launched() > 1:
        yield ranks.reached_store(), ()
        return
    store, port = ranks.opened_store()
    processes = [start(number, count, port) for number in range(1, count)]
    try:
        yield store, processes
    finally:
        for process in processes:
            with process:
                process.kill()


def start(number: int, count: int, port: int) -> subprocess.Popen[bytes]:
    """A rank as torchrun would start it; a terminal's Ctrl-C is for the first alone, with which it ends."""
    places = {"RANK": number, "LOCAL_RANK": number, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count}
    reached = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return subprocess.Popen(
        [sys.executable, "-m", "runner.training.follower"],
        env=environment() | {name: str(value) for name, value in (places | reached).items()},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def await_all(store: Store, count: int, processes: Processes, stop: Callable[[], bool]) -> list[str]:
    """What the others have to remark once they are ready.

    Raises RankLost where one of them ends before, and Stopped where ``stop`` turns true.
    """
    names = [name_of(number) for number in range(1, count)]
    with ranks.noticing_loss():
        while not all(store.check([name]) for name in names):
            if stop():
                raise Stopped
            if store.check([FAULT]) or any(process.poll() is not None for process in processes):
                raise RankLost("another process of the run did not begin")
            time.sleep(LOOKED_AT_S)
        return [remark for name in names if (remark := store.get(name).decode())]


def name_of(number: int) -> str:
    return f"rank {number}"


def why_lost(store: Store, processes: Processes) -> str:
    """What a rank said before it ended, or how its process did; "" where nobody knows."""
    until = time.monotonic() + LAST_WORDS_S
    while not (why := fault_of_others(store, processes)) and time.monotonic() < until:
        time.sleep(LOOKED_AT_S)
    return why


def fault_of_others(store: Store, processes: Processes) -> str:
    """The same, as far as it is known now; "" also where all is well."""
    with suppress(RuntimeError):  # torchrun's store may have ended, too
        if store.check([FAULT]):
            return store.get(FAULT).decode()
    for number, process in enumerate(processes, start=1):
        if code := process.poll():
            how = f"was killed by {Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
            return f"{name_of(number)} (process {process.pid}) {how}"
    return ""
