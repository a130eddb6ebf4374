"""Batches of rows that stay where they are until their turn: each is read by a worker and moved to the device."""

from collections.abc import Iterator

import torch
from torch import Tensor

from runner.contracts import SPLITS, Batching, Chunk, Data, Rows, Split
from runner.data.batches.workers import Reader, read_batches
from runner.seed import generator


def streamed_splits(
    data: Data,
    split: Split,
    batching: Batching,
    *,
    draw_seed: int,
    num_workers: int,
    judged_split: Split | None = None,
) -> tuple["StreamedBatches", dict[str, "StreamedBatches"]]:
    """(train batches, every split that has rows in its own order), read by ``num_workers`` processes.

    What rows draw while they are read is a function of ``draw_seed``, the epoch and the row. ``judged_split`` has the
    rows to be judged where they are not those of the split itself.
    """

    def batches(rows: Tensor, size: int, order_seed: int | None) -> StreamedBatches:
        return StreamedBatches(
            data,
            rows,
            size,
            order_seed=order_seed,
            draw_seed=draw_seed,
            num_workers=num_workers,
            device=batching.device,
        )

    judged = {
        name: batches(rows, batching.eval_batch_size, None)
        for name in SPLITS
        if len(rows := getattr(judged_split or split, name))
    }
    return batches(split.train, batching.batch_size, batching.order_seed), judged


class StreamedBatches:
    """The ``rows`` of ``data`` in batches of ``batch_size``, the last as short as it comes out; a chunk is one batch.

    The order of an epoch is a function of (``order_seed``, epoch) alone; None keeps that of ``rows``.
    """

    def __init__(
        self,
        data: Data,
        rows: Tensor,
        batch_size: int,
        *,
        order_seed: int | None,
        draw_seed: int,
        num_workers: int,
        device: torch.device | str,
    ):
        assert isinstance(data.x, Rows), "rows that lie in memory have batches of their own"
        self._x = data.x
        self._y = data.y
        self._rows = rows
        self._order_seed = order_seed
        self._draw_seed = draw_seed
        self._num_workers = num_workers
        self._device = device
        self.batch_size = batch_size

    @property
    def num_rows(self) -> int:
        """Rows in one epoch."""
        return len(self._rows)

    def __len__(self) -> int:
        """Batches in one epoch."""
        return -(-self.num_rows // self.batch_size)

    def chunks(self, epoch: int, from_batch: int = 0) -> Iterator[Chunk]:
        """The batches of ``epoch`` from ``from_batch`` on; those before it are not read."""
        if from_batch >= len(self):
            return
        batches = torch.split(self._order(epoch), self.batch_size)[from_batch:]
        reader = Reader(self._x, draw_seed=self._draw_seed, epoch=epoch)
        read = read_batches(reader, batches, self._num_workers)
        for number, (rows, x) in enumerate(zip(batches, read, strict=True), start=from_batch):
            there = self._device
            yield Chunk(number, x.to(there), self._y[rows].to(there), self.batch_size, rows.to(there))

    def _order(self, epoch: int) -> Tensor:
        if self._order_seed is None:
            return self._rows
        return self._rows[torch.randperm(self.num_rows, generator=generator(self._order_seed, "order", epoch))]
