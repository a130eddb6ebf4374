"""The column that is to be predicted: its task, and its values as labels or numbers.

Shapes: N rows, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from runner.contracts import Task
from runner.data.table.cells import NULL, date_format, first_of, in_order
from runner.data.table.column_kinds import is_id_name, kind_of_words, numbering_note
from runner.data.table.faults import Fault, TableText
from runner.data.table.notation import Spelling, values_of
from runner.errors import ConfigError, DataError
from runner.text import LARGEST_EXACT

MOST_CLASSES = 20  # whole numbers of more values than this are a number to predict
MOST_NAMED = 8  # classes in a message
ROWS_A_CLASS = 5  # and of fewer rows a value than this


@dataclass(frozen=True)
class Target:
    """What is to be predicted in each row."""

    task: Task
    y_N: Tensor  # int64 codes of the labels, or float32
    labels: tuple[str, ...]  # as the file has them; () for regression
    note: str = ""  # why this task


@dataclass(frozen=True)
class TargetCells:
    """The target's column as it was read: numbers, NaN where there is none, or codes of ``words``, -1 likewise."""

    text: TableText
    name: str
    values_N: NDArray[np.float64]
    words: tuple[str, ...] | None
    note: str = ""  # what a user should know of how its numbers were read

    @property
    def are_missing_N(self) -> NDArray[np.bool_]:
        """[N] which rows have no target."""
        are_missing_N: NDArray[np.bool_] = np.isnan(self.values_N) if self.words is None else self.values_N < 0
        return are_missing_N

    def refuse(self, wrong_N: NDArray[np.bool_], reason: str) -> None:
        """Raises DataError for the first row that is wrong, where one is."""
        if wrong_N.any():
            self.text.refuse([Fault(int(wrong_N.argmax()), self.name, reason)])

    def without(self, are_out_N: NDArray[np.bool_]) -> TargetCells:
        """The cells of the other rows."""
        return replace(self, text=self.text.without(are_out_N), values_N=self.values_N[~are_out_N])


def read_cells(cells: TargetCells, spelling: Spelling, task: Task | None) -> TargetCells:
    """The cells as numbers where they spell numbers in whatever form, else as they are.

    Raises DataError where they can be read in two ways, or hold dates.
    """
    words = cells.words
    if words is None:
        fractions = cells.text.layout.note_on_fractions(cells.name)
        return replace(cells, note=f"{cells.name}, the target: {fractions}") if fractions else cells
    codes_N = cells.values_N.astype(np.int64)
    counts = np.bincount(codes_N[codes_N >= 0], minlength=len(words)).tolist()
    found = kind_of_words(dict(zip(words, counts, strict=True)), spelling)
    numbers = found.numbers
    if numbers is None or task in ("binary", "multiclass"):
        nulls = [word in NULL or spelling.is_missing(word) for word in words]
        return replace(cells, values_N=np.where(np.array([*nulls, True])[codes_N], -1.0, cells.values_N))
    if found.refused:
        cells.refuse(codes_N >= 0, f" can be read in two ways: {found.refused}")
    markers = {word: count for word, count in zip(words, counts, strict=True) if word in numbers.markers}
    held = [f"{count:,} cells hold {word!r}: taken as missing" for word, count in markers.items()]
    values, is_wrong = values_of(words, numbers.notation, spelling)
    cells.refuse(
        np.array([*is_wrong, False])[codes_N],
        " is not a number, and the target is; as classes: dataset.task=multiclass,\n"
        "  or as missing: dataset.missing_values=[...]",
    )
    notes = [*held, *([found.note] if found.note else [])]
    note = f"{cells.name}, the target: {'; '.join(notes)}" if notes else ""
    return replace(cells, values_N=np.array([*values, np.nan])[codes_N], words=None, note=note)


def read_target(cells: TargetCells, task: Task | None, classes: Mapping[str, str] | None, rows: Tensor) -> Target:
    """The target. Where ``task`` is None the values in ``rows`` tell it; ``classes`` are the labels there may be.

    Every cell holds something. Raises DataError for those that do not suit the task.
    """
    target = _read(cells, task, classes, rows)
    return replace(target, note="; ".join(filter(None, [cells.note, target.note])))


def _read(cells: TargetCells, task: Task | None, classes: Mapping[str, str] | None, rows: Tensor) -> Target:
    if task == "regression":
        return _of_numbers(cells)
    labels, codes_N = labels_of(cells)
    said, note = task, ""
    if task is None:
        seen = np.bincount(codes_N[rows.numpy()], minlength=len(labels))
        task, note = _task(cells, {label: int(n) for label, n in zip(labels, seen, strict=True) if n})
    if task == "regression":
        return _of_numbers(cells, note)
    if classes is not None:
        known = np.array([label in classes for label in labels])
        cells.refuse(~known[codes_N], f" is not a class; the classes are {', '.join(classes)}")
        places = np.array([list(classes).index(label) for label in labels])
        return Target(task, torch.from_numpy(places[codes_N]), tuple(classes), note)
    _check_classes(cells, said, labels)
    return Target(task, torch.from_numpy(codes_N), labels, note)


def _of_numbers(cells: TargetCells, note: str = "") -> Target:
    values_N = cells.values_N
    if cells.words is not None:
        cells.refuse(values_N >= 0, " is not a number, and the target is; as classes: dataset.task=multiclass")
    if is_id_name(cells.name) and (values_N == np.round(values_N)).all() and len(np.unique(values_N)) == len(values_N):
        note = numbering_note(cells.name)
    with np.errstate(over="ignore"):
        y_N = values_N.astype(np.float32)
    cells.refuse(~np.isfinite(y_N), " is not a finite number, or it is too large for float32")
    if (y_N != values_N)[values_N == np.round(values_N)].any():
        rounded = rounding_note(cells.name)
        note = f"{note}; {rounded}" if note else rounded
    return Target("regression", torch.from_numpy(y_N), (), note)


def rounding_note(name: str) -> str:
    """What to say of a column with whole numbers that float32 has to round."""
    return f"{name}: whole numbers above {LARGEST_EXACT:,} are rounded to 7 digits, as float32 has them"


def labels_of(cells: TargetCells) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """(the distinct values in their order, [N] the place of each row's value among them)."""
    if cells.words is None:
        values, codes_N = _distinct(cells.values_N)
        return tuple(map(spelled, values.tolist())), codes_N
    held = np.unique(cells.values_N.astype(np.int64))
    labels = in_order(cells.words[code] for code in held)
    place_of = {label: place for place, label in enumerate(labels)}
    places = np.array([place_of.get(word, -1) for word in cells.words])
    return labels, places[cells.values_N.astype(np.int64)]


def _distinct(values_N: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """(the distinct values in their order, [N] the place of each row's); whole numbers are counted, which is faster."""
    lowest, highest = float(values_N.min()), float(values_N.max())
    if highest - lowest < len(values_N) and (values_N == np.round(values_N)).all():
        places_N = (values_N - lowest).astype(np.int64)
        is_seen = np.bincount(places_N) > 0
        return np.flatnonzero(is_seen) + lowest, (np.cumsum(is_seen) - 1)[places_N]
    return np.unique(values_N, return_inverse=True)


def spelled(value: float) -> str:
    """A number as a label: 3, not 3.0."""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def _task(cells: TargetCells, counts: Mapping[str, int]) -> tuple[Task, str]:
    total = sum(counts.values())
    task = _task_of_numbers(counts, total) if cells.words is None else _task_of_words(cells, counts, total)
    if task == "regression":
        as_classes = "" if _is_each_apart(len(counts), total) else "; as classes: dataset.task=multiclass"
        return task, f"{cells.name} is predicted as a number{as_classes}"
    if cells.words is None:
        return task, f"{cells.name} has {len(counts)} values, taken as classes; as numbers: dataset.task=regression"
    return task, ""


def _task_of_numbers(counts: Mapping[str, int], total: int) -> Task:
    if len(counts) == 2:
        return "binary"
    are_whole = all(label.lstrip("-").isdecimal() for label in counts)
    few = len(counts) <= min(MOST_CLASSES, total / ROWS_A_CLASS)
    return "multiclass" if are_whole and few else "regression"


def _task_of_words(cells: TargetCells, counts: Mapping[str, int], total: int) -> Task:
    if date_format(counts):
        cells.refuse(cells.values_N >= 0, " is a date: a target is classes or plain numbers; choose another")
    if len(counts) > total / 2 and total > MOST_CLASSES:
        raise DataError(
            f"{cells.text.path}: column {cells.name}, the target, has {len(counts):,} different texts "
            f"in {total:,} rows: neither classes nor numbers; choose another: dataset.target=..."
        )
    return "binary" if len(counts) == 2 else "multiclass"


def _check_classes(cells: TargetCells, said: Task | None, labels: Sequence[str]) -> None:
    where = f"{cells.text.path}: column {cells.name}, the target,"
    if len(labels) < 2:
        raise DataError(f"{where} is {labels[0]!r} in every row: with one value there is nothing to learn")
    if said == "binary" and len(labels) > 2:
        raise ConfigError(f"dataset.task=binary: {where} has {len(labels)} values: {first_of(labels, MOST_NAMED)}")
    if said == "multiclass" and _is_each_apart(len(labels), len(cells.values_N)):
        raise ConfigError(
            f"dataset.task=multiclass: {where} has {len(labels):,} values in {len(cells.values_N):,} rows"
        )


def _is_each_apart(num_values: int, total: int) -> bool:
    """Whether the values are too many to be classes."""
    return num_values > total / 2 and num_values > MOST_CLASSES
