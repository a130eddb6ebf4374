"""The picture of a regression: what is predicted against what is true, and how far it is off.

Shapes: N rows.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor

from runner.figures.heading import Title
from runner.figures.style import FAINT, MARGIN, RULE, SMALL, SPLIT_COLOURS, TITLE_HEIGHT, Sheet, titled_sheet

SIDE = 440
GAP = 150
BINS = 30
MANY = 500  # points from which on they are drawn smaller


def residuals_sheet(title: Title, predicted_N: Tensor, true_N: Tensor, split: str) -> Sheet:
    """Predicted over true with the line where they are equal; the errors as a histogram."""
    sheet = titled_sheet(title, 60 + 2 * SIDE + GAP, SIDE + 70)
    colour = SPLIT_COLOURS[split]
    left = sheet.axes(MARGIN + 60, TITLE_HEIGHT, SIDE, SIDE)
    right = sheet.axes(MARGIN + 60 + SIDE + GAP, TITLE_HEIGHT, SIDE, SIDE)
    _draw_points(left, predicted_N, true_N, colour)
    _draw_errors(right, predicted_N - true_N, colour)
    return sheet


def _draw_points(axes: Axes, predicted_N: Tensor, true_N: Tensor, colour: str) -> None:
    both = np.concatenate([predicted_N.numpy(), true_N.numpy()])
    ends = both.min(), both.max()
    axes.plot(ends, ends, color=FAINT, linewidth=1, linestyle=(0, (3, 3)))
    size, alpha = (16, 0.6) if len(true_N) < MANY else (6, 0.35)
    axes.scatter(true_N.numpy(), predicted_N.numpy(), s=size, alpha=alpha, color=colour, linewidths=0)
    axes.spines["left"].set_visible(True)
    axes.tick_params(axis="y", color=RULE, labelcolor=FAINT)
    axes.set_xlabel("true", fontsize=SMALL, color=FAINT)
    axes.set_ylabel("predicted", fontsize=SMALL, color=FAINT)


def _draw_errors(axes: Axes, errors_N: Tensor, colour: str) -> None:
    axes.hist(errors_N.numpy(), bins=BINS, color=colour)
    axes.axvline(0, color=FAINT, linewidth=1, linestyle=(0, (3, 3)))
    axes.set_yticks([])
    axes.set_xlabel("predicted - true", fontsize=SMALL, color=FAINT)
