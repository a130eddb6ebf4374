"""What a person sees of a run: what will run, a live bar and a line for each epoch, the result.

In a terminal with colours and a bar; elsewhere in plain lines. rich decides which, once, by ``Console.is_interactive``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from math import ceil
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, Self

from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from runner.screen.epochs import EpochLines, LiveBar
from runner.screen.plan import outline_lines, outline_panel
from runner.screen.result import (
    MAX_CLASSES,
    TREES,
    class_table,
    confusion_table,
    ending,
    next_commands,
    per_class,
    score_table,
    weights_file,
)
from runner.screen.steps import StepLines, rows_of_an_epoch
from runner.screen.table import Listing
from runner.text import broken, discard, duration, here, message, say, visible

if TYPE_CHECKING:
    from runner.contracts import Outcome, Outline, Report

MOST_LINES = 100  # of epochs; of more, every second, third ... is shown
PLAIN_WIDTH = 120  # columns of tables in a file or a pipe
# styles by the names that are written, each with a contrast of 3.8 to 1 or more on white and on black
READABLE = {
    "dim": "color(243)",
    **{f"{weight}cyan": f"{weight}color(30)" for weight in ("", "bold ")},
    **{f"{weight}green": f"{weight}color(28)" for weight in ("", "bold ")},
    **{f"{weight}magenta": f"{weight}color(164)" for weight in ("", "bold ")},
    **{f"{weight}red": f"{weight}color(160)" for weight in ("", "bold ")},
    "blue": "color(32)",
}
ENDING_STYLES = {"finished": "bold green", "stopped_early": "bold green", "interrupted": "bold magenta"}


class LivePart(Protocol):
    """What stays below the lines, drawn again and again."""

    def away(self) -> AbstractContextManager[None]:
        """Takes it off the screen for a moment."""

    def stop(self) -> None:
        """Takes it off the screen for good."""


class RunConsole:
    """Shows one run: ``start``, ``report`` for each report of the engine, ``finish``; leaving it takes the bar away.

    Output that can no longer be written (a closed pipe, a full disk) ends the show, not the run.
    """

    def __init__(
        self,
        out: Console | None = None,
        err: Console | None = None,
        clock: Callable[[], float] = time.perf_counter,
        *,
        brief: bool = False,
        is_fold: bool = False,
    ):
        self._out = out or console(sys.stdout)
        self._err = err or console(sys.stderr)
        self._clock = clock
        self._brief = brief  # nothing at all: a job among others, whose train.log says everything
        self._is_fold = is_fold  # nothing but the bar and what goes wrong
        self._bar: LiveBar | None = None
        self._live: LivePart | None = None  # the bar, or what another has put in its place

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def start(self, outline: Outline, step: int = 0) -> None:
        """Shows what will run, from ``step`` on, and in a terminal the bar."""
        self.introduce(outline)
        self._num_epochs = outline.epochs
        self._epochs = EpochLines(outline, self._out.width if self._out.is_interactive else None)
        step_rows = outline.batch_size * outline.accumulate_steps
        rows = rows_of_an_epoch(outline.split_sizes["train"], outline.steps_per_epoch, step_rows)
        self._steps = StepLines(outline.print_every_steps, rows)
        self._epoch_began = self._clock()
        if self._out.is_interactive and not self._brief:
            self._bar = LiveBar(self._out, outline, step, self._clock)
            self.keep(self._bar)

    def keep(self, live: LivePart) -> None:
        """Has ``live`` stay below the lines, until ``close``."""
        self._live = live

    def introduce(self, outline: Outline) -> None:
        """Shows what will run."""
        place = ("run", here(outline.run_dir))
        if self._out.is_interactive:
            self.show(outline_panel(outline, self._out.width), Text.assemble((place[0], "dim"), f"  {place[1]}"))
            return
        self.show(*(Text(f"{label:<10}{text}") for label, text in [*outline_lines(outline), place]))
        if outline.hint:
            self.show(*self._broken(outline.hint))

    def report(self, report: Report, *, best: bool = False) -> None:
        """Moves the bar; leaves the lines of steps and epochs, that of an epoch marked where it is the ``best`` so far.

        Of many epochs only some leave a line.
        """
        if self._bar is not None:
            self.guarded(partial(self._bar.update, report))
        self.show(*self._steps.lines(report))
        if report.epoch_end:
            now = self._clock()
            seconds, self._epoch_began = now - self._epoch_began, now
            if report.epoch == 1 or report.epoch % ceil(self._num_epochs / MOST_LINES) == 0:
                self.show(*self._epochs.lines(report, seconds, best=best))

    def busy(self, text: str) -> None:
        """Says beside the bar what takes the time while no step is taken; nothing where there is no bar."""
        if self._bar is not None:
            self.guarded(partial(self._bar.say, text))

    def finish(self, outline: Outline, outcome: Outcome, logdir: Path | None, remarks: Sequence[str] = ()) -> None:
        """Shows how it went, on which classes, the ``remarks`` on it, where everything is and what to type next."""
        self.close()
        style = ENDING_STYLES.get(outcome.status, "bold red")
        self.show(Text(), Text(ending(outline, outcome), style=style))
        self.scores(outline, outcome)
        commands = next_commands(outline, outcome, logdir)
        self.show_end(
            remarks, outline.run_dir, f"checkpoints/{weights_file(outline, outcome)}  metrics.jsonl", commands
        )

    def show_end(self, remarks: Sequence[str], run_dir: Path, files: str, commands: Sequence[str]) -> None:
        """Shows the ``remarks``, where everything is and what to type next."""
        if remarks:
            self.show(Text(), *(line for remark in remarks for line in self._broken(remark, "cyan")))
        self.show(Text(), Text("written to", style="dim"), Text(f"  {here(run_dir)}"))
        self.show(Text(f"  {files}  summary.json", style="dim"), Text("next", style="dim"))
        self.show(*(Text(f"  {command}", style="cyan") for command in commands))

    def scores(self, outline: Outline, outcome: Outcome) -> None:
        """Shows the metrics of every split, and the classes of the judged one where they are few enough to read."""
        if outcome.best:
            self.show(Text(), score_table(outline, outcome))
        for name, seconds in outcome.trees_seconds.items():
            self.show(Text(f"{TREES[name]}: fitted and scored in {duration(seconds)}", style="dim"))
        if outcome.linear_left_out:
            self.show(Text(f"no linear model beside it: {outcome.linear_left_out}", style="dim"))
        for line in outcome.trees_left_out:
            self.show(Text(f"no trees beside it: {line}", style="dim"))
        self.show_classes(outline.class_names, outcome.confusion, outcome.judged_split)

    def show_classes(self, names: Sequence[str], confusion: Sequence[Sequence[int]], split: str) -> None:
        """The report of each class and the confusion matrix, side by side where they fit; nothing of many classes."""
        if not confusion or len(confusion) > MAX_CLASSES:
            return
        classes = class_table(names, per_class(confusion), split)
        matrix = confusion_table(names, confusion, self._out.width)
        if matrix is None:
            self.show(Text(), classes)
            return
        needed = sum(Measurement.get(self._out, self._out.options, table).maximum for table in (classes, matrix))
        if needed + 4 > self._out.width:
            self.show(Text(), classes, Text(), matrix)
            return
        beside = Table.grid(padding=(0, 4, 0, 0))
        beside.add_row(classes, matrix)
        self.show(Text(), beside)

    def note(self, text: str) -> None:
        """Says ``text`` on standard output."""
        self.show(*self._broken(text, "dim"))

    def _broken(self, text: str, style: str = "") -> list[Text]:
        """In a terminal in lines that end between words; whole elsewhere."""
        lines = broken(text, self._out.width) if self._out.is_interactive else [text]
        return [Text(line, style=style) for line in lines]

    def warn(self, text: str) -> None:
        """Says ``text`` on standard error."""
        self._say(f"warning: {message(text)}", "magenta")

    def wrong(self, text: str) -> None:
        """Says on standard error what is wrong with one of many inputs; the others go on."""
        self._say(f"error: {message(text)}", "red")

    def _say(self, text: str, style: str) -> None:
        if self._brief:
            return
        lines = broken(text, self._err.width) if self._err.is_interactive else [text]
        try:
            with self._live.away() if self._live is not None else nullcontext():
                self._err.print(Text("\n".join(lines), style=style), soft_wrap=True)
        except OSError:  # standard error itself: nobody is left to tell
            discard(self._err.file)

    def close(self) -> None:
        """Takes the live part off the screen; nothing where there is none."""
        if self._live is not None:
            self.guarded(self._live.stop)
            self._live = self._bar = None

    def show(self, *lines: RenderableType) -> None:
        """Puts the lines on standard output."""
        for line in () if self._brief or self._is_fold else lines:
            self.guarded(partial(self._out.print, line, soft_wrap=isinstance(line, Text)))

    def guarded(self, show: Callable[[], None]) -> None:
        """Shows, and where that cannot be written any more shows nothing from now on."""
        try:
            show()
        except OSError as error:
            self._out.quiet = True
            discard(self._out.file)
            self.warn(f"standard output: {error.strerror}; the run goes on, nothing more is shown")


class _Console(Console):
    """A console that shows control characters, and reports a closed pipe like any other failure to write."""

    def on_broken_pipe(self) -> None:
        raise

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        segments = super().render(renderable, options)
        for segment in segments if self.is_terminal else without_trailing_blanks(segments):
            is_ours = segment.control or segment.text == "\n" or segment.text.isprintable()
            yield segment if is_ours else Segment("\n".join(map(visible, segment.text.split("\n"))), segment.style)


def without_trailing_blanks(segments: Iterable[Segment]) -> Iterator[Segment]:
    """A table is as wide as its widest row, which in a file shows as blanks at the ends of the others."""
    held: list[Segment] = []
    for segment in segments:
        text = segment.text if segment.control else segment.text.rstrip(" ")
        if text and text != "\n":
            yield from held
        if text:
            yield segment._replace(text=text)
            held = []
        held.append(Segment(segment.text[len(text) :], segment.style))


def console(stream: IO[str]) -> Console:
    """rich's console on standard output or error, which takes text as it is: no markup, no guessed colours."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")  # a class named in Hangul on an ASCII terminal
    made = _Console(
        stderr=stream is sys.stderr,
        markup=False,
        highlight=False,
        emoji=False,
        theme=Theme(READABLE),
        force_interactive=None if stream.isatty() else False,  # FORCE_COLOR, set in notebooks, asks for colours alone
    )
    if not made.is_terminal:
        made.width = max(made.width, PLAIN_WIDTH)
    return made


def draw(listing: Listing) -> None:
    """The listing on standard output: with rich in a terminal, as aligned plain lines elsewhere."""
    if sys.stdout.isatty():
        console(sys.stdout).print(listing)
    else:
        say(*listing.lines())
