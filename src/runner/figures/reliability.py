"""The picture of how often a net is right when it is that sure."""

from __future__ import annotations

from matplotlib.axes import Axes

from runner.figures.class_predictions import BINS, Calibration
from runner.figures.heading import Title
from runner.figures.style import FAINT, MARGIN, RULE, SMALL, TITLE_HEIGHT, Sheet, titled_sheet

SIDE = 460
BARS = 110
BLUE, RED, PALE_BLUE = "#4472b8", "#d9776c", "#b9cbe6"


def reliability_sheet(title: Title, calibration: Calibration) -> Sheet:
    """Accuracy over confidence, with the gap to what it should be; below, how many rows are that sure."""
    sheet = titled_sheet(title, SIDE + 60, SIDE + BARS + 130)
    _draw_gaps(sheet.axes(MARGIN + 60, TITLE_HEIGHT, SIDE, SIDE), calibration)
    top = TITLE_HEIGHT + SIDE + 60
    sheet.text(MARGIN + 50, top + BARS, "rows", ha="right", fontsize=SMALL, color=FAINT)
    _draw_counts(sheet.axes(MARGIN + 60, top, SIDE, BARS), calibration)
    return sheet


def _draw_gaps(axes: Axes, calibration: Calibration) -> None:
    bins = zip(calibration.counts, calibration.accuracy, calibration.confidence, strict=True)
    for number, (count, right, sure) in enumerate(bins):
        if count:
            place, width = (number + 0.5) / BINS, 0.92 / BINS
            axes.bar(place, min(right, sure), width, color=BLUE)
            axes.bar(place, abs(sure - right), width, bottom=min(right, sure), color=PALE_BLUE if right > sure else RED)
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (3, 3)))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.spines["left"].set_visible(True)
    axes.tick_params(axis="y", color=RULE, labelcolor=FAINT)
    axes.set_ylabel("share that is right", fontsize=SMALL, color=FAINT)


def _draw_counts(axes: Axes, calibration: Calibration) -> None:
    places = [(number + 0.5) / BINS for number in range(BINS)]
    axes.bar(places, calibration.counts, 0.92 / BINS, color=RULE)
    for place, count in zip(places, calibration.counts, strict=True):
        if count:
            axes.text(place, count, f"{count:,}", ha="center", va="bottom", fontsize=SMALL - 1, color=FAINT)
    axes.set(xlim=(0, 1))
    axes.set_yticks([])
    axes.margins(y=0.25)
    axes.set_xlabel("confidence in the predicted class", fontsize=SMALL, color=FAINT)
