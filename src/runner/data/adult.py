"""Census income (Becker and Kohavi 1996, UCI): whether a person earned more than 50,000 dollars in 1994."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from runner.contracts import Column, Data, Source
from runner.data.downloads import PUBLICATIONS
from runner.data.published import read_published

MEASURES = (
    "age workclass fnlwgt education education-num marital-status occupation relationship race sex "
    "capital-gain capital-loss hours-per-week native-country"
)
FEATURES = tuple(MEASURES.split())
NUMBERS = {"age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"}
TARGET = "income"
CLASS_NAMES = PUBLICATIONS["adult"].class_names
MISSING = "?"


class Adult(Source):
    """48,842 persons, 14 columns, 2 classes; the 16,281 of adult.test are the test split."""

    def load(self, data_dir: Path) -> Data:
        train, test = (records(content) for content in read_published("adult", data_dir, "adult.zip"))
        *features, labels = zip(*train, *test, strict=True)
        columns = tuple(column(name, cells) for name, cells in zip(FEATURES, features, strict=True))
        return Data(
            x=torch.stack([codes(each, cells) for each, cells in zip(columns, features, strict=True)], 1),
            y=torch.tensor([CLASS_NAMES.index(label.removesuffix(".")) for label in labels]),  # adult.test has the dot
            task="binary",
            class_names=CLASS_NAMES,
            columns=columns,
            official_test=torch.arange(len(train), len(train) + len(test)),
            target=TARGET,
        )


def records(content: bytes) -> list[list[str]]:
    """The cells of each row, without the comment above those of adult.test and the empty line at the end."""
    lines = content.decode("ascii").splitlines()
    return [line.split(", ") for line in lines if line and not line.startswith("|")]


def column(name: str, cells: Sequence[str]) -> Column:
    """A number, or the categories that the published file has, in the order of the alphabet."""
    if name in NUMBERS:
        return Column(name)
    held = set(cells)
    categories = tuple(sorted(held - {MISSING}))
    return Column(name, categories, ordered=len(categories) == 2, missing="filled" if MISSING in held else "refused")


def codes(column: Column, cells: Sequence[str]) -> Tensor:
    """[N] float32: numbers as they are, the place of each category, -1 where the cell says nothing."""
    if not column.categories:
        return torch.from_numpy(np.array(cells, dtype=np.float32))
    place = {category: float(code) for code, category in enumerate(column.categories)}
    return torch.tensor([place.get(cell, -1.0) for cell in cells])
