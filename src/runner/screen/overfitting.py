"""Whether a net has learned the one batch it was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LEARNED = 0.1  # share of its first loss below which a batch counts as learned


def overfit_verdict(rows: Sequence[Mapping[str, Any]]) -> str:
    """A line from the loss of the first and the last logged step; ``rows`` are those of metrics.jsonl."""
    losses = [row["train/batch_loss"] for row in rows if row.get("train/batch_loss") is not None]
    first, last = losses[0], losses[-1]
    told = f"the loss of one batch went from {first:.4g} to {last:.4g} in {rows[-1]['step']} steps"
    if last <= LEARNED * abs(first):
        return f"{told}: it went down; model, loss and optimizer can learn"
    if last < first:
        return f"{told}: it went down, but NOT near 0; try another optimizer.lr, more steps, no dropout or augmentation"
    return f"{told}: it did NOT go down; look at optimizer.lr, at the labels, and for a softmax or ReLU on the logits"
