"""A table whose columns get their kinds, categories and classes from its train rows.

Shapes: N rows, C columns of the file that may be features, F features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from runner.contracts import Column, Data, Split, Unfitted
from runner.data.table.column_kinds import Kind
from runner.data.table.columns import Feature, Fit, used
from runner.data.table.faults import Fault, TableText
from runner.data.table.frame import Frame
from runner.data.table.notation import Spelling
from runner.data.table.target import Target
from runner.errors import DataError


@dataclass(frozen=True)
class Meaning:
    """What is said of the features; what is not said is found in the train rows."""

    columns: Mapping[str, Column | Kind]  # a Column is taken as it is, with the categories it has
    missing: Literal["refuse", "impute"]
    unknown: Literal["refuse", "zeros"]
    missing_values: tuple[str, ...] = ()  # cells that hold no value

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
            ignored=tuple(fit.ignored),
            unknown=fit.unknown,
            notes=(*self.data.notes, *fit.notes, *fit.counts()),
        )

    def _numbers(self, features: list[Feature]) -> Tensor:
        """[N, F] float32; the frame's own memory where every column of it is a number and stays."""
        x_NC = self.frame.x_NC
        if len(features) == x_NC.shape[1] and all(feature.meanings is None for feature in features):
            return x_NC
        x_NF = x_NC[:, [feature.place for feature in features]]
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
