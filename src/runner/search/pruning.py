"""When a trial ends early: at which epochs it must have come how far, by the trials that had ended before it began.

That they are known before it begins makes the search independent of what ends when. A score is the smaller the better;
that of an epoch is the best so far.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median

from runner.search.trial import Trial

FEWEST = 5  # trials that have come to an epoch, before their median counts; Optuna's number
ETA = 3  # of hyperband: one of so many goes on; that of Li et al. 2018


def limits(pruning: str | None, number: int, ended: Sequence[Trial], epochs: int) -> dict[int, float]:
    """Epoch -> the worst score with which trial ``number`` goes on, where there is one."""
    kinds = {"median": _by_median, "hyperband": _by_hyperband}
    return dict(kinds[pruning](number, ended, epochs)) if pruning else {}


def _by_median(number: int, ended: Sequence[Trial], epochs: int) -> Iterator[tuple[int, float]]:
    """The median of all that have come so far (Golovin et al. 2017)."""
    for epoch in range(1, epochs):
        scores = scores_at(epoch, ended)
        if len(scores) >= FEWEST:
            yield epoch, median(scores)


def _by_hyperband(number: int, ended: Sequence[Trial], epochs: int) -> Iterator[tuple[int, float]]:
    """To be one of the best third at each rung of its bracket (Li et al. 2018), of the trials that came there before.

    The brackets take turns; each begins to prune at another epoch: 1, 3, 9 ...
    """
    num_brackets = int(math.log(epochs) / math.log(ETA) + 1e-9) + 1
    bracket = number % num_brackets
    rivals = [trial for trial in ended if trial.number % num_brackets == bracket]
    for epoch in (ETA**power for power in range(bracket, num_brackets) if ETA**power < epochs):
        scores = sorted(scores_at(epoch, rivals))
        if scores:
            yield epoch, scores[max(1, (len(scores) + 1) // ETA) - 1]


def scores_at(epoch: int, trials: Sequence[Trial]) -> list[float]:
    """Of those trials that came so far."""
    return [trial.by_epoch[epoch - 1] for trial in trials if len(trial.by_epoch) >= epoch]
