"""A run held against the figures that are known of it."""

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
            here = best[name]
            word = "within" if lowest <= here <= highest else "OUTSIDE"
            by = f", {lowest - here:.4f} below" if here < lowest else f", {here - highest:.4f} above"
            lines.append(f"{source}: {name} {here:.4f} is {word} {lowest:g} to {highest:g}{by * (word == 'OUTSIDE')}")
    return lines
