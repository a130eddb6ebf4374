"""What is remarkable of a run at its end: against known figures, of one batch, of the price of a chosen epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runner.text import figure

if TYPE_CHECKING:
    from runner.config.run_config import Reference


def remark(reference: Reference, epoch: int, values: Mapping[str, float]) -> str:
    """What stands behind the line of ``epoch``: ``notes 1.3203 | here 1.3600 | +3 %``; empty where nothing is known."""
    return "; ".join(
        f"{reference.source or 'reference'} {figure(known)} | here {figure(here)} | {100 * (here / known - 1):+.0f} %"
        for known, here in pairs(reference, epoch, values)
    )


def pairs(reference: Reference, epoch: int, values: Mapping[str, float]) -> Iterator[tuple[float, float]]:
    """(known, here) of each metric that has a figure for ``epoch``."""
    for name, figures in reference.figures.items():
        if name in values and epoch <= len(figures) and figures[epoch - 1]:
            yield figures[epoch - 1], values[name]


def verdict(reference: Reference, rows: Sequence[Mapping[str, Any]], best: Mapping[str, float]) -> list[str]:
    """Lines at the end: how far the epochs were off, and whether the best checkpoint lies within the known spread."""
    source = reference.source or "reference"
    lines = []
    off = [(abs(here / known - 1), row["epoch"]) for row in rows for known, here in pairs(reference, row["epoch"], row)]
    if off:
        largest, epoch = max(off)
        lines.append(f"{source}: {len(off)} epochs compared, at most {100 * largest:.1f} % off (epoch {epoch})")
    for name, (lowest, *_, highest) in reference.expected.items():
        if name in best:
            here, away = best[name], ""
            if here < lowest:
                away = f", {lowest - here:.4f} below"
            elif not here <= highest:
                away = f", {here - highest:.4f} above"
            word = "OUTSIDE" if away else "within"
            lines.append(f"{source}: {name} {here:.4f} is {word} {lowest:g} to {highest:g}{away}")
    return lines


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


def flattery(
    monitor: str, rows: Sequence[Mapping[str, Any]], best: Mapping[str, float], *, higher_is_better: bool
) -> list[str]:
    """A line where the test split was looked at in several epochs of a run that validation rows decided.

    ``rows`` are the run's measurements, ``best`` the scores of the epoch that was chosen.
    """
    name = monitor.replace("val/", "test/")
    seen = [(row[name], row["epoch"]) for row in rows if row.get(name) is not None]
    if not monitor.startswith("val/") or len(seen) < 2 or name not in best:
        return []
    claimed, epoch = (max if higher_is_better else min)(seen, key=lambda pair: pair[0])
    chosen = f"validation chose epoch {best['epoch']:.0f}, {name} {figure(best[name])}; the test rows would have"
    if claimed == best[name]:
        return [f"{chosen} claimed no more"]
    too_good = figure(abs(claimed - best[name]))
    return [f"{chosen} chosen epoch {epoch} and claimed {figure(claimed)}, {too_good} too good"]


FEW_STEPS = 200
LONGER = 10  # times as many epochs


def improving_at_end(epochs: int, epoch: int, step: int, best_epoch: int) -> list[str]:
    """A line where all ``epochs`` of a run were few steps, and the last of them was the best.

    ``epoch`` and ``step`` are where it ended.
    """
    if not 1 < epochs == epoch == best_epoch or step > FEW_STEPS:
        return []
    return [f"{step} steps in all; still improving at the last epoch: epochs={LONGER * epochs}"]
