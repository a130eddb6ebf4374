"""What a person sees of the folds of one command, and of runs measured again: scores, of folds with their mean."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from rich.text import Text

from runner.errors import DataError
from runner.experiment.assemble import ReadOnce
from runner.experiment.plan import outline
from runner.experiment.rebuild import rebuild_to_read
from runner.experiment.scoring import judge
from runner.runs.directory import RunDirectory
from runner.runs.saved_run import SavedRun
from runner.runs.summary import PREDICTIONS, deviations, is_done, mean_outcome, read_outcome
from runner.screen.console import RunConsole
from runner.screen.result import TREES, verdict
from runner.screen.table import Fitting, bare_table
from runner.text import counted, duration, figure, here, program

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
        self.notes: list[str] | None = None  # those that were said; None before the first fold
        self.outcomes: list[Outcome] = []
        self.class_names: Sequence[str] = ()

    def introduce(self, plan: Outline) -> None:
        """Shows what will run, once, and what is new in how the data was read."""
        is_first, said = self.notes is None, self.notes or []
        new = [note for note in plan.notes if note not in said]
        self.notes = [*said, *new]
        if is_first:
            self.console.introduce(plan)
        for note in new:
            self.console.note(note)
        if is_first:
            self.console.show(Text())

    def fold(self, number: int) -> None:
        """A line with its scores; it is done now, or was before."""
        fold = SavedRun(self.directory.fold(number))
        outcome = read_outcome(fold)
        self.outcomes.append(outcome)
        self.class_names = fold.summary.get("class_names", [])
        scores = [f"{name} {figure(outcome.best[name])}" for name in held_out(outcome.best)]
        self.console.show(Text("  ".join([f"fold {number}", *scores, duration(outcome.seconds)])))

    def finish(self) -> None:
        """The table of all folds, the report of each class, what is known of it, where everything is."""
        mean, path = mean_outcome(self.outcomes), here(self.directory.path)
        head = f"{counted(len(self.outcomes), 'fold')} finished after {duration(mean.seconds)}"
        self.console.show(Text(), Text(head, style="bold green"), Text())
        show_folds(self.console, self.outcomes, self.class_names)
        commands = [] if self.config.tensorboard == "off" else [f"tensorboard --logdir {shlex.quote(path)}"]
        commands.append(f"{program()} eval {shlex.quote(path)}")
        files = f"fold-0 to fold-{len(self.outcomes) - 1}  {PREDICTIONS}"
        self.console.show_end(verdict(self.config, [], mean.best), self.directory.path, files, commands)


def show_folds(console: RunConsole, outcomes: Sequence[Outcome], class_names: Sequence[str]) -> None:
    """The scores of each fold with their mean and deviation; the classes over the test rows of all."""
    console.show(fold_table(outcomes))
    console.show_classes(class_names, mean_outcome(outcomes).confusion, "every fold's test")


def fold_table(outcomes: Sequence[Outcome]) -> Fitting:
    """A row for each fold, then mean, deviation and baselines; a column for each held-out metric."""
    mean = mean_outcome(outcomes)
    names = held_out(mean.best)
    answer = "majority class" if mean.confusion else "mean of train"
    baselines = {
        name: {f"{mean.judged_split}/{metric}": value for metric, value in scores.items()}
        for name, scores in (
            (answer, mean.baseline),
            ("linear model", mean.linear),
            *((TREES[name], scores) for name, scores in mean.trees.items()),
        )
        if scores
    }
    rows = {
        **{str(fold): (outcome.best, "") for fold, outcome in enumerate(outcomes)},
        "mean": (mean.best, "bold"),
        **{name: (values, "dim") for name, values in {"sd": deviations(outcomes), **baselines}.items()},
    }
    table = bare_table(["fold", *names])
    for head, (values, style) in rows.items():
        cells = (figure(values[name]) if name in values else "" for name in names)
        table.add_row(head, *cells, style=style)
    return Fitting(table)


def held_out(best: Mapping[str, float]) -> list[str]:
    """The metrics of rows that were not trained on, test before val."""
    return [name for split in HELD_OUT for name in best if name.startswith(split)]


def show_scores(stored: SavedRun) -> None:
    """A run's checkpoint measured again: on every split of the run, or of each of its folds that is done.

    Raises DataError where no fold is.
    """
    console = RunConsole()
    if not stored.folds:
        rebuilt = rebuild_to_read(stored, console.warn)
        outcome, where = judge(rebuilt.experiment, rebuilt.saved).outcome, rebuilt.experiment.choice.device
        step, epoch = outcome.best["step"], outcome.best["epoch"]
        console.note(f"{rebuilt.checkpoint}.pt of step {step}, epoch {epoch}, on {where}")
        console.scores(outline(rebuilt.experiment, stored.directory.path), outcome)
        return
    done = list(takewhile(is_done, stored.folds))
    if not done:
        raise DataError(f"{stored.directory.path}: no fold is done yet; go on with it: resume")
    for fold in stored.folds[len(done) :]:
        console.warn(f"fold {fold.config.fold} is not done yet and left out; go on with it: resume")
    read, outcomes = ReadOnce(), []
    for fold in done:
        rebuilt = rebuild_to_read(fold, console.warn, read)
        outcomes.append(judge(rebuilt.experiment, rebuilt.saved).outcome)
        console.note(f"fold {fold.config.fold}: {rebuilt.checkpoint}.pt of step {outcomes[-1].best['step']}")
    show_folds(console, outcomes, rebuilt.experiment.data.class_names)
