"""The running sums of an epoch."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from runner.contracts import Progress
from runner.errors import RunError
from runner.ranks import Ranks

CONDENSE_EVERY = 16  # batches whose hits are counted in one go


class Tally:
    """Adds up losses and hits on the device, and reads them only when asked.

    Losses are added one by one in float64, hits are integers: the sums do not depend on when they were read, so a
    resumed epoch has the sums of an uninterrupted one.
    """

    def __init__(self, start: Progress, *, counts_hits: bool, ranks: Ranks | None = None):
        self.start = start  # as of the latest reading
        self.ranks = ranks  # each of which counts the hits of its own rows
        self.counts_hits = counts_hits
        self.step, self.epoch, self.batch = start.step, start.epoch, start.batch
        self.found_inf: Tensor | None = None
        self.losses: list[Tensor] = []
        self.sizes: list[int] = []
        self.logits: list[Tensor] = []
        self.labels: list[Tensor] = []
        self.hits: list[Tensor] = []

    def add(self, loss: Tensor, logits_BK: Tensor, y_B: Tensor, num_rows: int) -> None:
        """The loss of a step of ``num_rows``, and the outputs of those that are this rank's own."""
        self.step += 1
        self.batch += 1
        self.losses.append(loss)
        self.sizes.append(num_rows)
        if self.counts_hits:
            self.logits.append(logits_BK)
            self.labels.append(y_B)
            if len(self.logits) == CONDENSE_EVERY:
                self.condense()

    def condense(self) -> None:
        if self.logits:
            self.hits.append(count_hits(torch.cat(self.logits), torch.cat(self.labels)))
            self.logits, self.labels = [], []

    def read(self) -> Progress:
        """The sums, brought to the host. Raises RunError when a loss since the last reading was not finite."""
        self.condense()
        losses = torch.stack(self.losses).tolist() if self.losses else []
        bad = self.found_inf is not None and bool(self.found_inf)
        if bad or not all(map(math.isfinite, losses)):
            raise RunError(
                f"a loss or gradient was not finite between steps {self.start.step + 1} and {self.step}.\n"
                f"  Lower optimizer.lr, or set grad_clip_norm=1"
            )
        self.start = self.summed(losses)
        self.losses, self.sizes, self.hits = [], [], []
        return self.start

    def summed(self, losses: list[float]) -> Progress:
        start = self.start
        loss_sum, window = start.loss_sum, start.window_loss_sum
        for loss, size in zip(losses, self.sizes, strict=True):
            loss_sum += loss * size
            window += loss * size
        rows, hits = sum(self.sizes), sum(int(h) for h in self.hits)
        if self.ranks is not None and self.counts_hits:
            hits = self.ranks.total(hits)
        return replace(
            start,
            step=self.step,
            batch=self.batch,
            loss_sum=loss_sum,
            hits=start.hits + hits,
            seen=start.seen + rows,
            window_loss_sum=window,
            window_seen=start.window_seen + rows,
            window_hits=start.window_hits + hits if self.counts_hits and start.window_hits is not None else None,
        )

    def close_window(self) -> dict[str, float]:
        """The mean loss of the rows since the last logged step, and their accuracy; a new window begins."""
        window = self.start
        self.start = replace(window, window_loss_sum=0.0, window_seen=0, window_hits=0)
        values = {"train/batch_loss": window.window_loss_sum / window.window_seen}
        if window.window_hits is not None:
            values["train/batch_accuracy"] = window.window_hits / window.window_seen
        return values


def predicted_classes(logits_NK: Tensor) -> Tensor:
    """[N] class numbers: the largest output, or the sign of a single one."""
    return (logits_NK[:, 0] > 0).long() if logits_NK.shape[1] == 1 else logits_NK.argmax(1)


def count_hits(logits_NK: Tensor, y_N: Tensor) -> Tensor:
    return (predicted_classes(logits_NK) == y_N).sum()
