"""Class balance and targets of each split, drawn on a sheet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from runner.figures.dataset_view import Balance, Exhibit
from runner.figures.style import FAINT, INK, NORMAL, RULE, SMALL, SPLIT_COLOURS, Sheet

PANEL_WIDTH = 220  # of one split
PANEL_GAP = 36
HEAD = 20  # between the base line of a split's name and what is below it
BAR = 22
LONGEST_BAR = 0.68  # of the panel: beside it stands the count
TARGET_BINS = 30


def balance_width(balance: Balance) -> int:
    return len(balance.counts) * (PANEL_WIDTH + PANEL_GAP) - PANEL_GAP


def draw_balance(
    sheet: Sheet, balance: Balance, left: int, head: int, middles: Sequence[float], class_colours: Sequence[str] = ()
) -> None:
    """A panel for each split, its name on the base line ``head``, a bar for each class shown at that of ``middles``.

    A bar has its class's colour where classes have colours, else its split's.
    """
    top, bottom = middles[0] - BAR, middles[-1] + BAR
    for number, (split, counts) in enumerate(balance.counts.items()):
        x = left + number * (PANEL_WIDTH + PANEL_GAP)
        bar_colours = [class_colours[k] if class_colours else SPLIT_COLOURS[split] for k in balance.shown]
        draw_split_head(sheet, x, head, split, sum(counts), INK if class_colours else SPLIT_COLOURS[split])
        axes = sheet.axes(x, top, PANEL_WIDTH, bottom - top)
        _draw_bars(axes, [counts[k] for k in balance.shown], [y - top for y in middles], bar_colours)
        axes.set_ylim(bottom - top, 0)


def draw_split_head(sheet: Sheet, x: float, y: float, split: str, num_rows: int, colour: str) -> None:
    """The split's name and its number of rows, ``y`` their base line."""
    sheet.text(x, y, split, color=colour, fontsize=NORMAL, fontweight="bold", va="baseline")
    sheet.text(x + PANEL_WIDTH, y, f"{num_rows:,}", color=FAINT, fontsize=SMALL, va="baseline", ha="right")


def _draw_bars(axes: Axes, counts: Sequence[int], middles: Sequence[float], colours: Sequence[str]) -> None:
    longest = max(*counts, 1)
    axes.barh(middles, counts, height=BAR, color=colours)
    for y, count in zip(middles, counts, strict=True):
        axes.text(count + 0.03 * longest, y, f"{count:,}", va="center", fontsize=SMALL, color=INK if count else FAINT)
    axes.set_xlim(0, longest / LONGEST_BAR)
    axes.axis("off")
    axes.axvline(0, color=RULE, linewidth=1)


def draw_targets(sheet: Sheet, exhibit: Exhibit, left: int, head: int, panel_height: int, pitch: int) -> None:
    """A histogram of the target for each split, one below the other, all on one scale; ``head`` is the first's name."""
    edges = np.histogram_bin_edges(exhibit.data.y.double().numpy(), bins=TARGET_BINS).tolist()
    for number, (split, rows) in enumerate(exhibit.rows.items()):
        y = head + number * pitch
        draw_split_head(sheet, left, y, f"target of {split}", len(rows), SPLIT_COLOURS[split])
        axes = sheet.axes(left, y + HEAD, PANEL_WIDTH, panel_height)
        axes.hist(exhibit.data.y[rows].double().numpy(), bins=edges, color=SPLIT_COLOURS[split])
        axes.set_yticks([])
        axes.locator_params(axis="x", nbins=4, steps=[1, 2, 5, 10])
