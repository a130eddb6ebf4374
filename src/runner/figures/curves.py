"""The picture of a run's measurements over its epochs, and the same as a line of blocks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from runner.contracts import SPLITS
from runner.figures.dataset_view import Title
from runner.figures.style import FAINT, INK, NORMAL, RULE, SMALL, SPLIT_COLOURS, Picture
from runner.text import figure

PANEL = 670, 430  # width, height of one curve with what stands around it
ACROSS = 2
LABEL_GAP = 0.075  # least distance between two names at the ends of lines, as a share of the panel's height

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Curve:
    """One measure: a line for each split that it was taken of, or one line without a split."""

    name: str
    lines: Mapping[str, Points]  # split, or "" -> (epoch, value), those that are finite


def curves_of(rows: Sequence[Mapping[str, Any]]) -> list[Curve]:
    """The curves in the epoch rows of metrics.jsonl, the loss first; the learning rate where it changes."""
    ends = [row for row in rows if "train/loss" in row]
    measures = dict.fromkeys(key.partition("/")[2] for row in ends for key in row if key.partition("/")[0] in SPLITS)
    measures.pop("batch_loss", None)
    curves = [Curve(name, _lines(ends, name)) for name in sorted(measures, key=lambda name: name != "loss")]
    rate = {"": _points(ends, "lr")}
    return [*curves, *[Curve("lr", rate)] * (len({lr for _, lr in rate[""]}) > 1)]


def _lines(ends: Sequence[Mapping[str, Any]], name: str) -> dict[str, Points]:
    lines = {split: _points(ends, f"{split}/{name}") for split in SPLITS}
    return {split: points for split, points in lines.items() if points}


def _points(ends: Sequence[Mapping[str, Any]], key: str) -> Points:
    values = ((row["epoch"], row.get(key)) for row in ends)
    return [(epoch, value) for epoch, value in values if value is not None and math.isfinite(value)]


def draw_curves(title: Title, curves: Sequence[Curve], best_epoch: int | None) -> Picture:
    """A panel for each curve; the best epoch is a line through all of them."""
    across, down = min(len(curves), ACROSS), -(-len(curves) // ACROSS)
    picture = Picture(title, across * PANEL[0], down * PANEL[1], "constrained")
    panels = picture.figure.subplots(down, across, squeeze=False).flat
    for axes, curve in zip(panels, curves, strict=False):
        _draw(axes, curve, best_epoch)
    for axes in list(panels)[len(curves) :]:
        axes.set_visible(False)
    return picture


def _draw(axes: Axes, curve: Curve, best_epoch: int | None) -> None:
    axes.set_title(curve.name, loc="left", fontsize=NORMAL, fontweight="bold", pad=20)
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.tick_params(axis="y", length=0, labelcolor=FAINT)
    axes.set_axisbelow(True)
    for split, points in curve.lines.items():
        colour = SPLIT_COLOURS.get(split, INK)
        axes.plot(
            *zip(*points, strict=True), color=colour, linewidth=1.6, marker="o" * (len(points) == 1), markersize=4
        )
    _set_ticks(axes, curve)
    if best_epoch is not None:
        _mark_best(axes, curve, best_epoch)
    _label_ends(axes, curve)


def _set_ticks(axes: Axes, curve: Curve) -> None:
    epochs = [epoch for points in curve.lines.values() for epoch, _ in points]
    axes.set_xlim(min(epochs) - 0.5 * (min(epochs) == max(epochs)), max(epochs) + 0.5 * (min(epochs) == max(epochs)))
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.set_xlabel("epoch", color=FAINT, fontsize=SMALL)
    axes.locator_params(axis="y", nbins=5)


def _mark_best(axes: Axes, curve: Curve, best_epoch: int) -> None:
    axes.axvline(best_epoch, color=FAINT, linewidth=0.8, linestyle=(0, (3, 3)))
    for split, points in curve.lines.items():
        for epoch, value in points:
            if epoch == best_epoch:
                axes.plot(epoch, value, "o", color=SPLIT_COLOURS.get(split, INK), markersize=5, clip_on=False)
    axes.annotate(
        f"best: {best_epoch}",
        (best_epoch, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 4),
        textcoords="offset points",
        ha="center",
        fontsize=SMALL,
        color=FAINT,
    )


def _label_ends(axes: Axes, curve: Curve) -> None:
    """The split and the last value at the end of each line, one above the other where they would touch."""
    low, high = axes.get_ylim()
    ends = sorted((points[-1][1], split) for split, points in curve.lines.items())
    floor = -math.inf
    for value, split in ends:
        floor = max((value - low) / (high - low), floor + LABEL_GAP)
        axes.annotate(
            f"{split} {figure(value)}".strip(),
            (1.0, floor),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
            color=SPLIT_COLOURS.get(split, INK),
        )
