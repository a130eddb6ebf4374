"""The live line at the bottom of a terminal while a run trains; it vanishes when it stops."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn

from runner.text import duration, figure

if TYPE_CHECKING:
    from runner.contracts import Outline, Report

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
