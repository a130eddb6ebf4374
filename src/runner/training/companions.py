"""The other processes of a run on several devices: started, told what to train, and ended with it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIG_IGN, Signals, signal
from typing import Any

import torch
from torch import distributed, nn

from runner import device, ranks, seed
from runner.build import libraries
from runner.config.catalog import Catalog
from runner.config.run_config import Config
from runner.contracts import Parts, Progress
from runner.engine import state
from runner.engine.fit import fit
from runner.engine.stop import SIGNALS
from runner.errors import DataError, RunError
from runner.experiment.assemble import Experiment, assemble
from runner.experiment.rebuild import drawn_anew
from runner.ranks import Ranks, RankLost
from runner.runs.directory import RunDirectory
from runner.runs.named import short_name

SOURCE = Path(__file__).parents[2]
FAULT, KIND = "fault", "kind of device"  # keys of the store
LAST_WORDS_S = 5.0  # that a process which lost its connection may take to end


@dataclass(frozen=True)
class Order:
    """What the first rank tells the others to train."""

    config: Config
    folders: Sequence[Path]  # with its options
    data_digest: str
    threads: int
    saved: Mapping[str, Any] | None


@contextmanager
def accompanied(experiment: Experiment, saved: Mapping[str, Any] | None, directory: RunDirectory) -> Iterator[Parts]:
    """The parts of the run, inside with the other ranks at their side where it is to have several devices.

    Raises RunError, with the reason, where one of them ends before the block does.
    """
    config, parts = experiment.config, experiment.parts
    if config.devices == 1:
        yield parts
        return
    with companions(config.devices) as (store, processes):
        try:
            store.set(KIND, experiment.choice.device.type)
            await_all(store, processes)
            joined = ranks.join(store, 0, config.devices, draw_seed(config), experiment.choice.device.type)
            order = Order(config, experiment.catalog.folders, experiment.data_digest, torch.get_num_threads(), saved)
            joined.tell(lambda: order)
            yield begun_alike(parts, joined)
        except RankLost as lost:
            again = f"python -m runner resume {shlex.quote(short_name(directory.whole.path))}"
            told = f"{why_lost(store, processes) or lost}; the run ended with it\n  go on from what was saved: {again}"
            raise RunError(told) from lost
        finally:
            ranks.leave()


def draw_seed(config: Config) -> int:
    return seed.derive(config.seed, "training")


def begun_alike(parts: Parts, joined: Ranks) -> Parts:
    """The parts of a rank, its net with the weights of the first one; statistics of batches are those of all ranks."""
    model = nn.SyncBatchNorm.convert_sync_batchnorm(parts.model)
    joined.begin_alike(list(model.state_dict().values()))
    return replace(parts, model=model, ranks=joined)


@contextmanager
def companions(count: int) -> Iterator[tuple[distributed.Store, Sequence[subprocess.Popen[bytes]]]]:
    """The store that all ranks reach, and the processes of the others; none where torchrun has started them."""
    if "RANK" in os.environ:
        yield store_of_others(), ()
        return
    own = distributed.TCPStore("127.0.0.1", 0, count, is_master=True, wait_for_workers=False, timeout=ranks.PATIENCE)
    processes = [start(number, count, own.port) for number in range(1, count)]
    try:
        yield own, processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def store_of_others() -> distributed.Store:
    """That of torchrun, or of the first rank, which does not wait for others there as torch's own rendezvous would."""
    if "TORCHELASTIC_RUN_ID" in os.environ:
        return next(distributed.rendezvous("env://", timeout=ranks.PATIENCE))[0]
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    return distributed.TCPStore(address, port, is_master=False, wait_for_workers=False, timeout=ranks.PATIENCE)


def start(number: int, count: int, port: int) -> subprocess.Popen[bytes]:
    """A rank as torchrun would start it; a terminal's Ctrl-C is for the first alone."""
    path = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH", "")]))
    places = {"RANK": number, "LOCAL_RANK": number, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count}
    reached = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "PYTHONPATH": path}
    silent = subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-m", "runner", "train"],
        env=os.environ | {name: str(value) for name, value in (places | reached).items()},
        stdin=silent,
        stdout=silent,
        stderr=silent,
        start_new_session=True,
    )


def await_all(store: distributed.Store, processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Raises RankLost where one of the processes ends before it is there."""
    names = [name_of(number) for number in range(1, len(processes) + 1)]
    while not store.check(names):
        if any(process.poll() is not None for process in processes):
            raise RankLost("a process of the run did not begin")
        time.sleep(0.02)


def name_of(number: int) -> str:
    return f"rank {number}"


def why_lost(store: distributed.Store, processes: Sequence[subprocess.Popen[bytes]]) -> str:
    """What a rank said before it ended, or how its process did; "" where nobody knows."""
    if store.check([FAULT]):
        return store.get(FAULT).decode()
    until = time.monotonic() + LAST_WORDS_S
    while processes and time.monotonic() < until:
        for number, process in enumerate(processes, start=1):
            if (code := process.poll()) is not None:
                how = f"was killed by {Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
                return f"{name_of(number)} (process {process.pid}) {how}"
        time.sleep(0.02)
    return ""


def follow() -> int:
    """The exit code of a rank behind the first: it takes the same steps, and writes and says nothing.

    What is wrong with it the first one tells.
    """
    for name in SIGNALS:
        signal(getattr(Signals, name), SIG_IGN)  # the first rank hears them, and says when to stop
    warnings.simplefilter("ignore")  # the first rank warns of the same
    libraries.load()
    number, count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    store = store_of_others()
    try:
        store.set(name_of(number), "")
        follow_orders(store, number, count)
    except RankLost:
        pass  # the first rank has ended the run
    except Exception as fault:
        with suppress(RuntimeError):
            store.set(FAULT, f"{name_of(number)}: {str(fault) or type(fault).__name__}")
    finally:
        ranks.leave()
    return 0


def follow_orders(store: distributed.Store, number: int, count: int) -> None:
    with ranks.noticing_loss():
        kind = store.get(KIND).decode()
    own = f"cuda:{os.environ['LOCAL_RANK']}" if kind == "cuda" else kind
    if kind == "cuda":
        torch.cuda.set_device(own)
    joined = ranks.join(store, number, count, 0, kind)
    order = joined.tell(no_order)
    device.threads(order.threads)
    config = replace(order.config, device=own, threads=order.threads)
    experiment = assemble(drawn_anew(config) if order.saved else config, Catalog(order.folders))
    if experiment.data_digest != order.data_digest:
        raise DataError(
            f"{config.dataset.option} in {config.data_dir} holds other rows than on the first rank's machine"
        )
    progress = (
        Progress() if order.saved is None else state.restore(order.saved, experiment.parts, experiment.new_monitor())
    )
    joined.draw_seed = draw_seed(config)
    for _ in fit(begun_alike(experiment.parts, joined), experiment.train, {}, experiment.plan, progress):
        pass


def no_order() -> Order:
    raise AssertionError("the first rank gives the orders")
