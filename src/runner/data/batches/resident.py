"""Batches of rows that lie on the device from the start: a batch is an index, an epoch a permutation."""

from collections.abc import Callable, Iterator
from math import prod
from typing import TypeVar

import torch
from torch import Tensor

from runner.contracts import SPLITS, Batches, Batching, Chunk, Data, Split
from runner.seed import generator

CHUNK_BATCHES = 16  # gathered at once: the fixed cost of a gather is paid once for all of them
CACHE_LINE_BYTES = 64
CHUNK_BYTES = 8 * 2**20  # of a chunk as float32; the transforms hold several such at a time

B = TypeVar("B", bound=Batches)


def resident_splits(
    data: Data,
    split: Split,
    batching: Batching,
    *,
    row_shape: tuple[int, ...] = (),
    judged_split: Split | None = None,
) -> tuple["ResidentBatches", dict[str, "ResidentBatches"]]:
    """(train batches, every split that has rows in its own order), over one copy of the rows on the device.

    On the CPU that copy is ``data`` itself. ``row_shape`` is that of a row after preprocessing: where it is larger,
    chunks are smaller. ``judged_split`` has the rows to be judged where they are not those of the split itself.
    """
    assert isinstance(data.x, Tensor), "rows that stream have batches of their own"
    x, y = aligned(data.x.to(batching.device)), data.y.to(batching.device)

    def batches(rows: Tensor, size: int, order_seed: int | None) -> ResidentBatches:
        return ResidentBatches(x, y, rows, size, order_seed=order_seed, row_shape=row_shape)

    return of_splits(batches, batching, split, judged_split)


def of_splits(
    batches: Callable[[Tensor, int, int | None], B], batching: Batching, split: Split, judged_split: Split | None
) -> tuple[B, dict[str, B]]:
    """``batches`` (of rows, batch size, order seed) of the train rows, and of every split that has rows to judge."""
    judged = {
        name: batches(rows, batching.eval_batch_size, None)
        for name in SPLITS
        if len(rows := getattr(judged_split or split, name))
    }
    return batches(split.train, batching.batch_size, batching.order_seed), judged


def aligned(x: Tensor) -> Tensor:
    """``x`` at an address that every run shares modulo a cache line: the last bits of a matrix product depend on it."""
    return x.clone() if x.device.type == "cpu" and x.data_ptr() % CACHE_LINE_BYTES else x


class ResidentBatches:
    """The ``rows`` of ``x`` and ``y`` in batches of ``batch_size``, the last one as short as it comes out.

    ``x`` and ``y`` are shared, not copied, and what is yielded may be a view of them: never write into it. The order
    of an epoch is a function of (``order_seed``, epoch) alone, the same on every device; None keeps that of ``rows``.
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor,
        rows: Tensor,
        batch_size: int,
        *,
        order_seed: int | None,
        row_shape: tuple[int, ...] = (),
    ):
        self._x = x
        self._y = y
        self._rows = rows.cpu()
        self._rows_there = rows.to(x.device)
        self._range_start = _range_start(self._rows)
        self._order_seed = order_seed
        self.batch_size = batch_size
        row_bytes = 4 * max(x[:1].numel(), prod(row_shape))
        self._chunk_batches = max(1, min(CHUNK_BATCHES, CHUNK_BYTES // (batch_size * row_bytes)))

    @property
    def num_rows(self) -> int:
        """Rows in one epoch."""
        return len(self._rows)

    def __len__(self) -> int:
        """Batches in one epoch."""
        return -(-self.num_rows // self.batch_size)

    def chunks(self, epoch: int, from_batch: int = 0) -> Iterator[Chunk]:
        """The chunks of ``epoch``, beginning with the whole chunk that holds ``from_batch``."""
        order, size = self._order(epoch), self._chunk_batches
        for first in range(from_batch // size * size, len(self), size):
            start, stop = first * self.batch_size, min((first + size) * self.batch_size, self.num_rows)
            yield self._gather(first, order, slice(start, stop))

    def _order(self, epoch: int) -> Tensor:
        """[num_rows] the row numbers in the order of ``epoch``, on the device."""
        if self._order_seed is None:
            return self._rows_there
        places = torch.randperm(self.num_rows, generator=generator(self._order_seed, "order", epoch))
        rows = self._rows[places] if self._range_start is None else places.add_(self._range_start)
        return rows.to(self._x.device)

    def _gather(self, first_batch: int, order: Tensor, window: slice) -> Chunk:
        rows = order[window]
        if self._order_seed is None and self._range_start is not None:
            window = slice(self._range_start + window.start, self._range_start + window.stop)
            return Chunk(first_batch, self._x[window], self._y[window], self.batch_size, rows)
        return Chunk(first_batch, self._x.index_select(0, rows), self._y.index_select(0, rows), self.batch_size, rows)


def _range_start(rows: Tensor) -> int | None:
    """The first of ``rows`` where they count up by one, else None."""
    if not len(rows):
        return None
    start = int(rows[0])
    return start if torch.equal(rows, torch.arange(start, start + len(rows))) else None


class OneBatch:
    """Batches whose every epoch is the first batch of the first epoch of ``batches``, ``times`` over."""

    def __init__(self, batches: Batches, times: int):
        self._batches = batches
        self._times = times

    @property
    def num_rows(self) -> int:
        """Rows in one epoch, each counted as often as it comes."""
        return self._times * len(self._first().rows)

    def __len__(self) -> int:
        """Batches in one epoch."""
        return self._times

    def chunks(self, epoch: int, from_batch: int = 0) -> Iterator[Chunk]:
        """The batch for each number from ``from_batch`` on."""
        first = self._first()
        for number in range(from_batch, self._times):
            yield Chunk(number, first.x, first.y, first.batch_size, first.rows)

    def _first(self) -> Chunk:
        chunk = next(self._batches.chunks(epoch=0))
        one = slice(chunk.batch_size)
        return Chunk(0, chunk.x[one], chunk.y[one], chunk.batch_size, chunk.rows[one])
