"""A point of a search that was tried, and what of it may be known when another is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from runner.search.space import Point


@dataclass(frozen=True)
class Trial:
    """``score`` is the mean over its seeds and folds, the smaller the better; None where it failed, or still runs."""

    number: int  # from 0
    point: Point
    outcome: Literal["running", "finished", "pruned", "failed"] = "running"
    score: float | None = None
    by_epoch: tuple[float, ...] = ()  # the best so far at the end of each epoch, where trials are pruned


def seen(trials: Iterable[Trial], number: int, window: int) -> list[Trial]:
    """The trials before ``number`` as they are known to it: of the last ``window - 1`` the points alone.

    So many may run beside each other, and none of them is chosen by which of the others ends first.
    """
    return [
        trial if trial.number <= number - window else replace(trial, outcome="running", score=None, by_epoch=())
        for trial in trials
        if trial.number < number
    ]
