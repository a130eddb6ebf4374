"""The monitor of each candidate over its epochs, coloured by what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from matplotlib.collections import LineCollection

from runner.errors import DataError
from runner.figures.setting_axis import Scale, score_scale
from runner.figures.slices import draw_score_axis
from runner.figures.style import FAINT, SMALL, Picture, set_ticks
from runner.figures.sweep_view import GOODNESS, SweepView
from runner.runs.candidates import Candidate, mean_curve

MOST_CURVES = 200
MOST_POINTS = 60  # of a curve: a report stays small enough for an e-mail
HEIGHT, AXIS, BELOW = 330, 90, 70  # pixels: of the panel, for the numbers to its left, below it
PRUNED = (0, (2, 2))  # the dashes of one

Points = Sequence[tuple[int, float]]


def read_curves(view: SweepView) -> list[tuple[Candidate, Points]]:
    """Of the best candidates, those on top last; damaged files have none."""
    curves = []
    for _, each in view.in_order[-MOST_CURVES:]:
        with suppress(DataError):
            if each.values and (points := mean_curve(each, view.found.monitor)):
                curves.append((each, thinned(points)))
    return curves


def thinned(points: Points) -> Points:
    """At most so many, evenly, the first and the last among them."""
    if len(points) <= MOST_POINTS:
        return points
    last = len(points) - 1
    return [points[round(place * last / (MOST_POINTS - 1))] for place in range(MOST_POINTS)]


def draw_candidate_curves(
    picture: Picture, view: SweepView, curves: Sequence[tuple[Candidate, Points]], bottom: float
) -> None:
    axes = picture.place(AXIS, bottom + BELOW, picture.width - AXIS - 20, HEIGHT)
    scale = scale_of(view, curves)
    lines = [[(epoch, scale.at(value)) for epoch, value in points] for _, points in curves]
    good = [view.goodness(each.mean) for each, _ in curves]
    colours = [(*GOODNESS(height)[:3], 0.3 + 0.7 * height) for height in good]
    dashes = [PRUNED if each.status == "pruned" else "solid" for each, _ in curves]
    axes.add_collection(LineCollection(lines, colors=colours, linewidths=1.2, linestyles=dashes))
    draw_score_axis(axes, scale)
    epochs = [epoch for _, points in curves for epoch, _ in points]
    axes.set_xlim(min(epochs) - 0.5, max(epochs) + 0.5)
    set_ticks(axes.xaxis, integer=True)
    axes.set_xlabel("epoch", color=FAINT, fontsize=SMALL)


def scale_of(view: SweepView, curves: Sequence[tuple[Candidate, Points]]) -> Scale:
    """That of all values but the worst of them, most of which are those of first epochs."""
    return score_scale([value for _, points in curves for _, value in points], view.found.higher_is_better)
