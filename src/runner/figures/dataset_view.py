"""A data set as it is shown: what the figure and the terminal's picture are both drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from runner import seed
from runner.contracts import SPLITS, Data, Split
from runner.figures.pixels import Pixels, to_rgb
from runner.text import counted, figure

SAMPLES = 10  # images in a row
FEWEST_ROWS = 6  # of images in the picture, where the classes are few
MAX_TABLE_ROWS = 10_000  # that histograms are made of: enough for their form, and rows that stream are slow to read
MAX_CLASSES = 20  # that are shown one by one; an even number


@dataclass(frozen=True)
class Title:
    """What a picture shows, in three lines."""

    name: str
    facts: str
    note: str


@dataclass(frozen=True)
class Balance:
    """Rows of each class; the splits are those that have rows, ``train`` among them."""

    class_names: tuple[str, ...]  # K
    counts: Mapping[str, tuple[int, ...]]  # split -> K counts

    @property
    def shown(self) -> tuple[int, ...]:
        """The classes to show, in the order of their labels; of more than MAX_CLASSES, the commonest and the rarest."""
        ranked = self._ranked
        return ranked if not self.hidden else ranked[: MAX_CLASSES // 2] + ranked[-MAX_CLASSES // 2 :]

    @property
    def hidden(self) -> tuple[int, ...]:
        """The classes between the commonest and the rarest shown."""
        return self._ranked[MAX_CLASSES // 2 : -MAX_CLASSES // 2] if len(self.class_names) > MAX_CLASSES else ()

    @property
    def hidden_note(self) -> str:
        """As "80 classes between, 12 to 40 train rows each"; "" where every class is shown."""
        if not self.hidden:
            return ""
        counts = [self.counts["train"][k] for k in self.hidden]
        span = f"{min(counts):,} to {max(counts):,}" if min(counts) < max(counts) else f"{counts[0]:,}"
        noun = "1 class" if len(counts) == 1 else f"{len(counts):,} classes"
        return f"{noun} between, {span} train rows each"

    @property
    def _ranked(self) -> tuple[int, ...]:
        labels = range(len(self.class_names))
        if len(self.class_names) <= MAX_CLASSES:
            return tuple(labels)
        return tuple(sorted(labels, key=lambda k: -self.counts["train"][k]))


def balance_of(data: Data, split: Split) -> Balance:
    """The balance of a classified data set."""
    rows = {name: getattr(split, name) for name in SPLITS}
    counts = {
        name: tuple(torch.bincount(data.y[numbers], minlength=len(data.class_names)).tolist())
        for name, numbers in rows.items()
        if len(numbers)
    }
    return Balance(data.class_names, counts)


@dataclass(frozen=True)
class Group:
    """Images that belong under one heading: of a class, or the one whose target it is."""

    heading: str
    images: Pixels  # [n, H, W, 3]


@dataclass(frozen=True)
class DatasetView:
    """A split data set under its name. What is shown of it is drawn from the train rows by ``split_seed`` alone."""

    name: str
    data: Data
    split: Split
    split_note: str
    split_seed: int

    @property
    def is_images(self) -> bool:
        return len(self.data.x.shape) == 4

    @property
    def rows(self) -> dict[str, Tensor]:
        """The row numbers of each split that has any."""
        return {name: rows for name in SPLITS if len(rows := getattr(self.split, name))}

    @property
    def facts(self) -> str:
        """As "70,000 rows, each 1 x 28 x 28 uint8, 10 classes"."""
        num_rows, *shape = self.data.x.shape
        dtype = str(self.data.x.dtype).removeprefix("torch.")
        form = f"each {' x '.join(map(str, shape))} {dtype}" if self.is_images else self._columns
        meaning = "a number to predict" if self.data.task == "regression" else f"{len(self.data.class_names):,} classes"
        return f"{counted(num_rows, 'row')}, {form}, {meaning}"

    @property
    def _columns(self) -> str:
        """5 of 9 columns, where some are not used."""
        used = list(dict.fromkeys(column.in_file for column in self.data.columns)) or range(self.data.x.shape[1])
        whole = counted(len(used) + len(self.data.ignored), "column")
        return f"{len(used):,} of {whole}" if self.data.ignored else whole

    @property
    def title(self) -> Title:
        return Title(self.name, self.facts, self.split_note)

    @cached_property
    def balance(self) -> Balance | None:
        """None for regression."""
        return None if self.data.task == "regression" else balance_of(self.data, self.split)

    @cached_property
    def gallery(self) -> tuple[Group, ...]:
        """The images shown: SAMPLES of each class shown, or more where the classes are few; for regression, some."""
        if self.balance is None:
            rows = self._drawn(self.split.train, SAMPLES * FEWEST_ROWS, "samples")
            headings = [figure(value) for value in self.data.y[rows].tolist()]
            return self._groups(headings, [row[None] for row in rows])
        each = SAMPLES * max(1, FEWEST_ROWS // len(self.balance.shown))
        labels_N = self.data.y[self.split.train]
        of_class = [self.split.train[labels_N == k] for k in self.balance.shown]
        drawn = [self._drawn(rows, each, "samples", k) for k, rows in zip(self.balance.shown, of_class, strict=True)]
        return self._groups([self.data.class_names[k] for k in self.balance.shown], drawn)

    @cached_property
    def table(self) -> tuple[Tensor, Tensor]:
        """(x [n, F] float32, y [n]) the train rows that histograms are made of, at most MAX_TABLE_ROWS."""
        rows = self.split.train
        if len(rows) > MAX_TABLE_ROWS:
            rows = self._drawn(rows, MAX_TABLE_ROWS, "table")
        return self._read(rows).float(), self.data.y[rows]

    def _groups(self, headings: Sequence[str], rows: Sequence[Tensor]) -> tuple[Group, ...]:
        """All images are made into pixels together: one scale of brightness for all."""
        images = to_rgb(self._read(torch.cat(list(rows))))
        ends = torch.tensor([len(part) for part in rows]).cumsum(0).tolist()
        return tuple(
            Group(heading, images[end - len(part) : end])
            for heading, part, end in zip(headings, rows, ends, strict=True)
        )

    def _drawn(self, rows: Tensor, count: int, *purpose: str | int) -> Tensor:
        order = torch.randperm(len(rows), generator=seed.generator(self.split_seed, "view", *purpose))
        return rows[order[:count]]

    def _read(self, rows: Tensor) -> Tensor:
        """The rows; where reading draws random numbers, the same ones every time."""
        with seed.kept():
            seed.seed_everything(seed.derive(self.split_seed, "view", "read"))
            return self.data.x[rows]
