"""The pictures of a sweep, one by one or below each other as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from runner.figures.dataset_view import Title
from runner.figures.parallel import BODY, NAMES, PITCH, draw_parallel
from runner.figures.slices import BLUE, draw_history, draw_slice
from runner.figures.style import FAINT, NORMAL, ROOM, SMALL, Picture, shortened
from runner.figures.sweep_view import SweepView
from runner.text import short_names

HEAD, GAP = 64, 40  # pixels: of the heading of a picture that stands among others, and below it
AXIS, BELOW = 90, 70  # pixels for the numbers to the left of a panel, and below it
SLICE, ABOVE, LEAST_SLICE = 200, 44, 350  # pixels: the height of a slice, of its name; the least width with its axis
HISTORY, LAST_VALUE = 240, 80
LONGEST_NAME = 24
BAR_PITCH, NAME, VALUE, LONGEST_BAR = 40, 210, 130, 16  # pixels of a bar, of its name, of its value


@dataclass(frozen=True)
class SweepPicture:
    heading: str
    note: Callable[[SweepView], str]  # how to read it
    height: Callable[[SweepView], float]  # in pixels
    draw: Callable[[Picture, SweepView, float], None]  # above so many pixels

    def alone(self, view: SweepView, title: Title) -> Picture:
        picture = Picture(title, width_of(view), self.height(view))
        self.draw(picture, view, 0)
        return picture


def draw_sweep(view: SweepView, names: Sequence[str]) -> Picture:
    """Those of ``names``: one below its title, several below each other, each below a heading of its own."""
    chosen = [PICTURES[name] for name in names]
    if len(chosen) == 1:
        return chosen[0].alone(view, view.title(chosen[0].heading, chosen[0].note(view)))
    heights = [each.height(view) + HEAD + GAP for each in chosen]
    picture = Picture(view.title("What a sweep tried, and what came of it"), width_of(view), sum(heights))
    bottom = sum(heights)
    for each, height in zip(chosen, heights, strict=True):
        bottom -= height
        each.draw(picture, view, bottom + GAP)
        top = (bottom + height) / picture.height
        picture.figure.text(0, top, each.heading, fontsize=NORMAL, fontweight="bold", va="top")
        picture.figure.text(0, top - 26 / picture.height, each.note(view), fontsize=SMALL, color=FAINT, va="top")
    return picture


def width_of(view: SweepView) -> float:
    return max(ROOM, (len(view.axes) + 1) * PITCH)


def _slice_rows(view: SweepView) -> int:
    return -(-len(view.axes) // _slices_across(view))


def _slices_across(view: SweepView) -> int:
    return int(width_of(view) // LEAST_SLICE)


def _draw_slices(picture: Picture, view: SweepView, bottom: float) -> None:
    across, names = _slices_across(view), [*short_names(view.found.settings).values()]
    pitch, line = picture.width / across, ABOVE + SLICE + BELOW
    for number, (axis, name) in enumerate(zip(view.axes, names, strict=False)):
        row, column = divmod(number, across)
        floor = bottom + (_slice_rows(view) - row - 1) * line + BELOW
        axes = picture.place(column * pitch + AXIS, floor, pitch - AXIS - 20, SLICE)
        axes.set_title(shortened(name, LONGEST_NAME), loc="left", fontsize=SMALL)
        draw_slice(axes, view, axis)


def draw_importance(picture: Picture, view: SweepView, bottom: float) -> None:
    """A bar for each setting, the most important first, with the deviation over resamples; nothing of too few jobs."""
    if not view.ranked:
        return
    names, means, sds = zip(*view.ranked, strict=True)
    axes = picture.place(NAME, bottom, picture.width - NAME - VALUE, len(names) * BAR_PITCH)
    axes.barh(range(len(names)), means, 0.6, xerr=sds, color=BLUE, ecolor=FAINT)
    for place, (mean, sd) in enumerate(zip(means, sds, strict=True)):
        words, end = f"{mean:.0%} ± {sd:.0%}", (mean + sd, place)
        axes.annotate(words, end, (6, 0), textcoords="offset points", va="center", fontsize=SMALL, color=FAINT)
    widest = max(mean + sd for mean, sd in zip(means, sds, strict=True))
    axes.set_yticks(range(len(names)), [shortened(name, LONGEST_BAR) for name in names], fontsize=SMALL)
    axes.set(ylim=(len(names) - 0.5, -0.5), xlim=(0, max(1, widest)), xticks=[])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _draw_history(picture: Picture, view: SweepView, bottom: float) -> None:
    draw_history(picture.place(AXIS, bottom + BELOW, picture.width - AXIS - LAST_VALUE, HISTORY), view)


def note_of(view: SweepView, always: str, pruned: str, failed: str, spread: str = "") -> str:
    """How to read what there is."""
    told = ((always, True), (spread, view.has_spread), (pruned, view.has("pruned")), (failed, view.has("failed")))
    notes = [words for words, is_there in told if words and is_there]
    return "; ".join([*notes, *(["at the edge: worse"] if view.is_cut else [])])


PICTURES: Mapping[str, SweepPicture] = {
    "parallel": SweepPicture(
        "Parallel coordinates",
        lambda view: note_of(view, "best on top", "pruned: pale", "failed: dotted", "a fan: one standard deviation"),
        lambda view: BODY + NAMES,
        draw_parallel,
    ),
    "importance": SweepPicture(
        "Importance: how much of the order each setting explains",
        lambda view: view.importance.how,
        lambda view: len(view.ranked) * BAR_PITCH,
        draw_importance,
    ),
    "slices": SweepPicture(
        "Slices: the monitor along each setting",
        lambda view: note_of(view, "across: the median", "grey: pruned", "", "upright: one standard deviation"),
        lambda view: _slice_rows(view) * (ABOVE + SLICE + BELOW),
        _draw_slices,
    ),
    "history": SweepPicture(
        "History: the best so far",
        lambda view: note_of(view, "orange: the best so far", "grey: pruned", "x: failed"),
        lambda view: HISTORY + BELOW,
        _draw_history,
    ),
}
