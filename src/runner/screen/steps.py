"""The lines that steps leave within an epoch, as tutorials print them: rows seen of all, loss, accuracy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from runner.text import figure

if TYPE_CHECKING:
    from runner.contracts import Report


class StepLines:
    """A line every ``print_every_steps``: the means over the rows since the line before, or since the epoch began.

    The last step of an epoch has the epoch's own line.
    """

    def __init__(self, every: int | None, rows: int):
        self._every, self._rows = every, rows
        self._before = (0, 0.0, 0, 0)  # epoch, and of its rows so far the sum of losses, the hits, the number

    def lines(self, report: Report) -> Iterator[Text]:
        """The line of a report where one is due."""
        progress = report.progress
        if self._every is None or report.epoch_end or progress.step % self._every:
            return
        loss_sum, hits, seen = self._before[1:] if self._before[0] == progress.epoch else (0.0, 0, 0)
        if rows := progress.seen - seen:  # a step may be reported twice
            accuracy = (progress.hits - hits) / rows if progress.window_hits is not None else None
            told = "" if accuracy is None else f"  accuracy {figure(accuracy)}"
            place = f"step {progress.step:,}  {progress.seen:,}/{self._rows:,} rows"
            yield Text(f"{place}  loss {figure((progress.loss_sum - loss_sum) / rows)}{told}")
        self._before = (progress.epoch, progress.loss_sum, progress.hits, progress.seen)


def rows_of_an_epoch(train: int, steps: int, step_rows: int) -> int:
    """The train rows, or as many as there are in the one batch that ``repeat_batch`` takes again and again."""
    whole = steps * step_rows
    return train if whole - step_rows < train <= whole else whole
