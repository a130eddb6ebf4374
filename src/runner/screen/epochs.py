"""The epochs of a run as they pass: a live bar, and one permanent line for each, with the names of its values."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
from rich.text import Text

from runner.screen.result import remark
from runner.screen.table import left_out
from runner.text import duration, figure

if TYPE_CHECKING:
    from runner.contracts import Outline, Report

SPLITS, OF_BATCHES = ("train", "val", "test"), "train/batch_"  # contracts has them too, and brings torch
VALUE_WIDTH = 7  # columns of a negative figure
GAP = "  "
BEST = "* best"
TAIL_WIDTH = len(GAP + "12.3 s" + GAP + BEST)
NO_VALUE = "-"
RATE = "lr"


class EpochLines:
    """The lines that epochs leave: in columns on a terminal of ``width``, with the name of each value elsewhere (None).

    Where not every metric fits beside the others, the least telling are left out, which is said.
    """

    def __init__(self, outline: Outline, width: int | None):
        self._outline = outline
        self._with_rate = outline.scheduler != "none"  # else it stays what the panel says
        remark_width = len("  notes 1.3203 | here 1.3600 | +3 %") if outline.reference.figures else 0
        self._width = None if width is None else width - remark_width
        self._widths: dict[str, int] = {}  # of the column of each value that was seen
        self._columns: list[str] = []

    def lines(self, report: Report, seconds: float, *, best: bool) -> list[Text]:
        """The line of an epoch; before it the head, where there is none yet, or a metric is new or too long for it."""
        known = remark(self._outline.reference, report.epoch, report.values)
        names = self._in_order(report.values)
        if self._width is None:
            pairs = [f"{name} {as_text(name, report.values[name]):>6}" for name in names]
            ends = [duration(seconds), BEST if best else "", known]
            return [Text(GAP.join(filter(None, [f"epoch {_place(report.epoch, self._outline)}", *pairs, *ends])))]
        line = partial(self._line, report, seconds, best=best, known=known)
        widths = {name: max(len(name), VALUE_WIDTH, len(as_text(name, report.values[name]))) for name in names}
        wider = {name: width for name, width in widths.items() if width > self._widths.get(name, 0)}
        if not wider:
            return [line()]
        self._widths |= wider
        seen = self._in_order([*self._widths])
        self._columns = self._fitting(seen, self._width)
        lacking = [name for name in seen if name not in self._columns]
        return [*([left_out(lacking)] if lacking else []), self._head(), line()]

    def _head(self) -> Text:
        names = [name.rjust(self._widths[name]) for name in self._columns]
        return Text(GAP.join([self._epoch_head(), *names, "  time"]), style="dim")

    def _line(self, report: Report, seconds: float, *, best: bool, known: str) -> Text:
        line = Text(_place(report.epoch, self._outline).rjust(len(self._epoch_head())))
        for name in self._columns:
            value = as_text(name, report.values[name]) if name in report.values else NO_VALUE
            style = "bold green" if best and name == self._outline.monitor else ""
            line.append(GAP + value.rjust(self._widths[name]), style)
        line.append(GAP + duration(seconds).rjust(6), "dim")
        if best or known:
            line.append(GAP + (BEST if best else " " * len(BEST)), "bold green")
        return line.append(GAP + known, "cyan") if known else line

    def _epoch_head(self) -> str:
        return "epoch".rjust(2 * len(str(self._outline.epochs)) + 1)

    def _fitting(self, names: Sequence[str], width: int) -> list[str]:
        """``names`` without the least telling ones: the monitor stays longest, then losses, then what is held out."""

        def place(name: str) -> tuple[bool, ...]:
            return name != self._outline.monitor, name == RATE, not name.endswith("/loss"), name.startswith("train/")

        kept = sorted(names, key=place)
        room = width - len(self._epoch_head()) - TAIL_WIDTH
        while len(kept) > 1 and sum(len(GAP) + self._widths[name] for name in kept) > room:
            kept.pop()
        return [name for name in names if name in kept]

    def _in_order(self, names: Mapping[str, float] | Sequence[str]) -> list[str]:
        """The metrics of a split: train before val before test, the loss first; then the learning rate."""
        named = [name for name in names if name.partition("/")[0] in SPLITS and not name.startswith(OF_BATCHES)]
        named.sort(key=lambda name: (SPLITS.index(name.partition("/")[0]), not name.endswith("/loss")))
        return [*named, RATE] if self._with_rate and RATE in names else named


def _place(epoch: int, outline: Outline) -> str:
    """The epoch among all: " 3/10"; a bar that is full stays at the last one."""
    return f"{min(epoch, outline.epochs):>{len(str(outline.epochs))}}/{outline.epochs}"


def as_text(name: str, value: float) -> str:
    """The rate as it is typed, in three digits: 0.00095."""
    return f"{value:.3g}" if name == RATE else figure(value)


REDRAW_EVERY_S = 0.2  # one drawing takes 0.5 to 1 ms, which must stay below 1 % of training
ACCURACY_WIDTH, RATE_WIDTH = len(" accuracy 0.9500"), len(" 1,234 steps/s")
NARROWEST_BAR = 8  # columns


class LiveBar:
    """Epoch, step, scores, rate and time left. Only ``update`` redraws it: a thread would take turns with torch."""

    def __init__(self, console: Console, outline: Outline, step: int, clock: Callable[[], float]):
        self._outline = outline
        self._clock = clock
        self._first_step, self._step, self._began = step, step, clock()
        self._drawn_at = -REDRAW_EVERY_S
        self._scores, self._is_said = "", False
        self._with_accuracy, with_rate = _fitting_bar(outline, console.width)
        self._progress = Progress(
            *_columns(with_rate=with_rate),
            console=console,
            auto_refresh=False,
            transient=True,
            expand=True,
            redirect_stderr=sys.stderr.isatty(),
        )
        epoch = f"epoch {_place(1 + step // outline.steps_per_epoch, outline)}"
        self._task = self._progress.add_task(
            "", total=outline.total_steps, completed=step, epoch=epoch, scores="", rate="", left=""
        )
        self._progress.start()

    def update(self, report: Report) -> None:
        """Draws what ``report`` says, unless the last drawing is too fresh for an eye."""
        self._scores = self._scores_text(report.values) or self._scores
        now, self._step = self._clock(), report.progress.step
        if now - self._drawn_at < REDRAW_EVERY_S and not self._is_said:
            return
        self._drawn_at, self._is_said, step = now, False, self._step
        rate = (step - self._first_step) / max(now - self._began, 1e-9)  # steps a second, evaluation included
        self._progress.update(
            self._task,
            completed=step,
            epoch=f"epoch {_place(report.epoch, self._outline)}",
            scores=self._scores,
            rate=f"{_rate_text(rate)} steps/s",
            left=f"{duration((self._outline.total_steps - step) / rate)} left" if rate else "",
            refresh=True,
        )

    def _scores_text(self, values: Mapping[str, float]) -> str:
        shown = ("loss", "accuracy") if self._with_accuracy else ("loss",)
        found = {name: values.get(f"{OF_BATCHES}{name}") for name in shown}
        return " ".join(f"{name} {figure(value)}" for name, value in found.items() if value is not None)

    def say(self, text: str) -> None:
        """Draws what is done where no step is taken, in the place of epoch and scores, until the next report."""
        now = self._clock()
        if now - self._drawn_at >= REDRAW_EVERY_S:
            self._drawn_at, self._is_said = now, True
            self._progress.update(
                self._task, completed=self._step, epoch=text, scores="", rate="", left="", refresh=True
            )

    @contextmanager
    def away(self) -> Iterator[None]:
        """Takes the bar off the screen for a moment."""
        self._progress.stop()
        yield
        self._progress.start()

    def stop(self) -> None:
        """Takes the bar off the screen for good."""
        self._progress.stop()


def _fitting_bar(outline: Outline, width: int) -> tuple[bool, bool]:
    """Whether there is room for the accuracy, and beside it for the rate."""
    steps = f"{outline.total_steps:,}"
    rest = f"epoch {_place(outline.epochs, outline)} {steps}/{steps} loss 0.1234 12.3 s left "
    room = width - NARROWEST_BAR - len(rest)
    with_accuracy = bool(outline.class_names) and room >= ACCURACY_WIDTH
    return with_accuracy, room - ACCURACY_WIDTH * with_accuracy >= RATE_WIDTH


def _columns(*, with_rate: bool) -> list[ProgressColumn]:
    bar = BarColumn(bar_width=None, complete_style="cyan", finished_style="cyan")
    steps, scores = TextColumn("{task.completed:,.0f}/{task.total:,.0f}"), TextColumn("{task.fields[scores]}")
    rate, left = TextColumn("{task.fields[rate]}", style="dim"), TextColumn("{task.fields[left]}", style="dim")
    shown = [rate, left] if with_rate else [left]
    return [TextColumn("{task.fields[epoch]}"), bar, steps, scores, *shown]


def _rate_text(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
