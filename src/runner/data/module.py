"""Rows of a user's own, a torch Dataset that gives (x, y) by number: they stream, read by workers."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from runner import seed
from runner.contracts import Data, Rows, Source, Task
from runner.errors import ConfigError, DataError, RunnerError
from runner.text import reason

ROWS_OF_FINGERPRINT = 16
AS_CLASSES = "y has {} values, taken as classes; as numbers: dataset.task=regression"
AS_NUMBER = "y is predicted as a number, though all are whole; as classes: dataset.task=multiclass"


@dataclass(frozen=True)
class Module(Source):
    """The rows of the Dataset, or of the pair (train, test), that ``make_dataset`` gives.

    It is what is called ``name`` in the file ``path`` or in a package, made with ``arguments`` where it is a class or a
    function; what it draws at random is the same in every run. All y are taken from the attribute ``targets`` where
    there is one; else every row is read once for its y. x and y may be Series of pandas. ``task`` None: whole numbers
    as y are classes, fractions a target of regression.
    """

    make_dataset: Callable[[], Any]
    path: str | None
    name: str
    arguments: dict[str, Any]
    class_names: list[str] | None
    task: Task | None

    def load(self, data_dir: Path) -> Data:
        with seed.lent(0):
            rows = UserRows(self._made(), self.name)
            rows.y = rows.targets()
        found = meaning(rows.y, self.task, self.class_names)
        test = torch.arange(rows.num_first, len(rows.y)) if len(rows.datasets) > 1 else None
        notes = (f"{self.name}: {found.note}",) if found.note else ()
        return Data(rows, found.y, found.task, found.class_names, official_test=test, notes=notes)

    def _made(self) -> Sequence[Any]:
        """A Dataset, or two."""
        try:
            made = self.make_dataset()
            return made if isinstance(made, tuple | list) else (made,)
        except RunnerError:
            raise
        except Exception as fault:  # code of the user's may raise anything; the cause stays attached
            raise DataError(f"{self.name}(**{self.arguments}): {reason(fault)}") from fault


class UserRows(Rows):
    """[N, ...] the x of each row of the ``datasets``, one or (train, test).

    A y that is not the one ``y`` says is refused as the row is read.
    """

    draws = True
    y: Tensor | None = None

    def __init__(self, datasets: Sequence[Any], name: str):
        if any(isinstance(one, IterableDataset) or not hasattr(one, "__len__") for one in datasets):
            raise ConfigError(f"dataset.name={name}: needs a length, __len__, and rows by number, __getitem__")
        self.datasets = datasets
        self.name = name
        self.num_first = len(datasets[0])
        if not all(map(len, datasets)):
            raise DataError(f"{name}: the data set has no rows")
        first = self._x(0, self._pair(0)[0])
        self.shape = (sum(map(len, datasets)), *first.shape)
        self.dtype = first.dtype

    def __getitem__(self, rows: Tensor) -> Tensor:
        return torch.stack([self.read(row) for row in rows.tolist()])

    def fingerprint(self) -> str:
        """Of some rows: to read all of them would take as long as an epoch."""
        total = hashlib.sha256(self.name.encode())
        with seed.kept():
            for row in range(0, self.shape[0], -(-self.shape[0] // ROWS_OF_FINGERPRINT)):
                seed.seed_everything(row)
                total.update(self.read(row).contiguous().numpy().data)
        return total.hexdigest()

    def read(self, row: int) -> Tensor:
        """The x of a row, of the same shape and kind as the others."""
        x, y = self._pair(row)
        x = self._x(row, x)
        if x.shape != self.shape[1:] or x.dtype != self.dtype:
            raise DataError(
                f"{self.name}: {self.called(row)} is {x.dtype} {list(x.shape)} and row 0 is {self.dtype} "
                f"{list(self.shape[1:])}"
            )
        if self.y is not None and self.y[row] != self._y(row, y):
            raise DataError(f"{self.name}: {self.called(row)} has y {y}, and {self.y[row].item()} in the targets")
        return x

    def called(self, row: int) -> str:
        """row 7, row 7 of test."""
        dataset, number = self._place(row)
        return f"row {number}" if len(self.datasets) == 1 else f"row {number} of {('train', 'test')[dataset]}"

    def _place(self, row: int) -> tuple[int, int]:
        """(which of the data sets has the row, its number there)."""
        return (0, row) if row < self.num_first else (1, row - self.num_first)

    def targets(self) -> Tensor:
        """[N] the y of every row."""
        y: list[Tensor] = []
        for dataset in self.datasets:
            num_rows, first = len(dataset), len(y)
            given = getattr(dataset, "targets", None)
            if given is None:
                given = [self._pair(first + row)[1] for row in range(num_rows)]
            if len(given) != num_rows:
                raise DataError(f"{self.name}: has {num_rows} rows and {len(given)} targets")
            y += [self._y(first + row, one) for row, one in enumerate(given)]
        if len({target.dtype for target in y}) > 1:
            raise DataError(f"{self.name}: some y are whole numbers, which are classes, and some are not")
        return torch.stack(y)

    def _pair(self, row: int) -> tuple[Any, Any]:
        """(x, y) as the user's class gives them."""
        dataset, number = self._place(row)
        try:
            x, y = self.datasets[dataset][number]
        except Exception as fault:  # code of the user's may raise anything; the cause stays attached
            raise DataError(f"{self.name}: {self.called(row)} cannot be read as (x, y): {reason(fault)}") from fault
        return x, y

    def _x(self, row: int, x: Any) -> Tensor:
        """uint8 as it is, any other number as float32."""
        raw = self._tensor(x, f"x of {self.called(row)}")
        if raw.dtype == torch.uint8:
            return raw
        if not torch.isfinite(raw).all():
            raise DataError(f"{self.name}: {self.called(row)} holds a number that is not finite")
        return raw.float()

    def _y(self, row: int, y: Any) -> Tensor:
        """[] int64 for a class, float32 for a number."""
        raw = self._tensor(y, f"y of {self.called(row)}")
        if raw.numel() != 1:
            raise DataError(f"{self.name}: the y of {self.called(row)} has shape {list(raw.shape)}; give one number")
        return (raw.float() if raw.is_floating_point() else raw.long()).reshape(())

    def _tensor(self, value: Any, what: str) -> Tensor:
        if hasattr(value, "to_numpy"):  # of pandas, which torch reads by row labels
            value = value.to_numpy(copy=True)
        try:
            return torch.as_tensor(value)
        except (TypeError, ValueError, RuntimeError) as fault:
            kind = type(value).__name__
            raise DataError(f"{self.name}: the {what} is a {kind}; give a tensor or a number") from fault


@dataclass(frozen=True)
class Meaning:
    """What y is, and a line on what was guessed."""

    task: Task
    y: Tensor  # [N] int64 for classes, float32 for a number
    class_names: tuple[str, ...] = ()
    note: str = ""


def meaning(y: Tensor, task: Task | None, class_names: Sequence[str] | None) -> Meaning:
    """Of y as it was read; where ``task`` is None its kind tells it.

    Raises ConfigError or DataError where y does not suit the task that was said.
    """
    if task == "regression" and class_names is not None:
        raise ConfigError("dataset.class_names: a number has none; leave out either them or dataset.task=regression")
    if task == "regression":
        return Meaning(task, y.float())
    are_whole = y == y.round()
    if task is None and y.is_floating_point() and class_names is None:
        return Meaning("regression", y, note=AS_NUMBER if are_whole.all() else "")
    if not are_whole.all():
        row = int(are_whole.int().argmin())
        raise DataError(f"row {row}: y {y[row].item():g} is no class, which is a whole number; dataset.task=regression")
    found = _of_classes(y.long(), class_names)
    if task is not None:
        return replace(found, task=task)
    return found if class_names else replace(found, note=AS_CLASSES.format(len(set(y.tolist()))))


def _of_classes(labels: Tensor, class_names: Sequence[str] | None) -> Meaning:
    row, largest = int(labels.argmax()), int(labels.max())
    if class_names is None and largest >= len(labels):
        raise DataError(
            f"row {row}: label {largest} in a data set of {len(labels)} rows; labels must be 0, 1, ... K - 1, "
            "numbers are predicted with dataset.task=regression"
        )
    names = tuple(map(str, range(largest + 1) if class_names is None else class_names))
    return Meaning("binary" if len(names) == 2 else "multiclass", labels, names)
