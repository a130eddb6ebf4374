"""What a person sees of the folds of one command: a line for each, at the end all of them and their mean."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from runner.runs.directory import RunDirectory
from runner.runs.saved_run import SavedRun
from runner.runs.summary import PREDICTIONS, deviations, mean_outcome, read_outcome
from runner.screen.console import RunConsole
from runner.screen.remarks import verdict
from runner.screen.result import MAX_CLASSES
from runner.screen.table import bare_table
from runner.text import counted, duration, figure, here

if TYPE_CHECKING:
    from runner.config.run_config import Config
    from runner.contracts import Outcome, Outline

HELD_OUT = ("test/", "val/")


class FoldConsole:
    """``introduce`` what will run, ``fold`` after each of them, ``finish``; ``brief`` says nothing."""

    def __init__(self, config: Config, directory: RunDirectory, *, brief: bool):
        self.config = config
        self.directory = directory
        self.console = RunConsole(brief=brief)
        self.brief = brief
        self.is_introduced = False
        self.notes: list[str] = []  # said
        self.outcomes: list[Outcome] = []
        self.class_names: Sequence[str] = ()

    def introduce(self, outline: Outline) -> None:
        """Shows what will run, once, and what is new in how the data was read."""
        if self.brief:
            return
        new = [note for note in outline.notes if note not in self.notes]
        self.notes += new
        if not self.is_introduced:
            self.console.introduce(outline)
        for note in new:
            self.console.note(note)
        if not self.is_introduced:
            self.console.show(Text())
        self.is_introduced = True

    def fold(self, number: int) -> None:
        """A line with its scores; it is done now, or was before."""
        fold = SavedRun(self.directory.fold(number))
        outcome = read_outcome(fold)
        self.outcomes.append(outcome)
        self.class_names = fold.summary.get("class_names", [])
        if not self.brief:
            scores = [f"{name} {figure(outcome.best[name])}" for name in held_out(outcome.best)]
            self.console.show(Text("  ".join([f"fold {number}", *scores, duration(outcome.seconds)])))

    def finish(self) -> None:
        """The table of all folds, the report of each class, what is known of it, where everything is."""
        if self.brief:
            return
        mean, path = mean_outcome(self.outcomes), here(self.directory.path)
        head = f"{counted(len(self.outcomes), 'fold')} finished after {duration(mean.seconds)}"
        self.console.show(Text(), Text(head, style="bold green"), Text())
        show_folds(self.console, self.outcomes, self.class_names)
        if remarks := verdict(self.config.reference, [], mean.best):
            self.console.show(Text(), *(Text(line, style="cyan") for line in remarks))
        files = f"  fold-0 to fold-{len(self.outcomes) - 1}  {PREDICTIONS}  summary.json"
        self.console.show(Text(), Text("written to", style="dim"), Text(f"  {path}"), Text(files, style="dim"))
        commands = [["tensorboard", "--logdir", path]] * (self.config.tensorboard != "off")
        commands.append(["python", "-m", "runner", "eval", path])
        self.console.show(Text("next", style="dim"))
        self.console.show(*(Text(f"  {shlex.join(command)}", style="cyan") for command in commands))


def show_folds(console: RunConsole, outcomes: Sequence[Outcome], class_names: Sequence[str]) -> None:
    """The scores of each fold with their mean and deviation; the classes over the test rows of all."""
    console.show(fold_table(outcomes))
    mean = mean_outcome(outcomes)
    if mean.confusion and len(mean.confusion) <= MAX_CLASSES:
        console.show(Text(), *console.class_report(class_names, mean.confusion, "every fold's test"))


def fold_table(outcomes: Sequence[Outcome]) -> Table:
    """A row for each fold, then mean, deviation and baselines; a column for each held-out metric."""
    mean, deviation = mean_outcome(outcomes), deviations(outcomes)
    names = held_out(mean.best)
    table = bare_table(["fold", *names])
    for fold, outcome in enumerate(outcomes):
        table.add_row(str(fold), *_cells(names, outcome.best))
    table.add_row("mean", *_cells(names, mean.best), style="bold")
    table.add_row("sd", *_cells(names, deviation), style="dim")
    answer = "majority class" if mean.confusion else "mean of train"
    for name, scores in ((answer, mean.baseline), ("linear model", mean.linear)):
        if scores:
            of_split = {f"{mean.judged_split}/{metric}": value for metric, value in scores.items()}
            table.add_row(name, *_cells(names, of_split), style="dim")
    return table


def held_out(best: Mapping[str, float]) -> list[str]:
    """The metrics of rows that were not trained on, test before val."""
    return [name for split in HELD_OUT for name in best if name.startswith(split)]


def _cells(names: Sequence[str], values: Mapping[str, float]) -> list[str]:
    return [figure(values[name]) if name in values else "" for name in names]
