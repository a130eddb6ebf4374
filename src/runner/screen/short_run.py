"""Whether a run ended before it had learned what it could."""

from __future__ import annotations

FEW_STEPS = 200
LONGER = 10  # times as many epochs


def improving_at_end(epochs: int, epoch: int, step: int, best_epoch: int) -> list[str]:
    """A line where all ``epochs`` of a run were few steps, and the last of them was the best.

    ``epoch`` and ``step`` are where it ended.
    """
    if not 1 < epochs == epoch == best_epoch or step > FEW_STEPS:
        return []
    return [f"{step} steps in all; still improving at the last epoch: epochs={LONGER * epochs}"]
