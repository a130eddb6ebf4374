"""The same batch again and again."""

from collections.abc import Iterator

from runner.contracts import Batches, Chunk


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
