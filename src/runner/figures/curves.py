"""The picture of a run's measurements over its epochs, and the same as a line of blocks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from runner.contracts import OF_BATCHES, SPLITS
from runner.figures.dataset_view import Title
from runner.figures.style import FAINT, INK, NORMAL, ROOM, RULE, SMALL, SPLIT_COLOURS, Picture, set_ticks
from runner.text import figure

HEIGHT = 350  # pixels of one curve with what stands around it
FEW = 2  # curves that have the whole width

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Curve:
    """One measure: a line for each split that it was taken of, or one line without a split."""

    name: str
    lines: Mapping[str, Points]  # split, or "" -> (epoch, value), those that are finite


def curves_of(rows: Sequence[Mapping[str, Any]]) -> list[Curve]:
    """The curves in the epoch rows of metrics.jsonl, the loss first; the learning rate where it changes."""
    ends = [row for row in rows if "train/loss" in row]
    of_epochs = [key for row in ends for key in row if not key.startswith(OF_BATCHES)]
    measures = dict.fromkeys(key.partition("/")[2] for key in of_epochs if key.partition("/")[0] in SPLITS)
    every = [Curve(name, _lines(ends, name)) for name in sorted(measures, key=lambda name: name != "loss")]
    curves = [curve for curve in every if curve.lines]  # others have no number at any epoch
    rate = {"": _points(ends, "lr")}
    return [*curves, *[Curve("lr", rate)] * (len({lr for _, lr in rate[""]}) > 1)]


def _lines(ends: Sequence[Mapping[str, Any]], name: str) -> dict[str, Points]:
    lines = {split: _points(ends, f"{split}/{name}") for split in SPLITS}
    return {split: points for split, points in lines.items() if points}


def _points(ends: Sequence[Mapping[str, Any]], key: str) -> Points:
    values = ((row["epoch"], row.get(key)) for row in ends)
    return [(epoch, value) for epoch, value in values if value is not None and math.isfinite(value)]


def draw_curves(title: Title, curves: Sequence[Curve], best_epoch: int | None) -> Picture:
    """A panel for each curve, its values at the best epoch, or the last, above it; that epoch is a line through all."""
    across = 1 if len(curves) <= FEW else 2
    down = -(-len(curves) // across)
    picture = Picture(title, ROOM, down * HEIGHT, "constrained")
    panels = list(picture.figure.subplots(down, across, squeeze=False).flat)
    for axes, curve in zip(panels, curves, strict=False):
        draw_frame(axes, curve.name, [epoch for points in curve.lines.values() for epoch, _ in points])
        _draw(axes, curve, best_epoch)
        _draw_values(axes, curve, best_epoch)
    for axes in panels[len(curves) :]:
        axes.set_visible(False)
    return picture


def draw_frame(axes: Axes, name: str, epochs: Sequence[float], pad: float = 20) -> None:
    """All but the lines of a panel; ``pad`` points below its name, by default room for a line of words."""
    axes.set_title(name, loc="left", fontsize=NORMAL, fontweight="bold", pad=pad)
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.tick_params(axis="y", length=0, labelcolor=FAINT)
    axes.set_axisbelow(True)
    edge = 0.5 * (min(epochs) == max(epochs))
    axes.set_xlim(min(epochs) - edge, max(epochs) + edge)
    if edge:
        axes.set_xticks([epochs[0]])
    else:
        set_ticks(axes.xaxis, integer=True)
    set_ticks(axes.yaxis, 4)
    axes.set_xlabel("epoch", color=FAINT, fontsize=SMALL)


def _draw(axes: Axes, curve: Curve, best_epoch: int | None) -> None:
    for split, points in curve.lines.items():
        colour, marker = SPLIT_COLOURS.get(split, INK), "o" * (len(points) == 1)
        axes.plot(*zip(*points, strict=True), color=colour, linewidth=2, marker=marker, markersize=5)
        if best_epoch is not None and best_epoch in dict(points):
            axes.plot(best_epoch, dict(points)[best_epoch], "o", color=colour, markersize=6, clip_on=False)
    if best_epoch is not None:
        axes.axvline(best_epoch, color=FAINT, linewidth=1, linestyle=(0, (3, 3)))


def _draw_values(axes: Axes, curve: Curve, best_epoch: int | None) -> None:
    """The splits in their colours, each with its value at the best epoch, or the last."""
    texts = [
        (f"{split} {figure(dict(points).get(best_epoch or 0, points[-1][1]))}".strip(), SPLIT_COLOURS.get(split, FAINT))
        for split, points in curve.lines.items()
    ]
    beside: Any = axes.transAxes
    for words, colour in texts:
        x, y = ((0, 1), (0, 6)) if beside is axes.transAxes else ((1, 0), (12, 0))
        beside = axes.annotate(
            words, x, y, xycoords=beside, textcoords="offset points", fontsize=SMALL, color=colour, va="bottom"
        )
