"""What a run answers for rows it was given: lines for people, JSON lines, CSV.

Shapes: n rows, K classes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, set_cell_size
from torch import Tensor

from runner.runs.files import csv_cells
from runner.text import figure

RUNNERS_UP = 2  # classes after the most probable, in a line of its own for each row
MOST_LISTED = 5  # classes, one below the other, of a single row


Measure = Literal["probability", "score"]  # of a class; scores only rank the classes
MANY: dict[Measure, str] = {"probability": "probabilities", "score": "scores"}


@dataclass(frozen=True)
class Answers:
    """Of some rows: the probability or score of each class, or the number predicted."""

    names: Sequence[str]  # n, what each row is called
    scores: Tensor  # [n, K] of the classes or [n] numbers, on the host
    class_names: tuple[str, ...]  # K; () for regression
    truths: Sequence[str | float] = ()  # n, where they are known
    measure: Measure = "probability"

    def ranked(self, top: int) -> Iterator[list[tuple[str, float]]]:
        """Of each row the ``top`` likeliest classes, each with its probability or score."""
        values, places = self.scores.topk(min(top, len(self.class_names)), dim=1)
        for row, classes in zip(values.tolist(), places.tolist(), strict=True):
            yield [(self.class_names[k], value) for k, value in zip(classes, row, strict=True)]

    def shown(self, value: float) -> str:
        """That of a class, 7 columns wide: only a probability is a share of 100 %."""
        return f"{value:7.2%}" if self.measure == "probability" else f"{value:7.4f}"


def single_lines(answers: Answers, top: int | None) -> Iterator[str]:
    """The answer for one row: its classes one below the other, the likeliest first, or the number; then the truth."""
    if not answers.class_names:
        yield f"predicted {figure(answers.scores[0].item(), is_short=True)}"
    else:
        (ranked,) = answers.ranked(top or MOST_LISTED)
        width = max(cell_len(name) for name, _ in ranked)
        for place, (name, value) in enumerate(ranked):
            yield f"{'' if place else 'predicted':9} {set_cell_size(name, width)}  {answers.shown(value)}"
    for truth in answers.truths:
        yield f"true      {truth if isinstance(truth, str) else figure(truth, is_short=True)}"


def lines(answers: Answers, top: int | None, *, heading: bool) -> Iterator[str]:
    """A line for each row: what it is called, the likeliest class and how likely, then those after it."""
    width = max(map(cell_len, [*answers.names, "input"]))
    class_width = max(map(cell_len, [*answers.class_names, "predicted"]))
    if heading:
        head = f"{set_cell_size('input', width)}  {set_cell_size('predicted', class_width)}"
        yield f"{head}          then" if answers.class_names else head
    if not answers.class_names:
        for name, value in zip(answers.names, answers.scores.tolist(), strict=True):
            yield f"{set_cell_size(name, width)}  {figure(value)}"
        return
    for name, ranked in zip(answers.names, answers.ranked(top or 1 + RUNNERS_UP), strict=True):
        yield "  ".join(
            [set_cell_size(name, width), *(f"{set_cell_size(k, class_width)}  {answers.shown(v)}" for k, v in ranked)]
        )


def json_lines(answers: Answers, top: int | None) -> Iterator[str]:
    """A JSON object for each row."""
    if answers.class_names:
        said = [
            {"predicted": ranked[0][0], answers.measure: ranked[0][1], MANY[answers.measure]: dict(ranked)}
            for ranked in answers.ranked(top or len(answers.class_names))
        ]
    else:
        said = [{"predicted": value} for value in answers.scores.tolist()]
    for place, (name, content) in enumerate(zip(answers.names, said, strict=True)):
        truth = {"true": answers.truths[place]} if answers.truths else {}
        yield json.dumps({"input": name, **content, **truth}, ensure_ascii=False)


def csv_text(answers: Answers, *, heading: bool) -> str:
    """A line for each row, a column for each class."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    measure, names = answers.measure, answers.class_names
    of_classes = [measure, *(f"{measure[0]}({name})" for name in names)] if names else []
    if heading:
        table.writerow(csv_cells(["input", "predicted", *of_classes, *(["true"] if answers.truths else [])]))
    scores = answers.scores.tolist()
    cells = [[value] for value in scores]
    if names:
        highest, places = (column.tolist() for column in answers.scores.max(1))
        cells = [[names[k], most, *row] for k, most, row in zip(places, highest, scores, strict=True)]
    columns = [answers.names, answers.truths] if answers.truths else [answers.names]
    table.writerows(csv_cells([name, *row, *truth]) for row, name, *truth in zip(cells, *columns, strict=True))
    return text.getvalue()
