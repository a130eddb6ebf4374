"""Rows, what is known of their columns, and how they become batches.

Shapes: N rows, C channels, H W pixels, F features, K outputs (classes).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import torch
from torch import Tensor

Task = Literal["binary", "multiclass", "regression"]
TargetTransform = Literal["log1p"]  # of a number to predict: what the net learns instead of it
# An empty cell (NaN, or code -1) is filled with the mean of the train rows, or of no category; marked: by a column, too
Missing = Literal["refused", "filled", "marked"]
DatePart = Literal["", "year", "month", "weekday", "hour"]  # weekday 0 is Monday
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Notation:
    """How the cells of a column spell its numbers; what is "" or empty is as in the rest of the file."""

    decimal: str = ""  # what parts the fraction, . or ,; the other one parts thousands
    markers: tuple[str, ...] = ()  # texts that say that there is no value, beside the usual ones
    unit: str = ""  # what stands behind each number, as kg
    date_format: str = ""  # of strptime, or iso: the cells are dates ...
    date_part: DatePart = ""  # ... and this is the number


@dataclass(frozen=True)
class Column:
    """One feature of a table."""

    name: str
    categories: tuple[str, ...] = ()  # the names of the codes 0, 1, ...; () for a number
    ordered: bool = False  # the codes count as a number: of categories in their order, or of two
    missing: Missing = "refused"
    takes_unknown: bool = False  # a text that is none of the categories is code -1
    notation: Notation = Notation()
    source: str = ""  # the column of the file, where several features come from one
    also: tuple[str, ...] = field(
        default=(), compare=False
    )  # what others call it, taken where its own name is not there

    @property
    def in_file(self) -> str:
        """The column of the file that it is read from."""
        return self.source or self.name

    @property
    def is_number(self) -> bool:
        """Whether it goes into a net as one number; else its codes are names, -1 an unknown or missing one."""
        return self.ordered or not self.categories


@dataclass(frozen=True)
class LeftOut:
    """Why a column of a table is no feature, and what to type to use it; all "" where a user left it out."""

    holds: str = ""  # text, date, row number, one value, nothing
    why: str = ""
    use: str = ""

    def note(self, name: str) -> str:
        """Of the column of that name in a line, as it stands among the notes of the data; "" where a user did it."""
        how = "as year, month, weekday and hour" if self.holds == "date" else "to use it"
        return f"column {name} is left out: {self.why}; {how}: {self.use}" if self.why else ""


class Rows(ABC):
    """Rows that are read when they are asked for: more than memory holds, or made anew each time."""

    shape: tuple[int, ...]  # N, and the shape of one row
    dtype: torch.dtype  # uint8 or float32
    draws: bool  # whether reading a row draws from the global generators

    @abstractmethod
    def __getitem__(self, rows: Tensor) -> Tensor:
        """[n, ...] the rows of these numbers, read in this process. Raises DataError naming what cannot be read."""

    @abstractmethod
    def fingerprint(self) -> str:
        """What stays the same for as long as the rows do."""


@dataclass(frozen=True)
class Data:
    """Every row of a data set, on the host, untouched by scaling."""

    x: Tensor | Rows  # [N, C, H, W] uint8 or float32, or [N, F] float32 (a category is its code, NaN is missing)
    y: Tensor  # [N] int64 in 0..K-1, or [N] float32 for regression
    task: Task
    class_names: tuple[str, ...] = ()  # K names; () for regression
    columns: tuple[Column, ...] = ()  # F of them for a table; () for images
    official_val: Tensor | None = None  # [V] int64 row numbers, where the publisher fixed them
    official_test: Tensor | None = None  # [T] int64 row numbers
    target: str = ""  # the column that y comes from, where it has a name
    ignored: Mapping[str, LeftOut] = field(default_factory=dict)  # columns of the file that are no features
    in_time: Tensor | None = None  # [N] the row numbers from the earliest to the latest: the latest are for the test
    unknown: Mapping[str, int] = field(default_factory=dict)  # column -> its cells of no category that train rows have
    notes: tuple[str, ...] = ()  # what a user should know of how it was read


class Unfitted(Rows):
    """Rows whose columns and classes get their meaning from the train rows; y and names are of all: enough to split."""

    dtype = torch.float32
    draws = False

    def __getitem__(self, rows: Tensor) -> Tensor:
        raise AssertionError("rows that are not fitted yet have no numbers")

    def fingerprint(self) -> str:
        raise AssertionError("rows that are not fitted yet have no numbers")

    @abstractmethod
    def fitted(self, split: Split) -> Data:
        """The same rows in numbers. Raises DataError where val or test hold what the train rows have no meaning for."""


class Source(ABC):
    """The kind of every dataset part: its constructor takes the knobs of the option file, ``load`` reads the rows."""

    @abstractmethod
    def load(self, data_dir: Path) -> Data:
        """The rows. Raises DataError where files are missing or wrong."""

    def blank(self) -> Data | None:
        """One row of zeros with everything but the numbers as ``load`` gives it; None where only the files know."""
        return None


@dataclass(frozen=True)
class Split:
    """Row numbers of each split: int64, disjoint; ``val`` and ``test`` may be empty."""

    train: Tensor
    val: Tensor
    test: Tensor


@dataclass(frozen=True)
class Batching:
    """How the rows of a split become batches, however the rows are kept."""

    device: torch.device
    batch_size: int  # of a training step
    eval_batch_size: int  # of the splits in their own order
    order_seed: int | None  # draws the order of the train batches anew each epoch; None keeps the order of the split
    num_members: int = 1  # that take a train batch each in a step
    shares_batches: bool = False  # whether these hold the same rows


@dataclass(frozen=True)
class Chunk:
    """Several consecutive batches, gathered at once; the last batch may be short."""

    first_batch: int  # number of its first batch in the epoch
    x: Tensor  # [n, ...] on the device, n <= batches * batch_size
    y: Tensor  # [n]
    batch_size: int
    rows: Tensor  # [n] int64 their row numbers in Data, on the device


class Batches(Protocol):
    """What the engine iterates, however the rows are kept. Reading it leaves torch's global generator alone."""

    @property
    def num_rows(self) -> int:
        """Rows in one epoch."""

    def __len__(self) -> int:
        """Batches in one epoch."""

    def chunks(self, epoch: int, from_batch: int = 0) -> Iterator[Chunk]:
        """The chunks of ``epoch`` from the one that holds ``from_batch`` on, which is whole.

        Their borders depend on the batch number alone: its place in memory decides the last bits of a matrix product.
        """
