"""What the monitor came to along each setting, and while the sweep went on."""

from __future__ import annotations

import math
from itertools import accumulate
from statistics import median
from typing import Any

from matplotlib.axes import Axes

from runner.figures.setting_axis import ABSENT, Scale, SettingAxis
from runner.figures.style import FAINT, INK, RULE, SMALL, SPLIT_COLOURS, set_ticks, shortened, tick, width_of
from runner.figures.sweep_view import SweepView
from runner.text import figure

BLUE, ORANGE = SPLIT_COLOURS["train"], SPLIT_COLOURS["val"]
LONGEST_TICK = 8
ASIDE = 0.04  # of an axis: what points that share a place are spread over
HALF_A_MARK = 0.05  # of an axis: to each side of a median
EDGE = 0.06  # of an axis, beyond its ends


def draw_slice(axes: Axes, view: SweepView, axis: SettingAxis) -> None:
    """A point for each candidate, the spread of its seeds, and where several have a value their median."""
    numbered = {status: [(number, each) for number, each in view.in_order if each.status == status and each.values]
                for status in ("pruned", "finished")}  # fmt: skip
    for status, colour, opacity in (("pruned", FAINT, 0.25), ("finished", BLUE, 0.75)):
        numbers = [number for number, _ in numbered[status]]
        x = [_aside(axis, number, len(view.found.all)) for number in numbers]
        y = [view.score.at(each.mean) for _, each in numbered[status]]
        axes.plot(x, y, "o", color=colour, alpha=opacity, markersize=_size(len(view.found.all)), markeredgewidth=0)
    draw_spreads(axes, view, axis)
    if axis.is_shared:
        draw_medians(axes, view, axis)
    draw_score_axis(axes, view.score)
    ticks = axis.ticks
    words = [shortened(told, LONGEST_TICK) for _, told in ticks]
    is_tight = len(words) * width_of(words, SMALL) > axes.bbox.width
    looks: dict[str, Any] = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if is_tight else {}
    axes.set_xticks([place for place, _ in ticks], words, **looks)
    axes.set_xlim(ABSENT - EDGE if None in axis.values else -EDGE, 1 + EDGE)


def draw_spreads(axes: Axes, view: SweepView, axis: SettingAxis) -> None:
    """A standard deviation up and down, all in one line with gaps: a file of hundreds stays small."""
    points: list[tuple[float, float]] = []
    for number, each in view.in_order:
        if each.sd and each.status == "finished":
            x = _aside(axis, number, len(view.found.all))
            ends = [view.score.at(each.mean + sign * each.sd) for sign in (-1, 1)]
            points += [(x, ends[0]), (x, ends[1]), (math.nan, math.nan)]
    if points:
        axes.plot(*zip(*points, strict=True), color=BLUE, alpha=0.5, linewidth=1)


def _aside(axis: SettingAxis, number: int, count: int) -> float:
    """In the order of the jobs, from left to right."""
    place = axis.places[number]
    return place + ((number + 0.5) / count - 0.5) * ASIDE if axis.is_shared or place == ABSENT else place


def _size(count: int) -> float:
    return 6 if count <= 40 else 4 if count <= 200 else 2.5


def draw_medians(axes: Axes, view: SweepView, axis: SettingAxis) -> None:
    by_place: dict[float, list[float]] = {}
    for number, each in view.in_order:
        if each.status == "finished":
            by_place.setdefault(axis.places[number], []).append(view.score.at(each.mean))
    for place, heights in by_place.items():
        middle = median(heights)
        axes.plot([place - HALF_A_MARK, place + HALF_A_MARK], [middle, middle], color=INK, linewidth=1.6)


def draw_history(axes: Axes, view: SweepView) -> None:
    """Each candidate in the order in which they began, and the best so far."""
    numbered = list(enumerate(view.found.all, start=1))
    for status, colour, opacity in (("pruned", FAINT, 0.25), ("finished", BLUE, 0.6)):
        shown = [(number, view.score.at(each.mean)) for number, each in numbered if each.status == status]
        if shown:
            axes.plot(*zip(*shown, strict=True), "o", color=colour, alpha=opacity, markersize=_size(len(numbered)),
                      markeredgewidth=0)  # fmt: skip
    if failed := [number for number, each in numbered if each.status == "failed"]:
        worst = 1 if view.found.higher_is_better is False else 0
        axes.plot(failed, [worst] * len(failed), "x", color=FAINT, markersize=5)
    done = [(number, each.mean) for number, each in numbered if each.status == "finished"]
    choose = min if view.found.higher_is_better is False else max
    bests = list(accumulate((value for _, value in done), choose))
    x, y = [number for number, _ in done], [view.score.at(value) for value in bests]
    axes.plot([*x, len(numbered)], [*y, y[-1]], color=ORANGE, linewidth=2, drawstyle="steps-post")
    axes.annotate(figure(bests[-1]), (len(numbered), y[-1]), (6, 0), textcoords="offset points", va="center",
                  fontsize=SMALL, color=ORANGE)  # fmt: skip
    draw_score_axis(axes, view.score)
    axes.set_xlim(0.5, len(numbered) + 0.5)
    set_ticks(axes.xaxis, 8, integer=True)
    axes.set_xlabel("combinations, in the order in which they began", color=FAINT, fontsize=SMALL)


def draw_score_axis(axes: Axes, scale: Scale) -> None:
    ticks = scale.ticks
    told = figure if scale.low == scale.high else tick  # the only value is no round number
    axes.set_yticks([scale.at(value) for value in ticks], [told(value) for value in ticks])
    axes.set_ylim(-EDGE, 1 + EDGE)
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0, labelcolor=FAINT)
