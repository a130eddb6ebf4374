"""Successive halving (Jamieson and Talwalkar 2016): all settings for a short time, the better ones for longer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Rung:
    """So many trials go on to the end of ``epoch``."""

    num_trials: int
    epoch: int


def rungs(num_trials: int, epochs: int, eta: int, min_epochs: int) -> list[Rung]:
    """From the first rung to the last, which is the whole length; each has one of ``eta`` trials and that many epochs.

    A single one where the trials or the epochs are too few to be divided.
    """
    count = 0
    while epochs // eta ** (count + 1) >= min_epochs and num_trials // eta ** (count + 1) >= 1:
        count += 1
    return [Rung(num_trials // eta**place, epochs // eta ** (count - place)) for place in range(count + 1)]


def num_epochs(ladder: Sequence[Rung]) -> int:
    """Of all trials together: those that go on are not begun again."""
    before = [0, *(rung.epoch for rung in ladder)]
    return sum(rung.num_trials * (rung.epoch - begun) for rung, begun in zip(ladder, before, strict=False))


def table(ladder: Sequence[Rung]) -> list[str]:
    """Lines that say how many settings are trained to which epoch, and what that costs."""
    heads = ("settings", "to epoch", "epochs")
    costs = [num_epochs(ladder[: place + 1]) - num_epochs(ladder[:place]) for place in range(len(ladder))]
    rows = [(f"{rung.num_trials:,}", rung.epoch, f"{cost:,}") for rung, cost in zip(ladder, costs, strict=True)]
    lines = ["   ".join(f"{cell:>{len(head)}}" for cell, head in zip(row, heads, strict=True)) for row in rows]
    whole = ladder[0].num_trials * ladder[-1].epoch
    share = f"{sum(costs):,} epochs, {sum(costs) / whole:.0%} of the {whole:,} of all settings"
    return ["   ".join(heads), *lines, share]
