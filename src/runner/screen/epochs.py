"""The epochs of a run as they pass: a live bar, and one permanent line for each, with the names of its values."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
from rich.text import Text

from runner.text import duration, figure

if TYPE_CHECKING:
    from runner.contracts import Outline, Report

SPLITS = ("train", "val", "test")
VALUE_WIDTH = 7  # columns of a negative figure
GAP = "  "
BEST = "* best"
TAIL_WIDTH = len(GAP + "12.3 s" + GAP + BEST)
NO_VALUE = "-"
RATE = "lr"


class EpochTable:
    """The lines of a terminal. Where not every metric fits beside the others, the least telling are left out."""

    def __init__(self, epochs: int, monitor: str, width: int, remark_width: int = 0, *, with_rate: bool):
        self._with_rate = with_rate
        self._epochs = epochs
        self._monitor = monitor
        self._width = width - remark_width
        self._seen: list[str] = []
        self._columns: list[str] = []

    def lines(
        self, epoch: int, values: Mapping[str, float], seconds: float, *, best: bool, remark: str = ""
    ) -> list[Text]:
        """The line of ``epoch``; before it the head, where there is none yet or a metric is new."""
        new = [name for name in told(values, with_rate=self._with_rate) if name not in self._seen]
        if new:
            self._seen = told([*self._seen, *new], with_rate=self._with_rate)
            self._columns = self._fitting(self._seen)
        return [self._head()] * bool(new) + [self._line(epoch, values, seconds, best, remark)]

    def _head(self) -> Text:
        names = [name.rjust(_column_width(name)) for name in self._columns]
        return Text(GAP.join([self._epoch_head(), *names, "  time"]), style="dim")

    def _line(self, epoch: int, values: Mapping[str, float], seconds: float, best: bool, remark: str) -> Text:
        line = Text(f"{epoch}/{self._epochs}".rjust(len(self._epoch_head())))
        for name in self._columns:
            value = as_text(name, values[name]) if name in values else NO_VALUE
            style = "bold green" if best and name == self._monitor else ""
            line.append(GAP + value.rjust(_column_width(name)), style)
        line.append(GAP + duration(seconds).rjust(6), "dim")
        line.append(GAP + (BEST if best else " " * len(BEST)) if best or remark else "", "bold green")
        return line.append(GAP * bool(remark) + remark, "cyan")

    def _epoch_head(self) -> str:
        return "epoch".rjust(2 * len(str(self._epochs)) + 1)

    def _fitting(self, names: Sequence[str]) -> list[str]:
        """``names`` without the least telling ones: the monitor stays longest, then losses, then what is held out."""

        def place(name: str) -> tuple[bool, ...]:
            return name != self._monitor, name == RATE, not name.endswith("/loss"), name.startswith("train/")

        kept = sorted(names, key=place)
        room = self._width - len(self._epoch_head()) - TAIL_WIDTH
        while len(kept) > 1 and sum(len(GAP) + _column_width(name) for name in kept) > room:
            kept.pop()
        return [name for name in names if name in kept]


def plain_line(
    epoch: int,
    epochs: int,
    values: Mapping[str, float],
    seconds: float,
    *,
    best: bool,
    remark: str = "",
    with_rate: bool,
) -> str:
    """The line of ``epoch`` for a file: ``epoch  3/10  train/loss 0.1234  val/loss 0.1102  1.2 s  * best``."""
    number = f"epoch {epoch:>{len(str(epochs))}}/{epochs}"
    pairs = [f"{name} {as_text(name, values[name]):>6}" for name in told(values, with_rate=with_rate)]
    return GAP.join([number, *pairs, duration(seconds), *[BEST] * best, *[remark] * bool(remark)])


def told(names: Mapping[str, float] | Sequence[str], *, with_rate: bool) -> list[str]:
    """The metrics of a split among ``names``: train before val before test, the loss first; then the learning rate."""
    named = [name for name in names if name.partition("/")[0] in SPLITS and name != "train/batch_loss"]
    in_order = sorted(named, key=lambda name: (SPLITS.index(name.partition("/")[0]), not name.endswith("/loss")))
    return [*in_order, *[RATE] * (with_rate and RATE in names)]


def as_text(name: str, value: float) -> str:
    """The rate as it is typed, in three digits: 0.00095."""
    return f"{value:.3g}" if name == RATE else figure(value)


def _column_width(name: str) -> int:
    return max(len(name), VALUE_WIDTH)


REDRAW_EVERY_S = 0.2  # one drawing takes 0.5 to 1 ms, which must stay below 1 % of training
NARROW = 72  # columns of a terminal that has no room for the rate


class LiveBar:
    """Epoch, step, loss, rate and time left. Only ``update`` redraws it: a thread would take turns with torch."""

    def __init__(self, console: Console, outline: Outline, step: int, clock: Callable[[], float]):
        self._outline = outline
        self._clock = clock
        self._first_step, self._began = step, clock()
        self._drawn_at = -REDRAW_EVERY_S
        self._loss = ""
        self._progress = Progress(
            *_columns(console.width),
            console=console,
            auto_refresh=False,
            transient=True,
            expand=True,
            redirect_stderr=sys.stderr.isatty(),
        )
        epoch = self._epoch_text(1 + step // outline.steps_per_epoch)
        self._task = self._progress.add_task(
            "", total=outline.total_steps, completed=step, epoch=epoch, loss="", rate="", left=""
        )
        self._progress.start()

    def update(self, report: Report) -> None:
        """Draws what ``report`` says, unless the last drawing is too fresh for an eye."""
        loss = report.values.get("train/batch_loss")
        if loss is not None:
            self._loss = f"loss {figure(loss)}"
        now = self._clock()
        if now - self._drawn_at < REDRAW_EVERY_S:
            return
        self._drawn_at = now
        step = report.progress.step
        rate = (step - self._first_step) / max(now - self._began, 1e-9)  # steps a second, evaluation included
        self._progress.update(
            self._task,
            completed=step,
            epoch=self._epoch_text(report.epoch),
            loss=self._loss,
            rate=f"{_rate_text(rate)} steps/s",
            left=f"{duration((self._outline.total_steps - step) / rate)} left" if rate else "",
            refresh=True,
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

    def _epoch_text(self, epoch: int) -> str:
        epochs = self._outline.epochs
        return f"epoch {min(epoch, epochs):>{len(str(epochs))}}/{epochs}"


def _columns(width: int) -> list[ProgressColumn]:
    bar = BarColumn(bar_width=None, complete_style="cyan", finished_style="cyan")
    steps, loss = TextColumn("{task.completed:,.0f}/{task.total:,.0f}"), TextColumn("{task.fields[loss]}")
    rate, left = TextColumn("{task.fields[rate]}", style="dim"), TextColumn("{task.fields[left]}", style="dim")
    return [TextColumn("{task.fields[epoch]}"), bar, steps, loss, *[rate] * (width >= NARROW), left]


def _rate_text(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
