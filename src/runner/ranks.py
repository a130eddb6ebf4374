"""The processes of a run on several devices, and what they tell each other.

Shapes: M members of an ensemble (1 of other nets), B rows of a batch, b of a rank's share.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, distributed
from torch.distributed import TCPStore  # type: ignore[attr-defined]  # torch documents it
from torch.distributed.distributed_c10d import Store

from runner import seed
from runner.errors import RunError

Answer = TypeVar("Answer")
PATIENCE = timedelta(hours=3)  # with the first, which may judge for long; one that has died is noticed earlier


class RankLost(RunError):
    """Another rank of the run has ended."""


class Ranks:
    """One of ``count`` processes that take each step together; number 0 judges, writes and saves.

    Gradients are added up by one sum a step, not by torch's DistributedDataParallel: that one changes the order of its
    sums after its first step, so that a resumed run would have other bits, and asks for weights that are all used.
    """

    def __init__(self, number: int, count: int, draw_seed: int):
        self.number, self.count, self.draw_seed = number, count, draw_seed

    def share(self, rows_MB: Tensor) -> Tensor:
        """[M, b] each ``count``-th row from this rank's own on; where there is none the first, which will not count."""
        own_Mb = rows_MB[:, self.number :: self.count]
        return own_Mb if own_Mb.shape[1] else rows_MB[:, :1]

    def draw_for(self, step: int) -> None:
        """From now on the global generators draw by seed, rank and step: dropout differs from rank to rank."""
        seed.seed_everything(seed.derive(self.draw_seed, "rank", self.number, step))

    def average(self, tensors: Sequence[Tensor], weight: Tensor | float) -> None:
        """Each of them, already weighed by what this rank counts, becomes the mean over the ranks."""
        weight = torch.as_tensor(weight, dtype=tensors[0].dtype, device=tensors[0].device)
        flat = torch.cat([*(tensor.flatten() for tensor in tensors), weight.flatten()])
        with noticing_loss():
            distributed.all_reduce(flat)
        means = torch.split(flat[:-1] / flat[-1], [tensor.numel() for tensor in tensors])
        for tensor, mean in zip(tensors, means, strict=True):
            tensor.copy_(mean.view_as(tensor))

    def total(self, count: int) -> int:
        """The sum over the ranks."""
        counts = torch.tensor(count)
        with noticing_loss():
            distributed.all_reduce(counts)
        return int(counts)

    def tell(self, ask: Callable[[], Answer]) -> Answer:
        """What ``ask`` answers on the first rank, which alone asks."""
        answer = [ask() if self.number == 0 else None]
        with noticing_loss():
            distributed.broadcast_object_list(answer, src=0, device=torch.device("cpu"))
        return answer[0]  # type: ignore[return-value]

    def begin_alike(self, tensors: Sequence[Tensor]) -> None:
        """The first rank's, everywhere."""
        with noticing_loss():
            for tensor in tensors:
                distributed.broadcast(tensor, src=0)


@contextmanager
def noticing_loss() -> Iterator[None]:
    """Raises RankLost where torch finds a rank gone."""
    try:
        yield
    except RuntimeError as gone:
        raise RankLost("another process of the run has ended") from gone


def num_launched() -> int:
    """How many processes torchrun has started, of which this is one; 1 where it has not."""
    return int(os.environ["WORLD_SIZE"]) if "TORCHELASTIC_RUN_ID" in os.environ else 1


def opened_store() -> tuple[Store, int]:
    """One for ranks on this machine, and its port."""
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False, timeout=PATIENCE)
    return store, store.port


def reached_store() -> Store:
    """That of torchrun, or of the rank that has started this one."""
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    with noticing_loss():
        store: Store = TCPStore(address, port, is_master=False, wait_for_workers=False, timeout=PATIENCE)
    return store


def join(store: Store, number: int, count: int, draw_seed: int, kind: str) -> Ranks:
    """Once all ranks are there; ``kind`` of device, cpu or cuda, decides what carries tensors between them."""
    backend = "cpu:gloo,cuda:nccl" if kind == "cuda" else "gloo"
    with noticing_loss():
        distributed.init_process_group(backend, store=store, rank=number, world_size=count, timeout=PATIENCE)
    return Ranks(number, count, draw_seed)


def leave() -> None:
    if distributed.is_initialized():
        distributed.destroy_process_group()
