"""Parallel coordinates: an axis for each setting, a line for each candidate, coloured by what it came to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection

from runner.figures.setting_axis import ABSENT, LEAST_GAP, SettingAxis
from runner.figures.style import FAINT, INK, RULE, SMALL, Picture, shortened, tick
from runner.figures.sweep_view import GOODNESS, SweepView
from runner.runs.candidates import Candidate
from runner.text import figure, short_names

PITCH = 140  # pixels from one axis to the next
BODY, NAMES = 380, 60  # pixels: the height of the lines, of the names above them
SIDE = 110  # pixels: for the ticks of the first axis, and of the last
LONGEST_NAME, LONGEST_TICK = 11, 9
BAND = 0.12  # of an axis, at most: what lines that share a place are spread over, the best uppermost
STRIP = 0.09  # the width of the colour bar, of a pitch
# up to so many lines: points wide, how opaque the best are, and the worst
LOOKS = ((40, 1.6, 0.95, 0.8), (200, 1.0, 0.8, 0.3), (10**9, 0.6, 0.6, 0.15))
PALE = 0.3  # of the pruned, as a share of the finished
EDGE = 0.01  # of an axis: the width of a line
BEST = 2.4  # points wide
STUB = 0.15  # of the way from one axis to the next

Points = list[tuple[float, float]]


def draw_parallel(picture: Picture, view: SweepView, bottom: float) -> None:
    axes, last = picture.place(0, bottom, picture.width, BODY), len(view.axes)
    edge = SIDE * last / (picture.width - 2 * SIDE)
    width, *opacity = next(look for most, *look in LOOKS if len(view.found.all) <= most)
    lines = dict(zip((number for number, _ in view.in_order), _lines(view), strict=True))
    draw_fans(axes, view, lines)
    drawn = {
        status: [(lines[number], each) for number, each in view.in_order if each.status == status]
        for status in ("failed", "pruned", "finished")
    }
    _add(axes, [points for points, _ in drawn["failed"]], [FAINT], 0.8, linestyles=(0, (1, 3)))
    for status, share in (("pruned", PALE), ("finished", 1.0)):
        shown = [share * value for value in opacity]
        _add(axes, [points for points, _ in drawn[status]], _colours(view, drawn[status], *shown), width)
    _add(axes, [drawn["finished"][-1][0]], [GOODNESS(view.goodness(view.found.finished[0].mean))], BEST)
    for place, axis in enumerate(view.axes):
        draw_axis(axes, place, axis)
    draw_names(axes, [*short_names(view.found.settings).values()][:last], view.found.monitor)
    draw_colour_bar(axes, view, last)
    axes.set(xlim=(-edge, last + edge), ylim=(_bottom(view), 1 + BAND / 2 + EDGE))
    axes.set_axis_off()


def _bottom(view: SweepView) -> float:
    return (ABSENT if any(None in axis.values for axis in view.axes) else 0) - BAND / 2 - EDGE


def _lines(view: SweepView) -> list[Points]:
    """Of each candidate, those on top last; a failed one ends at the last setting, or a little beside the only one."""
    count = max(1, len(view.in_order) - 1)
    lines = []
    for rank, (number, each) in enumerate(view.in_order):
        points = [(place, _spread(axis, axis.places[number], rank / count)) for place, axis in enumerate(view.axes)]
        end = [(float(len(view.axes)), view.goodness(each.mean))] if each.values else []
        if not end and len(points) == 1:  # there would be no line
            end = [(STUB, points[0][1])]
        lines.append([*points, *end])
    return lines


def _spread(axis: SettingAxis, place: float, rank: float) -> float:
    """Lines that share a place beside each other; where there is room the more so."""
    band = min(BAND, 0.4 / len(axis.distinct))
    return place + (rank - 0.5) * band if axis.is_shared or place == ABSENT else place


def _colours(
    view: SweepView, drawn: Sequence[tuple[Points, Candidate]], best: float, worst: float
) -> list[tuple[float, ...]]:
    """The better the more opaque."""
    good = [view.goodness(each.mean) for _, each in drawn]
    return [(*GOODNESS(height)[:3], worst + (best - worst) * height) for height in good]


def _add(axes: Axes, lines: Sequence[Points], colours: Sequence[Any], width: float, **looks: Any) -> None:
    axes.add_collection(LineCollection(lines, colors=colours, linewidths=width, **looks))


def draw_fans(axes: Axes, view: SweepView, lines: dict[int, Points]) -> None:
    """From a candidate's last setting to a standard deviation of its jobs below and above their mean."""
    spread = [(number, each) for number, each in view.in_order if each.sd and each.status == "finished"]
    fans = [[lines[number][-2], *_ends(view, each)] for number, each in spread]
    colours = [GOODNESS(view.goodness(each.mean)) for _, each in spread]
    axes.add_collection(PolyCollection(fans, facecolors=colours, alpha=max(0.05, 0.3 / (1 + len(fans) / 20))))


def _ends(view: SweepView, each: Candidate) -> list[tuple[float, float]]:
    return [(float(len(view.axes)), view.goodness(each.mean + sign * each.sd)) for sign in (-1, 1)]


def draw_axis(axes: Axes, place: float, axis: SettingAxis) -> None:
    axes.plot([place, place], [0, 1], color=FAINT, linewidth=0.8)
    for height, words in axis.ticks:
        axes.plot([place - 0.02, place], [height, height], color=FAINT, linewidth=0.8)
        _tick(axes, place - 0.04, height, words, "right")


def _tick(axes: Axes, x: float, y: float, words: str, side: str) -> None:
    ground = {"facecolor": "#ffffff", "edgecolor": "none", "alpha": 0.75, "pad": 0.8}  # readable above the lines
    words = shortened(words, LONGEST_TICK)
    axes.text(x, y, words, ha=side, va="center", fontsize=SMALL, color=INK, bbox=ground)


def draw_names(axes: Axes, names: Sequence[str], monitor: str) -> None:
    for place, name in enumerate([*names, monitor]):
        weight = "bold" if place == len(names) else "normal"
        axes.text(
            place,
            1.02 + BAND / 2,
            in_two(name),
            ha="center",
            va="bottom",
            fontsize=SMALL,
            weight=weight,
            linespacing=1.1,
        )


def in_two(name: str) -> str:
    """A long name in two lines, broken behind a _ . or / where it can be."""
    if len(name) <= LONGEST_NAME:
        return name
    breaks = [found.end() for found in re.finditer(r"[_./]", name) if found.end() < len(name)]
    middle = min(breaks, key=lambda place: abs(place - len(name) / 2), default=LONGEST_NAME)
    return "\n".join(shortened(part, LONGEST_NAME) for part in (name[:middle], name[middle:]))


def draw_colour_bar(axes: Axes, view: SweepView, place: float) -> None:
    """The axis of the monitor, the best end up."""
    shades = np.linspace(0, 1, 64)[:, None]
    box = (place, place + STRIP, 0, 1)
    axes.imshow(shades, cmap=GOODNESS, extent=box, origin="lower", aspect="auto", zorder=2, interpolation="nearest")
    best = view.found.finished[0].mean
    top, ticks = view.goodness(best), [(view.goodness(value), tick(value)) for value in view.score.ticks]
    shown = [(height, words) for height, words in ticks if abs(height - top) >= LEAST_GAP]
    for height, words in [(top, figure(best, is_short=True)), *shown]:
        _tick(axes, place + STRIP + 0.03, height, words, "left")
    if view.is_cut:
        axes.text(place + STRIP / 2, -0.03, "and worse", ha="center", va="top", fontsize=SMALL, color=FAINT)
    axes.plot([place, place], [0, 1], color=RULE, linewidth=0.8)
