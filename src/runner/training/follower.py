"""A rank behind the first: it takes the same steps, and writes and prints nothing.

``python -m runner.training.follower``: as the first rank starts it; torchrun starts it by the verb.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import sys
import warnings
from contextlib import ExitStack, suppress
from dataclasses import replace
from threading import Thread

import torch
from torch.distributed.distributed_c10d import Store

from runner import ranks
from runner.build import libraries
from runner.config.catalog import Catalog
from runner.contracts import Progress
from runner.engine import state
from runner.engine.fit import fit
from runner.engine.step import raise_on_anomaly
from runner.engine.stop import SIGNALS
from runner.errors import DataError
from runner.experiment.assemble import Experiment, assemble
from runner.experiment.rebuild import drawn_anew
from runner.ranks import RankLost
from runner.training.companions import FAULT, ORDER, Order, begun_alike, draw_seed, name_of


def follow() -> int:
    """The exit code. What goes wrong here the first rank tells."""
    for name in SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)  # the first rank says when to stop
    warnings.simplefilter("ignore")  # the first rank warns of the same
    number = int(os.environ["RANK"])
    store = ranks.reached_store()
    try:
        store.set(f"words of {name_of(number)}", json.dumps(sys.argv[1:]))
        with ranks.noticing_loss():
            order = store.get(ORDER)
        if order:
            train(pickle.loads(order), store, number)
    except RankLost:
        pass  # the first rank has ended the run
    except Exception as fault:
        with suppress(RuntimeError):
            store.set(FAULT, f"{name_of(number)}: {str(fault) or type(fault).__name__}")
    finally:
        ranks.leave()
    return 0


def train(order: Order, store: Store, number: int) -> None:
    """Every step of the run. Raises DataError where the rows here are others than those of the first rank."""
    libraries.load()
    own = f"cuda:{os.environ['LOCAL_RANK']}" if order.kind == "cuda" else order.kind
    if order.kind == "cuda":
        torch.cuda.set_device(own)
    config = drawn_anew(replace(order.config, device=own, threads=order.threads))
    experiment = assemble(config, Catalog(order.folders))
    check_same_rows(experiment, order)
    here = order.directory.is_dir()
    store.set(name_of(number), "" if here else f"{name_of(number)} on {socket.gethostname()} {unshared(order)}")
    joined = ranks.join(store, number, config.devices, draw_seed(config), order.kind)
    saved = joined.tell(lambda: None)
    progress = Progress() if saved is None else state.restore(saved, experiment.parts, experiment.new_monitor())
    parts = begun_alike(experiment.parts, joined)
    with ExitStack() as watchers:
        if config.detect_anomaly:
            watchers.enter_context(raise_on_anomaly())
        for _ in fit(parts, experiment.train, {}, experiment.plan, progress):
            pass


def check_same_rows(experiment: Experiment, order: Order) -> None:
    if experiment.data_digest != order.data_digest:
        config = experiment.config
        raise DataError(f"dataset={config.dataset.option} has other rows in {config.data_dir} here than on rank 0")


def unshared(order: Order) -> str:
    return (
        f"does not see {order.directory}: the run is on the machine of rank 0 alone; set an output_dir that all share"
    )


def end_with_parent() -> None:
    """Waits for the other end of standard input: it closes with the process that has started this one."""
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    Thread(target=end_with_parent, daemon=True).start()
    sys.exit(follow())
