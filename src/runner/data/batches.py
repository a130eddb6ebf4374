"""Batches of a split: of rows that lie on the device from the start, or that are read when their turn comes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from math import prod
from typing import Any

import torch
from torch import Tensor

from runner.contracts import SPLITS, Batches, Batching, Chunk, Data, Rows, Split
from runner.data.workers import Reader, read_batches
from runner.seed import generator

CHUNK_BATCHES = 16  # gathered at once: the fixed cost of a gather is paid once for all of them
CACHE_LINE_BYTES = 64
CHUNK_BYTES = 8 * 2**20  # of a chunk as float32; the transforms hold several such at a time


def batches_of_splits(
    data: Data,
    split: Split,
    batching: Batching,
    *,
    judged_split: Split | None = None,
    row_shape: tuple[int, ...] = (),
    draw_seed: int = 0,
    num_workers: int = 0,
) -> tuple[Batches, dict[str, Batches]]:
    """(train batches, every split that has rows in its own order).

    ``judged_split`` has the rows to be judged where they are not those of the split itself. Rows in memory lie on the
    device once, on the CPU as ``data`` itself; ``row_shape`` is that of a row after preprocessing: where it is larger,
    chunks are smaller. Others are read by ``num_workers`` processes, and draw by ``draw_seed``, the epoch and the row.
    """
    make: Callable[..., Batches]
    if isinstance(data.x, Tensor):
        x, y = aligned(data.x.to(batching.device)), data.y.to(batching.device)
        make = partial(ResidentBatches, x, y, row_shape=row_shape)
    else:
        make = partial(
            StreamedBatches, data.x, data.y, draw_seed=draw_seed, num_workers=num_workers, device=batching.device
        )
    judged: dict[str, Batches] = {
        name: make(rows, batching.eval_batch_size, order_seed=None)
        for name in SPLITS
        if len(rows := getattr(judged_split or split, name))
    }
    train = make(
        split.train,
        batching.batch_size,
        order_seed=batching.order_seed,
        num_members=batching.num_members,
        shares_batches=batching.shares_batches,
    )
    return train, judged


def aligned(x: Tensor) -> Tensor:
    """``x`` at an address that every run shares modulo a cache line: the last bits of a matrix product depend on it."""
    return x.clone() if x.device.type == "cpu" and x.data_ptr() % CACHE_LINE_BYTES else x


@dataclass(eq=False)
class SplitBatches:
    """The ``rows`` of a split in batches of ``batch_size``, the last one as short as it comes out.

    The order of an epoch is a function of (``order_seed``, epoch) alone, the same on every device; None keeps that of
    ``rows``. Of several members each has an order of its own, unless they share it; a batch is then one of each member,
    the first member's rows first.
    """

    x: Any  # of all rows, as y
    y: Tensor
    rows: Tensor  # on the CPU
    batch_size: int  # rows a member
    order_seed: int | None = field(kw_only=True)
    num_members: int = field(default=1, kw_only=True)
    shares_batches: bool = field(default=False, kw_only=True)

    @property
    def num_rows(self) -> int:
        """Rows in one epoch, each counted once for each member."""
        return self.num_members * len(self.rows)

    @property
    def step_rows(self) -> int:
        """Rows of a step, all members together."""
        return self.num_members * self.batch_size

    def __len__(self) -> int:
        """Batches in one epoch."""
        return -(-self.num_rows // self.step_rows)

    def _order(self, epoch: int) -> Tensor:
        """[num_rows] the row numbers in the order of ``epoch``."""
        if self.num_members == 1:
            return self._order_of(epoch, 0)
        orders = torch.stack([self._order_of(epoch, member) for member in range(self.num_members)])
        return torch.cat([of_step.flatten() for of_step in torch.split(orders, self.batch_size, dim=1)])

    def _order_of(self, epoch: int, member: int) -> Tensor:
        if self.order_seed is None:
            return self.rows
        purpose = ("order", epoch) if self.shares_batches or member == 0 else ("order", epoch, member)
        return self.rows[torch.randperm(len(self.rows), generator=generator(self.order_seed, *purpose))]


@dataclass(eq=False)
class ResidentBatches(SplitBatches):
    """Of rows that lie on the device: a batch is an index, an epoch a permutation.

    ``x`` and ``y`` are shared, not copied, and what is yielded may be a view of them: never write into it.
    """

    x: Tensor
    row_shape: tuple[int, ...] = field(default=(), kw_only=True)  # after preprocessing

    def __post_init__(self) -> None:
        start = int(self.rows[0]) if len(self.rows) else 0
        counts_up = torch.equal(self.rows, torch.arange(start, start + len(self.rows)))
        is_view = self.order_seed is None and counts_up and self.num_members == 1
        self._range_start = start if is_view else None
        row_bytes = 4 * max(self.x[:1].numel(), prod(self.row_shape))
        self._chunk_batches = max(1, min(CHUNK_BATCHES, CHUNK_BYTES // (self.step_rows * row_bytes)))

    def chunks(self, epoch: int, from_batch: int = 0) -> Iterator[Chunk]:
        """The chunks of ``epoch``, beginning with the whole chunk that holds ``from_batch``."""
        order, size = self._order(epoch).to(self.x.device), self._chunk_batches
        for first in range(from_batch // size * size, len(self), size):
            window = slice(first * self.step_rows, min((first + size) * self.step_rows, self.num_rows))
            rows = order[window]
            if self._range_start is None:
                x, y = self.x.index_select(0, rows), self.y.index_select(0, rows)
            else:
                there = slice(self._range_start + window.start, self._range_start + window.stop)
                x, y = self.x[there], self.y[there]
            yield Chunk(first, x, y, self.step_rows, rows)


@dataclass(eq=False)
class StreamedBatches(SplitBatches):
    """Of rows that stay where they are until their turn: read by a worker and moved to the device, a chunk a batch."""

    x: Rows
    draw_seed: int = field(kw_only=True)
    num_workers: int = field(kw_only=True)
    device: torch.device | str = field(kw_only=True)

    def chunks(self, epoch: int, from_batch: int = 0) -> Iterator[Chunk]:
        """The batches of ``epoch`` from ``from_batch`` on; those before it are not read."""
        if from_batch >= len(self):
            return
        batches = torch.split(self._order(epoch), self.step_rows)[from_batch:]
        read = read_batches(Reader(self.x, self.draw_seed, epoch), batches, self.num_workers)
        for number, (rows, x) in enumerate(zip(batches, read, strict=True), start=from_batch):
            there = self.device
            yield Chunk(number, x.to(there), self.y[rows].to(there), self.step_rows, rows.to(there))


@dataclass(frozen=True)
class OneBatch:
    """Batches whose every epoch is the first batch of the first epoch of ``batches``, ``times`` over."""

    batches: Batches
    times: int

    @property
    def num_rows(self) -> int:
        """Rows in one epoch, each counted as often as it comes."""
        return self.times * len(self._first().rows)

    def __len__(self) -> int:
        """Batches in one epoch."""
        return self.times

    def chunks(self, epoch: int, from_batch: int = 0) -> Iterator[Chunk]:
        """The batch for each number from ``from_batch`` on."""
        first = self._first()
        for number in range(from_batch, self.times):
            yield Chunk(number, first.x, first.y, first.batch_size, first.rows)

    def _first(self) -> Chunk:
        chunk = next(self.batches.chunks(epoch=0))
        one = slice(chunk.batch_size)
        return Chunk(0, chunk.x[one], chunk.y[one], chunk.batch_size, chunk.rows[one])
