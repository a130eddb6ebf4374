"""A torch Dataset of a user's own, map-style, giving (x, y): its rows stream, read by workers."""

import hashlib
import traceback
from collections.abc import Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset

from runner import seed
from runner.contracts import Data, Rows, Source, Task
from runner.errors import ConfigError, DataError

ROWS_OF_FINGERPRINT = 16


@dataclass(frozen=True)
class Module(Source):
    """The rows of ``dataset_class(**arguments)``, which is the class ``name`` of the file ``path`` or of a package.

    Whole numbers as y are classes, fractions a target of regression. All y are taken from the attribute ``targets``
    of the data set where it has one; else every row is read once for its y. x and y may be Series of pandas.
    """

    dataset_class: type[Dataset[Any]]
    path: str | None
    name: str
    arguments: dict[str, Any]
    class_names: list[str] | None

    def __post_init__(self) -> None:
        if issubclass(self.dataset_class, IterableDataset) or not issubclass(self.dataset_class, Sized):
            raise ConfigError(f"dataset.name={self.name}: needs a length, __len__, and rows by number, __getitem__")

    def load(self, data_dir: Path) -> Data:
        with seed.kept():
            try:
                dataset: Any = self.dataset_class(**self.arguments)
            except Exception as fault:  # code of the user's may raise anything; the cause stays attached
                raise DataError(f"{self.name}(**{self.arguments}): {_reason(fault)}") from fault
            rows = UserRows(dataset, self.name)
            rows.y = rows.targets()
        task, class_names = _meaning(rows.y, self.class_names)
        return Data(rows, rows.y, task, class_names)


class UserRows(Rows):
    """[N, ...] the x of each row of ``dataset``. A y that is not the one ``y`` says is refused as the row is read."""

    draws = True
    y: Tensor | None = None

    def __init__(self, dataset: Any, name: str):
        self.dataset = dataset
        self.name = name
        if not len(dataset):
            raise DataError(f"{name}: the data set has no rows")
        first = self._x(0, self._pair(0)[0])
        self.shape = (len(dataset), *first.shape)
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
                f"{self.name}: row {row} is {x.dtype} {list(x.shape)} and row 0 is {self.dtype} {list(self.shape[1:])}"
            )
        if self.y is not None and self.y[row] != self._y(row, y):
            raise DataError(f"{self.name}: row {row} has y {y}, and {self.y[row].item()} in the targets")
        return x

    def targets(self) -> Tensor:
        """[N] the y of every row."""
        num_rows, given = self.shape[0], getattr(self.dataset, "targets", None)
        if given is None:
            given = [self._pair(row)[1] for row in range(num_rows)]
        if len(given) != num_rows:
            raise DataError(f"{self.name}: has {num_rows} rows and {len(given)} targets")
        y = [self._y(row, y) for row, y in enumerate(given)]
        if len({target.dtype for target in y}) > 1:
            raise DataError(f"{self.name}: some y are whole numbers, which are classes, and some are not")
        return torch.stack(y)

    def _pair(self, row: int) -> tuple[Any, Any]:
        """(x, y) as the user's class gives them."""
        try:
            x, y = self.dataset[row]
        except Exception as fault:  # code of the user's may raise anything; the cause stays attached
            raise DataError(f"{self.name}: row {row} cannot be read as (x, y): {_reason(fault)}") from fault
        return x, y

    def _x(self, row: int, x: Any) -> Tensor:
        """uint8 as it is, any other number as float32."""
        raw = self._tensor(x, f"x of row {row}")
        if raw.dtype == torch.uint8:
            return raw
        if not torch.isfinite(raw).all():
            raise DataError(f"{self.name}: row {row} holds a number that is not finite")
        return raw.float()

    def _y(self, row: int, y: Any) -> Tensor:
        """[] int64 for a class, float32 for a number."""
        raw = self._tensor(y, f"y of row {row}")
        if raw.numel() != 1:
            raise DataError(f"{self.name}: the y of row {row} has shape {list(raw.shape)}; give one number")
        return (raw.float() if raw.is_floating_point() else raw.long()).reshape(())

    def _tensor(self, value: Any, what: str) -> Tensor:
        if hasattr(value, "to_numpy"):  # of pandas, which torch reads by row labels
            value = value.to_numpy(copy=True)
        try:
            return torch.as_tensor(value)
        except (TypeError, ValueError, RuntimeError) as fault:
            kind = type(value).__name__
            raise DataError(f"{self.name}: the {what} is a {kind}; give a tensor or a number") from fault


def _meaning(y: Tensor, class_names: list[str] | None) -> tuple[Task, tuple[str, ...]]:
    if y.is_floating_point():
        return "regression", ()
    row, largest = int(y.argmax()), int(y.max())
    if class_names is None and largest >= len(y):
        raise DataError(f"row {row}: label {largest} in a data set of {len(y)} rows; labels must be 0, 1, ... K - 1")
    names = tuple(map(str, range(largest + 1) if class_names is None else class_names))
    return "binary" if len(names) == 2 else "multiclass", names


def _reason(fault: Exception) -> str:
    """What was raised, and the last line of code it came from."""
    last = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{type(fault).__name__}: {fault} ({Path(last.filename).name}, line {last.lineno})"
