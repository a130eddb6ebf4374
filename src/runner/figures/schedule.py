"""The learning rates of a run before it is trained: as a picture, in the terminal, and as plain lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from rich.console import Console
from rich.text import Text

from runner.figures.dataset_view import Title
from runner.figures.style import CLASS_COLOURS, FAINT, ROOM, RULE, SMALL, Picture, set_ticks, shortened, style
from runner.figures.terminal import LEVELS

HEIGHT = 400  # pixels
LONGEST = 110  # characters of the lines below the title: two of them
LINES = 20  # rates in plain lines, at most
ROWS, MOST_COLUMNS = 10, 72  # of the terminal's chart


@dataclass(frozen=True)
class ScheduleCurves:
    """What a schedule makes of the learning rates."""

    name: str
    note: str  # the optimizer and the length of the run
    knobs: str  # of the schedule
    tick: str  # epoch or step
    rates: Mapping[str, Sequence[float]]  # "lr", "lr/<group>" -> the rate during each tick

    @property
    def num_ticks(self) -> int:
        return len(self.rates["lr"])

    def places(self, most: int) -> list[int]:
        """At most so many ticks, spread evenly, the first and the last among them."""
        last = self.num_ticks - 1
        count = min(most, self.num_ticks)
        return [round(i * last / max(1, count - 1)) for i in range(count)]


def picture(curves: ScheduleCurves, form: str = "png") -> bytes:
    """The learning rates over the ticks of the run; a file of the form png, svg or pdf."""
    with style():
        lines = shortened(curves.note, LONGEST), shortened(curves.knobs, LONGEST)
        made = Picture(Title(f"Learning rate: {curves.name}", *lines), ROOM, HEIGHT, "constrained")
        _draw(made.figure.subplots(), curves)
        return made.content(form)


def _draw(axes: Axes, curves: ScheduleCurves) -> None:
    """A rate holds for the whole of its tick."""
    begins = list(range(curves.num_ticks + 1))
    for number, (name, rates) in enumerate(curves.rates.items()):
        colour = CLASS_COLOURS[number % len(CLASS_COLOURS)]
        (line,) = axes.step(begins, [*rates, rates[-1]], where="post", color=colour, linewidth=2, clip_on=False)
        line.set_label(shortened(name, 40))
    axes.set_xlim(0, curves.num_ticks)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color=RULE)
    axes.set_axisbelow(True)
    set_ticks(axes.xaxis, integer=True)
    set_ticks(axes.yaxis)
    axes.set_xlabel(f"{curves.tick}s trained", color=FAINT, fontsize=SMALL)
    if len(curves.rates) > 1:
        axes.legend(frameon=False, fontsize=SMALL)


def plain_lines(curves: ScheduleCurves) -> Iterator[str]:
    """A line for each of some ticks, counted from 1, with the rate of each group during it."""
    yield f"{curves.name}: {curves.note}"
    yield curves.knobs
    places = curves.places(LINES)
    width = max(len(curves.tick), len(str(curves.num_ticks)))
    widths = {name: max(len(name), 9) for name in curves.rates}
    yield "  ".join(["", curves.tick.rjust(width), *(name.rjust(widths[name]) for name in curves.rates)])
    for place in places:
        cells = [_rate(rates[place]).rjust(widths[name]) for name, rates in curves.rates.items()]
        yield "  ".join(["", str(place + 1).rjust(width), *cells])


def show(console: Console, curves: ScheduleCurves) -> None:
    """Prints a chart for each group."""
    console.print(Text(curves.name, style="bold"), Text(curves.note), Text(curves.knobs, style="dim"), sep="\n")
    for name, rates in curves.rates.items():
        console.print()
        for line in chart(name, rates, curves, min(MOST_COLUMNS, console.width - 10)):
            console.print(line, soft_wrap=True)


def chart(name: str, rates: Sequence[float], curves: ScheduleCurves, width: int) -> Iterator[Text]:
    """ROWS lines of columns as high as the rates, from 0 to the highest, then the ticks below them."""
    places = curves.places(max(2, width))
    highest = max(rates)
    heights = [round(rates[place] / highest * ROWS * 8) if highest else 0 for place in places]
    wide = max(1, width // len(places))  # columns of a tick
    yield Text(f"{_rate(highest):>9} ", style="dim").append(name, style="bold")
    for row in reversed(range(ROWS)):
        blocks = "".join(LEVELS[min(8, max(0, height - 8 * row))] * wide for height in heights)
        yield Text(f"{'0' if row == 0 else '':>9} ", style="dim").append(blocks, style="blue")
    first, last = f"{curves.tick} 1", f"{curves.num_ticks:,}"
    yield Text(" " * 10 + first + last.rjust(max(len(last) + 1, len(places) * wide - len(first))), style="dim")


def _rate(rate: float) -> str:
    """In four digits: 0.0009938, 9.938e-05."""
    return f"{rate:.4g}"
