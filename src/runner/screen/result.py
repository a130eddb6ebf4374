"""How a run ended: scores beside the baseline, the report of each class, what is remarkable, what to try next."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from runner.screen.table import Fitting, bare_table
from runner.text import counted, duration, figure, here, program, shortened

if TYPE_CHECKING:
    from runner.config.run_config import Config, Reference
    from runner.contracts import Outcome, Outline

MAX_CLASSES = 20
LONGEST_NAME = 16  # columns of a class name in a table
NOTABLE_FRACTION = 0.05  # of the rows of a class
NO_SCORE = "-"
TREES = {"hist": "trees", "catboost": "CatBoost", "xgboost": "XGBoost"}  # how the ensembles of a run are called
LEARNED = 0.1  # share of its first loss below which a batch counts as learned


@dataclass(frozen=True)
class ClassScore:
    """How well one class was told from the others."""

    precision: float
    recall: float
    f1: float
    support: int  # rows that truly are of the class


def per_class(confusion: Sequence[Sequence[int]]) -> list[ClassScore]:
    """The score of each class from the counts [true][predicted]; a ratio of nothing is 0."""
    scores = []
    for k, row in enumerate(confusion):
        hits, support, predicted = row[k], sum(row), sum(other[k] for other in confusion)
        f1 = _ratio(2 * hits, support + predicted)
        scores.append(ClassScore(_ratio(hits, predicted), _ratio(hits, support), f1, support))
    return scores


def ending(outline: Outline, outcome: Outcome) -> str:
    """One line: how the run ended, after how long, and which epoch is the best."""
    text = f"{outcome.status.replace('_', ' ')} after {duration(outcome.seconds)}"
    if "epoch" in outcome.best:
        is_chosen = not _is_unchosen(outline, outcome)
        which = f"best by {outline.monitor}" if is_chosen else f"{outline.monitor} is NaN, last"
        text += f"; {which}: epoch {outcome.best['epoch']:.0f}, step {outcome.best['step']:,.0f}"
    return text


def _is_unchosen(outline: Outline, outcome: Outcome) -> bool:
    """Whether no epoch had a value to be the best by; the last one was measured."""
    return math.isnan(outcome.best.get(outline.monitor, 0.0))


def score_table(outline: Outline, outcome: Outcome) -> Fitting:
    """A row for each metric: its value on each split, the baselines' on the judged one, and how far train is ahead."""
    best = outcome.best
    metrics = list(dict.fromkeys(name.rpartition("/")[2] for name in best if "/" in name))
    splits = [split for split in outline.split_sizes if any(name.startswith(f"{split}/") for name in best)]
    values = {split: [best.get(f"{split}/{metric}") for metric in metrics] for split in splits}
    aside = {
        f"{name}\non {outcome.judged_split}": [_score_text(scores.get(metric)) for metric in metrics]
        for name, scores in (
            ("mean" if outline.task == "regression" else "majority class", outcome.baseline),
            ("linear", outcome.linear),
            *((TREES[name], scores) for name, scores in outcome.trees.items()),
        )
        if scores
    }
    held_out = next((split for split in ("val", "test") if split in splits), None)
    if held_out and "train" in splits:
        aside[f"{held_out} - train"] = list(map(_gap_text, values[held_out], values["train"]))
    table = bare_table(["", *splits])
    for head in aside:
        table.add_column(head, justify="right", header_style="dim", style="dim")
    for column in table.columns:
        column.no_wrap = True
    for row in zip(metrics, *(map(_score_text, column) for column in values.values()), *aside.values(), strict=True):
        table.add_row(*row)
    return Fitting(table, tuple(splits))


def class_table(names: Sequence[str], scores: Sequence[ClassScore], split: str) -> Table:
    """Precision, recall and F1 of each class with its rows of ``split``, below them the mean over the classes."""
    columns = [
        [score.precision for score in scores],
        [score.recall for score in scores],
        [score.f1 for score in scores],
    ]
    means, num_rows = [sum(column) / len(scores) for column in columns], [score.support for score in scores]
    table = bare_table(["class", "precision", "recall", "F1", "rows"], gap=2)
    table.title, table.title_justify = Text(f"{split} split", style="dim"), "left"
    for name, *ratios, support in zip(names, *columns, num_rows, strict=True):
        table.add_row(Text(shortened(name, LONGEST_NAME, "...")), *(f"{ratio:.3f}" for ratio in ratios), f"{support:,}")
    table.add_row("mean", *(f"{mean:.3f}" for mean in means), f"{sum(num_rows):,}", style="dim")
    return table


def confusion_table(names: Sequence[str], confusion: Sequence[Sequence[int]], width: int) -> Table | None:
    """The counts, a row for each true class, a column for each predicted one; None where it is wider than ``width``.

    Where there is no room for the names above the columns, classes are numbered.
    """
    whole = [shortened(name, LONGEST_NAME, "...") for name in names]
    numbers = list(map(str, range(len(names))))
    numbered = [f"{number} {name}" for number, name in zip(numbers, whole, strict=True)]
    digits = len(str(max(map(max, confusion))))
    fitting = [
        (labels, heads)
        for labels, heads in ((whole, whole), (numbered, numbers))
        if len({*heads}) == len(names) and _matrix_width(labels, heads, digits) <= width
    ]
    if not fitting:
        return None
    labels, heads = fitting[0]
    table = bare_table(["true", *heads], gap=1)
    table.title, table.title_justify = Text("predicted", style="dim"), "right"
    table.min_width = cell_len("predicted")  # rich breaks a title that is wider than its table
    for k, row in enumerate(confusion):
        cells = [_count_text(count, sum(row), hit=k == predicted) for predicted, count in enumerate(row)]
        table.add_row(Text(labels[k]), *cells)
    return table


def weights_file(outline: Outline, outcome: Outcome) -> str:
    """The checkpoint that was measured."""
    has_best = outline.split_sizes.get("val") and not _is_unchosen(outline, outcome)
    return "best.pt" if has_best else "last.pt"


def next_commands(outline: Outline, outcome: Outcome, logdir: Path | None) -> list[str]:
    """What to type now, ready for a shell; ``logdir`` is None where nothing was written for TensorBoard."""
    run = shlex.quote(here(outline.run_dir))
    if outcome.status in ("interrupted", "failed"):
        return [f"{program()} resume {run}"]
    commands = [] if logdir is None else [f"tensorboard --logdir {shlex.quote(here(logdir))}"]
    commands.append(f"{program()} eval {run}")
    if outline.split_sizes.get("test", 0) > 7:
        commands.append(f"{program()} predict {run} --test-index 7")
    return commands


def _matrix_width(labels: Sequence[str], heads: Sequence[str], digits: int) -> int:
    """Columns of a terminal that the matrix takes, its counts of so many ``digits``."""
    return max(map(cell_len, [*labels, "true"])) + sum(1 + max(cell_len(head), digits) for head in heads)


def _gap_text(held_out: float | None, train: float | None) -> str:
    if held_out is None or train is None or math.isnan(held_out - train):  # of two that are infinite
        return NO_SCORE
    return f"{'+' if held_out > train else ''}{figure(held_out - train)}"


def _score_text(value: float | None) -> str:
    return NO_SCORE if value is None else figure(value)


def _count_text(count: int, support: int, *, hit: bool) -> Text:
    """Hits stand out, and those mistakes that take a good part of their class."""
    if hit:
        return Text(str(count), style="bold green")
    if count == 0:
        return Text(".", style="dim")
    return Text(str(count), style="red" if count >= NOTABLE_FRACTION * support else "")


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def remark(reference: Reference, epoch: int, values: Mapping[str, float]) -> str:
    """What stands behind the line of ``epoch``: ``notes 1.3203 | here 1.3600 | +3 %``; empty where nothing is known."""
    return "; ".join(
        f"{reference.source or 'reference'} {figure(known)} | here {figure(ours)} | {100 * (ours / known - 1):+.0f} %"
        for known, ours in pairs(reference, epoch, values)
    )


def pairs(reference: Reference, epoch: int, values: Mapping[str, float]) -> Iterator[tuple[float, float]]:
    """(known, ours) of each metric that has a figure for ``epoch``."""
    for name, figures in reference.figures.items():
        if name in values and epoch <= len(figures) and figures[epoch - 1]:
            yield figures[epoch - 1], values[name]


def verdict(config: Config, rows: Sequence[Mapping[str, Any]], best: Mapping[str, float]) -> list[str]:
    """Lines at the end: how far the epochs were off, and whether the best checkpoint lies within the known spread.

    The spread is of whole runs: one that was to be shorter is not compared with it.
    """
    reference = config.reference
    source = reference.source or "reference"
    lines = []
    off = [(abs(ours / known - 1), row["epoch"]) for row in rows for known, ours in pairs(reference, row["epoch"], row)]
    if off:
        largest, epoch = max(off)
        lines.append(f"{source}: {len(off)} epochs compared, at most {100 * largest:.1f} % off (epoch {epoch})")
    whole, length = reference.epochs or 0, config.epochs
    if whole and reference.expected and (config.max_steps or (isinstance(length, int) and length < whole)):
        return [*lines, f"{source}: not compared: the figures are for {counted(whole, 'epoch')}"]
    for name, (lowest, *_, highest) in reference.expected.items():
        if name in best:
            ours, away = best[name], ""
            if ours < lowest:
                away = f", {figure(lowest - ours)} below"
            elif not ours <= highest:
                away = f", {figure(ours - highest)} above"
            low, high = figure(lowest, is_short=True), figure(highest, is_short=True)
            word = "OUTSIDE" if away else "within"
            lines.append(f"{source}: {name} {figure(ours)} is {word} {low} to {high}{away}")
    return lines


def overfit_verdict(rows: Sequence[Mapping[str, Any]]) -> str:
    """A line from the loss of the first and the last logged step; ``rows`` are those of metrics.jsonl."""
    losses = [row["train/batch_loss"] for row in rows if row.get("train/batch_loss") is not None]
    first, last = losses[0], losses[-1]
    told = f"the loss of one batch went from {figure(first)} to {figure(last)} in {rows[-1]['step']} steps"
    if last <= LEARNED * abs(first):
        return f"{told}: it went down; model, loss and optimizer can learn"
    if last < first:
        return f"{told}: it went down, but NOT near 0; try another optimizer.lr, more steps, no dropout or augmentation"
    return f"{told}: it did NOT go down; look at optimizer.lr, at the labels, and for a softmax or ReLU on the logits"


def flattery(
    monitor: str, rows: Sequence[Mapping[str, Any]], best: Mapping[str, float], *, higher_is_better: bool
) -> list[str]:
    """A line where the test split was looked at in several epochs of a run that validation rows decided.

    ``rows`` are the run's measurements, ``best`` the scores of the epoch that was chosen.
    """
    name = monitor.replace("val/", "test/")
    seen = [(row[name], row["epoch"]) for row in rows if row.get(name) is not None]
    if not monitor.startswith("val/") or len(seen) < 2 or name not in best:
        return []
    claimed, epoch = (max if higher_is_better else min)(seen, key=lambda pair: pair[0])
    chosen = f"validation chose epoch {best['epoch']:.0f}, {name} {figure(best[name])}; the test rows would have"
    if claimed == best[name]:
        return [f"{chosen} claimed no more"]
    too_good = figure(abs(claimed - best[name]))
    return [f"{chosen} chosen epoch {epoch} and claimed {figure(claimed)}, {too_good} too good"]
