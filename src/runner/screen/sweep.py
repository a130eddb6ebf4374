"""A sweep on its way: what its jobs share, a line for each that has ended, and below them, live, those that run."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.text import Text

from runner.runs.ranking import differing
from runner.screen.console import RunConsole, console
from runner.screen.epochs import NO_VALUE, REDRAW_EVERY_S, VALUE_WIDTH
from runner.screen.table import Fitting, bare_table
from runner.text import counted, duration, figure, here, message, short_names, visible

GAP = "  "
LABEL_WIDTH = 10  # as before a run
DURATION_WIDTH = len("12 min 05 s")
OTHER_LINES = 8  # of the live part, besides its jobs
ENDED_STYLES = {"failed": "red", "interrupted": "magenta"}

Settings = Mapping[str, str]


@dataclass(frozen=True)
class SweepPlan:
    """What is known of a sweep before its first job; ``jobs`` are all that belong to it, the finished ones too."""

    jobs: Mapping[int, Settings]  # by number, what tells a job from the others: {"model": "mlp", "lr": "0.1"}
    common: Settings  # what all of them say
    monitor: str
    folder: Path
    threads: int  # of each job
    jobs_at_a_time: int
    size: str = ""  # on disk, expected: "about 24 MB", "about 24 MB more" where some of the jobs are there already
    search: Sequence[tuple[str, Sequence[str]]] = ()  # label and cells of each line on what is searched
    num_to_come: int = 0  # jobs of a search that are not known yet; ``jobs`` grows by them


@dataclass(frozen=True)
class RunningJob:
    number: int
    epoch: int = 0  # the last that has ended
    epochs: int | None = None
    monitor: float | None = None  # the best so far
    seconds_left: float | None = None


@dataclass(frozen=True)
class EndedJob:
    number: int
    status: str  # finished, stopped_early, pruned, failed or interrupted
    seconds: float
    folder: Path
    monitor: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class SweepState:
    """Where every job stands; a job waits, runs, or has ended in one of four ways."""

    running: Sequence[RunningJob]
    waiting: int
    finished: int
    failed: int = 0
    interrupted: int = 0
    pruned: int = 0
    seconds_left: float | None = None


def shared_and_own(jobs: Mapping[int, Settings]) -> tuple[dict[str, str], dict[int, dict[str, str]]]:
    """(what all jobs say, by number what tells each from the others) of the settings as they were typed."""
    own = differing(list(jobs.values()), besides=())
    short = short_names(own)
    common = {name: value for job in jobs.values() for name, value in job.items() if name not in own}
    apart = {number: {short[name]: job[name] for name in own if name in job} for number, job in jobs.items()}
    return common, apart


class SweepConsole:
    """``begin``, ``begun`` and ``ended`` for each job, between them ``show``; ``close`` takes the live part away.

    Live in a terminal alone. Elsewhere a job leaves one line when it starts and one when it ends.
    """

    def __init__(
        self,
        out: Console | None = None,
        err: Console | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ):
        self._out = out or console(sys.stdout)
        self.console = RunConsole(self._out, err, clock)
        self._clock = clock
        self._table: LiveTable | None = None

    def begin(self, plan: SweepPlan) -> None:
        """Shows what all jobs have in common."""
        self._plan, self._num_jobs = plan, len(plan.jobs) + plan.num_to_come
        self._settings_width = max((cell_len(_pairs(each)) for each in plan.jobs.values()), default=0)
        self._is_live = is_live(self._out)
        room = self._out.width - LABEL_WIDTH if self._is_live else None
        for label, cells, gap in _introduction(plan):
            for line in _filled(cells, room, gap, hang=""):
                self.console.show(Text.assemble((f"{label:<{LABEL_WIDTH}}", "dim"), line))
                label = ""
        self.console.show(Text())
        if self._is_live:
            self._table = LiveTable(self._out, plan, self._clock)
            self.console.keep(self._table)

    def begun(self, job: RunningJob) -> None:
        """A line where no table shows that it runs; of a search, the job is known from now on."""
        self._settings_width = max(self._settings_width, cell_len(_pairs(self._plan.jobs[job.number])))
        if not self._is_live:
            how = f"goes on after epoch {job.epoch}" if job.epoch else "started"
            self._leave([*self._head(job.number), how])

    def ended(self, job: EndedJob) -> None:
        """Leaves its line: the score; or in red why it failed, and its folder."""
        if job.status not in ENDED_STYLES:
            score = "" if job.monitor is None else f"{self._plan.monitor} {figure(job.monitor)}{GAP}"
            stopped = [f"stopped {job.reason}"] if job.status == "pruned" else []  # halving may go on with it
            self._leave([*self._head(job.number), score + duration(job.seconds), *stopped])
        elif self._is_live:
            self._not_finished_live(job, ENDED_STYLES[job.status])
        else:
            reason = "; ".join(map(str.strip, message(job.reason).splitlines())).replace(".; ", ". ")
            end = f"{job.status} after {duration(job.seconds)}{': ' if reason else ''}{reason}"
            self._leave([*self._head(job.number), end, here(job.folder)], ENDED_STYLES[job.status])

    def _not_finished_live(self, job: EndedJob, style: str) -> None:
        """The reason behind it where it fits there, else in lines of its own; below it the folder."""
        cells = [*self._head(job.number), f"{job.status} after {duration(job.seconds)}"]
        reason = message(job.reason)
        is_short = reason and "\n" not in reason and cell_len(f"{GAP.join(cells)}: {reason}") <= self._out.width
        self._leave([*cells[:-1], f"{cells[-1]}: {reason}"] if is_short else cells, style)
        if reason and not is_short:
            self.console.show(Padding(Text(reason, style), (0, 0, 0, len(GAP))))
        self.console.show(Text(GAP + here(job.folder), style))

    def show(self, state: SweepState) -> None:
        """Draws the live part, unless the last drawing is too fresh for an eye; nothing where there is none."""
        if self._table is not None:
            table = self._table
            self.console.guarded(lambda: table.update(state))

    def note(self, text: str) -> None:
        self.console.note(text)

    def warn(self, text: str) -> None:
        self.console.warn(text)

    def close(self) -> None:
        """Takes the live part off the screen; nothing where there is none."""
        self.console.close()
        self._table = None

    def _head(self, number: int) -> list[str]:
        count, settings = self._num_jobs, _pairs(self._plan.jobs[number])
        place, width = f"job {number:>{len(str(count))}} of {count}", self._settings_width
        return [place, settings + " " * (width - cell_len(settings))] if width else [place]

    def _leave(self, cells: Sequence[str], style: str = "") -> None:
        """One line of the cells; in a terminal too narrow for it, as many as are needed, no cell broken."""
        width = self._out.width if self._is_live else None
        if width and cell_len(GAP.join(cells)) > width:
            head, *others = map(str.strip, cells)
            self.console.show(*(Text(line, style) for line in _filled([head, *others], width)))
            return
        self.console.show(Text(GAP.join(cells), style))


def is_live(out: Console) -> bool:
    """Whether lines can be taken back there; who asks for no colours, and a job of CI, get lines that stay."""
    return out.is_interactive and not out.no_color and not os.environ.get("CI")


def _introduction(plan: SweepPlan) -> Iterator[tuple[str, list[str], str]]:
    """(label, cells, what stands between them) of each line."""
    together = [f"{plan.jobs_at_a_time:,} at a time"] if plan.jobs_at_a_time > 1 else []
    size = [f"{plan.size} on disk"] if plan.size else []
    how = [counted(len(plan.jobs) + plan.num_to_come, "job"), *together, f"{counted(plan.threads, 'thread')} each"]
    yield "sweep", [*how, f"compared by {plan.monitor}", *size], GAP
    yield from ((label, list(cells), GAP) for label, cells in plan.search)
    if plan.common:
        yield "all with", [_common(name, value) for name, value in plan.common.items()], " "
    yield "folder", [here(plan.folder)], GAP


def _common(name: str, value: str) -> str:
    """As it was typed: of a file of one's own, which stands there by its whole path in quotes, the path alone."""
    path = Path(value.strip("'"))
    return here(path) if name == "experiment" and path.is_absolute() else f"{name}={visible(value)}"


def _pairs(settings: Settings) -> str:
    return " ".join(f"{name}={visible(value)}" for name, value in settings.items())


def _filled(cells: Sequence[str], width: int | None, gap: str = GAP, hang: str = GAP) -> list[str]:
    """The cells in lines of at most ``width``, each but the first behind ``hang``; a cell is never broken."""
    first, *others = cells
    lines = [first]
    for cell in others:
        longer = lines[-1] + gap + cell
        if width is None or cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(hang + cell)
    return lines


class LiveTable:
    """The running jobs and what is left to do. Only ``update`` redraws it: a thread would be forked with the jobs."""

    def __init__(self, console: Console, plan: SweepPlan, clock: Callable[[], float]):
        self._console, self._plan, self._clock = console, plan, clock
        self._drawn_at = -REDRAW_EVERY_S
        self._live = self._begun()

    def _begun(self) -> Live:
        """It leaves ``sys.stdout`` alone: jobs that are forked meanwhile print to files of their own."""
        live = Live(
            console=self._console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        live.start()
        return live

    def update(self, state: SweepState) -> None:
        now = self._clock()
        if now - self._drawn_at >= REDRAW_EVERY_S:
            self._drawn_at = now
            self._live.update(self._drawn(state), refresh=True)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Takes the table off the screen for a moment."""
        self._live.stop()
        yield
        self._live = self._begun()  # one that is started again would take away the lines above it

    def stop(self) -> None:
        self._live.stop()

    def _drawn(self, state: SweepState) -> Group:
        room = max(1, self._console.height - OTHER_LINES)
        shown = state.running[:room]
        parts: list[RenderableType] = [Text()]
        if shown:
            parts.append(self._jobs(shown))
        if left := len(state.running) - len(shown):
            parts.append(Text(f"{left:,} more running", style="dim"))
        parts += (Text(line, style="bold") for line in _filled(_counts(state), self._console.width))
        return Group(*parts)

    def _widths(self) -> dict[str, int]:
        """Of the column of each setting: what is the widest of all known jobs."""
        known = self._plan.jobs.values()
        names = dict.fromkeys(name for settings in known for name in settings)
        return {name: max(cell_len(visible(settings.get(name, ""))) for settings in known) for name in names}

    def _jobs(self, jobs: Sequence[RunningJob]) -> Fitting:
        monitor, widths = self._plan.monitor, self._widths()
        settings = list(widths)
        heads = ["job", *settings, "epoch", monitor, "left"]
        rows = [
            [str(job.number), *(self._plan.jobs[job.number].get(name, "") for name in settings), *_progress(job)]
            for job in jobs
        ]
        numbers = [index for index, _ in enumerate(heads) if not 0 < index <= len(settings)]
        table = bare_table(heads, rows, numbers)
        epoch_width = max(2 * len(str(job.epochs or "")) + 1 for job in jobs)
        last = {"epoch": epoch_width, monitor: VALUE_WIDTH, "left": DURATION_WIDTH}
        for column, width in zip(table.columns[1:], [*widths.values(), *last.values()], strict=True):
            column.no_wrap, column.min_width = True, width  # else the columns would move at every drawing
        return Fitting(table, tuple(last))


def _progress(job: RunningJob) -> list[str]:
    epoch = f"{job.epoch}/{job.epochs}" if job.epochs else str(job.epoch or NO_VALUE)
    monitor = NO_VALUE if job.monitor is None else figure(job.monitor)
    return [epoch, monitor, NO_VALUE if job.seconds_left is None else duration(job.seconds_left)]


def _counts(state: SweepState) -> list[str]:
    counts = {"running": len(state.running), "waiting": state.waiting, "done": state.finished, "failed": state.failed}
    counts |= {name: count for name in ("interrupted", "pruned") if (count := getattr(state, name))}
    left = [] if state.seconds_left is None else [f"{duration(state.seconds_left)} left"]
    return [*(f"{count:,} {name}" for name, count in counts.items()), *left]
