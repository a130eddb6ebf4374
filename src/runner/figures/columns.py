"""Which columns of a table count: bars of what is lost without each, and curves of how the answer moves with some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from matplotlib.axes import Axes

from runner.experiment.importance import Dependence, Importance
from runner.figures.dataset_view import Title
from runner.figures.style import (
    FAINT,
    LETTER,
    ROOM,
    RULE,
    SMALL,
    SPLIT_COLOURS,
    Picture,
    part,
    set_ticks,
    short_names,
    shortened,
    width_of,
)
from runner.screen.result import TREES

COLOURS = (SPLIT_COLOURS["train"], SPLIT_COLOURS["val"])  # of the net, of trees
MOST_BARS, BAR_PITCH = 12, 48  # columns; pixels from one to the next
LONGEST_NAME, LONGEST_HEAD, LONGEST_CATEGORY = 20, 22, 10
PANEL, ABOVE, BELOW = 190, 64, 80  # pixels: the height of a panel, what is above it and below it
ASIDE = 0.1  # of the way from one category to the next: points of equal height are both seen
AXIS = 90  # pixels for the numbers to the left of a panel


def draw_importance(title: Title, found: Importance, class_names: Sequence[str]) -> Picture:
    """Bars for the columns, the most important to the net first; below them two panels a line."""
    shown = found.order[:MOST_BARS]
    lines = -(-len(found.moved) // 2)
    bars, panels = len(shown) * BAR_PITCH, lines * (ABOVE + PANEL + BELOW)
    who = ", ".join(f"{colour}: {called(name)}" for name, colour in zip(found.lost, ("blue", "orange"), strict=False))
    title = replace(title, note=f"{part(len(shown), len(found.names), 'column')}, {title.note}; {who}")
    picture = Picture(title, ROOM, bars + panels)
    draw_bars(picture, found, shown, bars)
    for number, moved in enumerate(found.moved):
        bottom = panels - (number // 2 + 1) * (ABOVE + PANEL + BELOW) + BELOW
        width = ROOM / 2 - AXIS
        left = AXIS + number % 2 * ROOM / 2
        axes = picture.place(left, bottom, width, PANEL)
        draw_dependence(axes, moved, class_names)
    return picture


def called(name: str) -> str:
    """The net, or what a kind of trees is called."""
    return TREES.get(name, f"the {name}")


def draw_bars(picture: Picture, found: Importance, shown: Sequence[int], height: float) -> None:
    heads = short_names([found.names[place] for place in shown], LONGEST_NAME)
    values = [[found.figure(float(of[place].mean())) for place in shown] for of in found.lost.values()]
    left = width_of(heads, SMALL, LETTER)
    width = ROOM - left - max(width_of(column, SMALL) for column in values) - 8
    bottom = picture.height - height
    axes = picture.place(left, bottom, width, height)
    thick = 0.8 / len(found.lost)
    for number, (of, numbers, colour) in enumerate(zip(found.lost.values(), values, COLOURS, strict=False)):
        places = [line - 0.4 + (number + 0.5) * thick for line in range(len(shown))]
        mean, spread = of.mean(1)[list(shown)].tolist(), of.std(1)[list(shown)].tolist()
        axes.barh(places, mean, height=0.9 * thick, xerr=spread, color=colour, ecolor=FAINT)
        for y, middle, off, text in zip(places, mean, spread, numbers, strict=True):
            end = (max(0, middle + off), y)
            axes.annotate(text, end, (4, 0), textcoords="offset points", va="center", fontsize=SMALL, color=FAINT)
    axes.set_yticks(range(len(shown)), heads, fontsize=SMALL)
    axes.set(ylim=(len(shown) - 0.5, -0.5), xticks=[])
    axes.axvline(0, color=RULE, linewidth=1)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def draw_dependence(axes: Axes, moved: Dependence, class_names: Sequence[str]) -> None:
    """A line for the net and one for the trees over a number; over categories points."""
    column = moved.column
    answer = "mean answer" if moved.class_place is None else f"p({shortened(class_names[moved.class_place], 10)})"
    axes.set_title(f"{answer} by {shortened(column.name, LONGEST_HEAD - len(answer))}", loc="left", fontsize=SMALL)
    mark = "o" if column.categories or len(moved.values) == 1 else "-"
    places = range(len(moved.values)) if column.categories else moved.values
    for answers, colour, aside in zip(moved.answers.values(), COLOURS, (-ASIDE, ASIDE), strict=False):
        shown = [place + aside for place in places] if column.categories else places
        axes.plot(shown, answers, mark, color=colour)
    axes.spines["left"].set_visible(True)
    axes.tick_params(labelsize=SMALL)
    set_ticks(axes.yaxis, 3)
    if not column.categories:
        set_ticks(axes.xaxis, 4)
        return
    names = short_names([column.categories[int(code)] for code in moved.values], LONGEST_CATEGORY)
    is_tight = len(names) * width_of(names, SMALL) > axes.bbox.width
    looks: dict[str, Any] = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if is_tight else {}
    axes.set_xticks(places, names, fontsize=SMALL, **looks)
    axes.set_xlim(-0.5, len(moved.values) - 0.5)
