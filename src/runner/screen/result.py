"""How a run ended, as the console shows it: scores beside the baseline, the report of each class, what to try next."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from runner.screen.table import bare_table
from runner.text import duration, figure, here, shortened

if TYPE_CHECKING:
    from runner.contracts import Outcome, Outline

MAX_CLASSES = 20
WIDEST_HEAD = 6  # columns of a class name above the confusion matrix
NARROWEST_HEAD = 3
NOTABLE_FRACTION = 0.05  # of the rows of a class
NO_SCORE = "-"


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
        which = (
            f"best by {outline.monitor}" if not _is_unchosen(outline, outcome) else f"{outline.monitor} is NaN, last"
        )
        text += f"; {which}: epoch {outcome.best['epoch']:.0f}, step {outcome.best['step']:,.0f}"
    return text


def _is_unchosen(outline: Outline, outcome: Outcome) -> bool:
    """Whether no epoch had a value to be the best by; the last one was measured."""
    return math.isnan(outcome.best.get(outline.monitor, 0.0))


def score_table(outline: Outline, outcome: Outcome) -> Table:
    """A row for each metric: its value on each split, the baselines' on the judged one, and how far train is ahead."""
    splits = [split for split in outline.split_sizes if any(name.startswith(f"{split}/") for name in outcome.best)]
    baselines = _baselines(outline, outcome)
    held_out = next((split for split in ("val", "test") if split in splits), None)
    has_gap = held_out is not None and "train" in splits
    table = bare_table(["", *splits], gap=3)
    for head in [*baselines, *[f"{held_out} - train"] * has_gap]:
        table.add_column(head, justify="right", header_style="dim", style="dim")
    for metric in _metrics(outcome):
        cells = [_score_text(outcome.best.get(f"{split}/{metric}")) for split in splits]
        cells += [_score_text(scores.get(metric)) for scores in baselines.values()]
        cells += [_gap_text(outcome, held_out, metric)] * has_gap
        table.add_row(metric, *cells)
    return table


def class_table(names: Sequence[str], scores: Sequence[ClassScore], split: str) -> Table:
    """Precision, recall and F1 of each class with its rows of ``split``, below them the mean over the classes."""
    table = bare_table(["class", "precision", "recall", "F1", "rows"], gap=2)
    table.title, table.title_justify = Text(f"{split} split", style="dim"), "left"
    for name, score in zip(names, scores, strict=True):
        ratios = (score.precision, score.recall, score.f1)
        table.add_row(Text(shortened(name, 16)), *(f"{ratio:.3f}" for ratio in ratios), f"{score.support:,}")
    means = [sum(getattr(score, name) for score in scores) / len(scores) for name in ("precision", "recall", "f1")]
    total = f"{sum(score.support for score in scores):,}"
    table.add_row(Text("mean"), *(f"{mean:.3f}" for mean in means), total, style="dim")
    return table


def confusion_table(names: Sequence[str], confusion: Sequence[Sequence[int]], width: int) -> Table | None:
    """The counts, a row for each true class, a column for each predicted one; None where it is wider than ``width``."""
    labels = [shortened(name, 10) for name in names]
    heads = _heads(names, confusion, width - max(map(cell_len, [*labels, "true"])))
    if heads is None:
        return None
    table = bare_table(["true", *heads], gap=1)
    table.title, table.title_justify = Text("predicted", style="dim"), "right"
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
        return [f"python -m runner resume {run}"]
    commands = [] if logdir is None else [f"tensorboard --logdir {shlex.quote(here(logdir))}"]
    commands.append(f"python -m runner eval {run}")
    if outline.split_sizes.get("test", 0) > 7:
        commands.append(f"python -m runner predict {run} --test-index 7")
    return commands


def _heads(names: Sequence[str], confusion: Sequence[Sequence[int]], width: int) -> list[str] | None:
    """Names above the columns, as long as ``width`` columns allow; numbers where cut names would be the same."""
    digits = len(str(max(map(max, confusion))))
    for head_width in range(WIDEST_HEAD, NARROWEST_HEAD - 1, -1):
        heads = [shortened(name, head_width) for name in names]
        if len(set(heads)) < len(heads):
            heads = [str(k) for k in range(len(names))]
        if sum(1 + max(cell_len(head), digits) for head in heads) <= width:
            return heads
    return None


def _metrics(outcome: Outcome) -> list[str]:
    names = [name.rpartition("/")[2] for name in outcome.best if "/" in name]
    return list(dict.fromkeys(names))  # each once, in their order


def _baselines(outline: Outline, outcome: Outcome) -> dict[str, Mapping[str, float]]:
    """Head of a column -> scores, of those that there are."""
    answer = "mean" if outline.task == "regression" else "majority class"
    found = {answer: outcome.baseline, "linear": outcome.linear}
    return {f"{name}\non {outcome.judged_split}": scores for name, scores in found.items() if scores}


def _gap_text(outcome: Outcome, held_out: str | None, metric: str) -> str:
    names = (f"{held_out}/{metric}", f"train/{metric}")
    if not all(name in outcome.best for name in names):
        return NO_SCORE
    gap = outcome.best[names[0]] - outcome.best[names[1]]
    return f"{'+' if gap > 0 else ''}{figure(gap)}"


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
