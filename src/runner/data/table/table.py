"""A table: read from a file's bytes, its columns given kinds, categories and classes by its train rows.

Shapes: N rows, C columns of the file that may be features, F features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from runner.contracts import Column, Data, Split, Task, Unfitted
from runner.data.table.cache import cached_frame
from runner.data.table.chosen import Chosen, of_every_column
from runner.data.table.column_kinds import Kind
from runner.data.table.columns import Feature, Fit, used
from runner.data.table.dialect import Reading, find_layout
from runner.data.table.faults import Fault, TableText, open_quote_note
from runner.data.table.frame import Frame, read_frame
from runner.data.table.given_splits import Official, official_rows, time_order
from runner.data.table.head import no_such_column
from runner.data.table.large_text import LargeText, survey
from runner.data.table.last_rows import total_note, without_last
from runner.data.table.notation import Spelling
from runner.data.table.packing import plain, unpacked
from runner.data.table.target import Target, TargetCells, read_cells, read_target
from runner.data.table.text import as_utf8
from runner.errors import ConfigError, DataError


@dataclass(frozen=True)
class Meaning:
    """What is said of the features; what is not said is found in the train rows."""

    columns: Mapping[str, Column | Kind]  # a Column is taken as it is, with the categories it has
    missing: Literal["refuse", "impute"]
    unknown: Literal["refuse", "zeros"]
    missing_values: tuple[str, ...] = ()  # cells that hold no value
    features: Chosen | None = None  # None: every column

    @property
    def as_words(self) -> frozenset[str]:
        """The columns whose cells are texts even where they look like numbers."""
        return frozenset(name for name, said in self.columns.items() if not _is_of_numbers(said))


def _is_of_numbers(said: Column | Kind) -> bool:
    return not said.categories if isinstance(said, Column) else said in ("numeric", "ignored")


class Table(Unfitted):
    """[N, C] the cells of a file."""

    def __init__(self, text: TableText, frame: Frame, target: Target, meaning: Meaning, spelling: Spelling, data: Data):
        self.text, self.frame, self.target, self.meaning, self.data = text, frame, target, meaning, data
        self.spelling = spelling
        self.shape = tuple(frame.x_NC.shape)

    def fitted(self, split: Split) -> Data:
        """The features as the train rows tell them. Raises DataError naming file, line, column and value."""
        fit = Fit(self.text, self.frame, self.meaning, self.spelling, split)
        features = fit.features()
        if fit.faults:
            self.text.refuse(fit.faults)
        if not features:
            raise DataError(f"{self.text.path}: no column is left to predict from\n  " + "\n  ".join(fit.notes))
        y_N, class_names = self._labels(split)
        return replace(
            self.data,
            x=self._numbers(features) if not fit.has_unread else self._read_numbers(features, fit.is_used_N),
            y=y_N,
            class_names=class_names,
            columns=tuple(feature.column for feature in features),
            ignored=fit.ignored,
            unknown=fit.unknown,
            notes=(*self.data.notes, *fit.notes, *fit.counts()),
        )

    def _numbers(self, features: list[Feature]) -> Tensor:
        """[N, F] float32; the frame's own memory where every column of it is a number and stays."""
        x_NC = self.frame.x_NC
        if len(features) == x_NC.shape[1] and all(feature.meanings is None for feature in features):
            return x_NC
        x_NF, places = self.text.empty(len(x_NC), len(features)), [feature.place for feature in features]
        torch.index_select(x_NC, 1, torch.tensor(places), out=x_NF)
        for i, feature in enumerate(features):
            if feature.meanings is not None:
                x_NF[:, i] = feature.meanings[x_NF[:, i].long()]
        return x_NF

    def _read_numbers(self, features: list[Feature], is_used_N: Tensor) -> Tensor:
        """[N, F] float32, a copy in which the rows of no split are 0."""
        return self._numbers(features).where(is_used_N[:, None], 0.0)

    def _labels(self, split: Split) -> tuple[Tensor, tuple[str, ...]]:
        """(y_N, class names): those that train rows have, where nobody has said which there are."""
        target, y_N = self.target, self.target.y_N
        if target.task == "regression" or self.data.class_names != target.labels:
            return y_N, self.data.class_names
        is_seen_K = torch.bincount(y_N[split.train], minlength=len(target.labels)) > 0
        if not is_seen_K.all():
            is_wrong_N = ~is_seen_K[y_N] & used(split, len(y_N))
            if many := int(is_wrong_N.sum()):
                reason = f" is a class that no train row has ({many} such rows): take them out, or split otherwise"
                self.text.refuse([Fault(int(is_wrong_N.int().argmax()), self.data.target, reason)])
        return y_N, target.labels


MOST_LINES = 5  # of rows that are left out, in a note


@dataclass(frozen=True)
class Goal:
    """What is to be predicted."""

    target: str | int  # a column's name, or its place: from 0, or from the end as in Python
    task: Task | None  # None: as the values tell
    classes: Mapping[str, str] | None = None  # what the cells may say -> class, in order; None: as the values tell
    drops_empty: bool = False  # whether rows without a target are left out; else they are refused

    def column(self, names: Sequence[str]) -> str:
        """The target's name: a column of that name wins. Raises ConfigError for a place that there is not."""
        if isinstance(self.target, str) or str(self.target) in names:
            return str(self.target)
        if not -len(names) <= self.target < len(names):
            raise ConfigError(
                f"dataset.target={self.target}: there are {len(names)} columns, 0 to {len(names) - 1} or from the end "
                f"-1 to -{len(names)}"
            )
        return names[self.target]


def read_table(path: Path, reading: Reading, meaning: Meaning, goal: Goal, official: Official) -> Data:
    """The rows of a file, to be fitted on those that train. Raises ConfigError, or DataError with line and column."""
    text, frame, meaning, notes = read_file(path, reading, meaning, goal, official.column)
    layout = text.layout
    name = goal.column(layout.names)
    if frame.num_rows < 2:
        raise DataError(f"{path}: holds {frame.num_rows} row: nothing which is too few to train and test")
    if not frame.names:
        raise DataError(f"{path}: holds no column beside {' and '.join(frame.apart)}: nothing to predict from")
    spelling = Spelling(
        reading.decimal, reading.thousands, layout.decimal, layout.is_decimal_sure, meaning.missing_values
    )
    frame = frame.without_values(meaning.missing_values)
    rows = official_rows(text, frame, official)
    target_cells = read_cells(TargetCells(text, name, frame.apart[name], frame.words.get(name)), spelling, goal.task)
    if (are_out_N := target_cells.are_missing_N).any():
        if not goal.drops_empty:
            target_cells.refuse(are_out_N, ": the target has no value here; take the row out, or fill it in")
        if are_out_N.all():
            raise DataError(f"{path}: column {name}, the target, has no value in any row")
        notes.append(_left_out(target_cells, are_out_N))
        target_cells, frame, rows = target_cells.without(are_out_N), frame.without(are_out_N), rows.without(are_out_N)
        text = target_cells.text
    in_time, note = time_order(text, frame, official)
    target = read_target(target_cells, goal.task, goal.classes, rows.others(frame.num_rows))
    data = Data(
        x=torch.empty(0),
        y=target.y_N,
        task=target.task,
        class_names=tuple(goal.classes.values()) if goal.classes else target.labels,
        official_val=rows.val,
        official_test=rows.test,
        target=name,
        in_time=in_time,
        notes=tuple(filter(None, [*notes, target.note, note])),
    )
    return replace(data, x=Table(text, frame, target, meaning, spelling, data))


def _left_out(cells: TargetCells, are_out_N: NDArray[np.bool_]) -> str:
    """What to say of the rows without a target: how many there are, and the lines of the first."""
    many = int(are_out_N.sum())
    first = cells.text.cells([int(row) for row in are_out_N.nonzero()[0][:MOST_LINES]])
    lines = ", ".join(str(line) for line, _ in first.values()) + (" ..." if many > MOST_LINES else "")
    return (
        f"{many:,} row{'s' * (many > 1)} without {cells.name}, the target: left out, line {lines}; "
        "dataset.strict=true refuses them"
    )


def read_file(
    path: Path, reading: Reading, meaning: Meaning, goal: Goal | None = None, split_column: str | None = None
) -> tuple[TableText, Frame, Meaning, list[str]]:
    """(the text, read again where a fault is to be shown, its cells, what is said of each column, what to know)."""
    said = [name for name in (goal and goal.target, split_column) if isinstance(name, str)]
    surveyed = survey(path, reading, said)
    content = unpacked(path) if surveyed is None else plain(path, surveyed.start)
    encoded = as_utf8(path, content, reading.encoding)
    utf8 = without_last(path, encoded.utf8, reading.skip_last)
    if reading.header is None:
        reading = replace(reading, header=content.has_header)
    layout = find_layout(path, utf8, reading, said)
    targets = [] if goal is None else [goal.column(layout.names)]
    apart = list(dict.fromkeys([*targets, *([] if split_column is None else [split_column])]))
    meaning = of_every_column(path, meaning, layout.names, apart)
    _check_names(path, utf8, layout.names, apart, meaning.columns)
    text: TableText
    if surveyed is None:
        text = TableText(path, encoded.encoding, layout, layout.separated(utf8))
        frame = read_frame(text, meaning.as_words, apart)
    else:
        text = LargeText(path, encoded.encoding, layout, num_lines=surveyed.num_lines)
        frame = cached_frame(text, meaning.as_words, apart)
    notes = [content.note, encoded.note, open_quote_note(text), total_note(text, frame)]
    if not layout.has_header and reading.names is None:
        first, last = layout.names[0], layout.names[-1]
        notes.append(f"{path}: line 1 names no columns; they are called {first} to {last} (dataset.names=[...])")
    return replace(text, read=None), frame, meaning, list(filter(None, notes))


def _check_names(
    path: Path, utf8: bytes, names: Sequence[str], apart: Sequence[str], columns: Mapping[str, Column | str]
) -> None:
    """Raises ConfigError for each column that is spoken of and not there."""
    asked = list(zip(("dataset.target", "dataset.split_column"), apart, strict=False))
    asked += [("dataset.columns", name) for name in columns]
    lacking = [no_such_column(key, name, path, names, utf8) for key, name in asked if name not in names]
    if lacking:
        raise ConfigError(lacking)
