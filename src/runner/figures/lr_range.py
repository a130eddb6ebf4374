"""The losses of a range test over the learning rates."""

from __future__ import annotations

from runner.experiment.lr_range import LrRange
from runner.figures.dataset_view import Title
from runner.figures.style import CLASS_COLOURS, FAINT, ROOM, RULE, SMALL, Picture, set_ticks, style

HEIGHT = 400  # pixels
CUT = 2.0  # times the loss at the start: of losses that have diverged no more is drawn
MARGIN = 0.05  # of the height, below the lowest loss


def picture(tested: LrRange, name: str, form: str = "png") -> bytes:
    """Each step's loss and the running mean, the rate suggested marked; a file of the form png, svg or pdf."""
    suggested = "no rate is suggested" if tested.suggested is None else f"suggested: {tested.suggested:g}"
    with style():
        title = Title(f"Learning rates: {name}", "the loss of each step while the rate grows", suggested)
        made = Picture(title, ROOM, HEIGHT, "constrained")
        axes = made.figure.subplots()
        axes.plot(tested.rates, tested.losses, color=RULE, linewidth=1)
        axes.plot(tested.rates, tested.smoothed, color=CLASS_COLOURS[0], linewidth=2)
        if tested.suggested is not None:
            axes.axvline(tested.suggested, color=FAINT, linewidth=1, linestyle=(0, (3, 3)))
        lowest, highest = min(tested.losses), CUT * tested.smoothed[0]
        if max(tested.losses) > highest > lowest:
            axes.set_ylim(lowest - MARGIN * (highest - lowest), highest)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")  # the usual one writes 10 to a power in TeX
        axes.grid(axis="y", color=RULE)
        axes.set_axisbelow(True)
        set_ticks(axes.yaxis)
        axes.set_xlabel("learning rate", color=FAINT, fontsize=SMALL)
        return made.content(form)
