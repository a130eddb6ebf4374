"""A table whose columns get their kinds, categories and classes from its train rows.

Shapes: N rows, C columns of the file that may be features, F features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from runner.contracts import Column, Data, Missing, Split, Unfitted
from runner.data.cells import in_order, is_empty, number
from runner.data.frame import Frame
from runner.data.kinds import Found, Kind, is_id_name, kind_of_numbers, kind_of_words, setting
from runner.data.table_text import Fault, TableText
from runner.data.target import Target
from runner.errors import DataError

FIRST_ROWS = 2000


@dataclass(frozen=True)
class Meaning:
    """What is said of the features; what is not said is found in the train rows."""

    columns: Mapping[str, Column | Kind]  # a Column is taken as it is, with the categories it has
    missing: Literal["refuse", "impute"]
    unknown: Literal["refuse", "zeros"]

    @property
    def as_words(self) -> frozenset[str]:
        """The columns whose cells are texts even where they look like numbers."""
        return frozenset(name for name, said in self.columns.items() if not _is_of_numbers(said))


def _is_of_numbers(said: Column | Kind) -> bool:
    return not said.categories if isinstance(said, Column) else said in ("numeric", "ignored")


class Table(Unfitted):
    """[N, C] the cells of a file."""

    def __init__(self, text: TableText, frame: Frame, target: Target, meaning: Meaning, data: Data):
        self.text, self.frame, self.target, self.meaning, self.data = text, frame, target, meaning, data
        self.shape = tuple(frame.x_NC.shape)

    def fitted(self, split: Split) -> Data:
        """The features as the train rows tell them. Raises DataError naming file, line, column and value."""
        fit = Fit(self.text, self.frame, self.meaning, split)
        features = [feature for place in range(self.shape[1]) if (feature := fit.feature(place))]
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
            notes=(*self.data.notes, *fit.notes),
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


def used(split: Split, num_rows: int) -> Tensor:
    """[N] which rows are in a split."""
    is_used_N = torch.zeros(num_rows, dtype=torch.bool)
    is_used_N[torch.cat([split.train, split.val, split.test])] = True
    return is_used_N


@dataclass(frozen=True)
class Feature:
    """A column of the frame that goes into the net."""

    place: int
    column: Column
    meanings: Tensor | None = None  # [V + 1] of the words, and of an empty cell, as numbers; None: they are numbers


@dataclass
class Fit:
    """The columns of a frame, each made a feature or left out, on the train rows of a split."""

    text: TableText
    frame: Frame
    meaning: Meaning
    split: Split
    faults: list[Fault] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    has_unread: bool = False  # whether a row of no split, as dataset.limit leaves them, holds what is no number

    @cached_property
    def is_used_N(self) -> Tensor:
        return used(self.split, self.frame.num_rows)

    def feature(self, place: int) -> Feature | None:
        """The feature that column ``place`` is; None where it is left out. What is wrong with it is in ``faults``."""
        name = self.frame.names[place]
        said = self.meaning.columns.get(name)
        if isinstance(said, Column):
            return self._as_said(place, said)
        found = Found(said) if said else self._found(place)
        if found.refused:
            self._refuse_form(place, found.refused)
            return None
        if found.kind == "ignored":
            self._leave_out(name, found.why)
            return None
        if found.kind == "numeric":
            return self._numeric(place)
        return self._binary(place) if found.kind == "binary" else self._categorical(place)

    def _found(self, place: int) -> Found:
        name = self.frame.names[place]
        if name in self.frame.words:
            return kind_of_words(name, self._counts(place), self.text.layout.decimal)
        values = self._first_train_rows[:, place]
        if len(torch.unique(values)) < 2 or values.isnan().any():
            values = self._train(place)
        values = values[~values.isnan()]
        if not len(values):
            return Found("ignored", "it is empty in every train row")
        is_same = bool((values == values[0]).all())
        if is_same and name in self.frame.rounded:
            return Found("ignored", "float32 has too few digits to tell its values apart")
        are_own = is_id_name(name) and len(torch.unique(self._train(place))) == len(self.split.train)
        return kind_of_numbers(name, is_same, are_own)

    def _numeric(self, place: int) -> Feature:
        name, meanings = self.frame.names[place], None
        if name in self.frame.words:
            meanings = self._spelled_numbers(place)
            values_N = meanings[self.frame.x_NC[:, place].long()]
        elif bool(self._is_whole_C[place]):  # nothing to look for in any row
            return Feature(place, Column(name, missing=self._filled("filled")))
        else:
            values_N = self.frame.x_NC[:, place]
        self._fault(name, values_N.isinf(), " is no finite number, or too large for float32")
        is_missing_N = values_N.isnan()
        self._refuse_missing(name, is_missing_N)
        is_marked = bool(is_missing_N[self.split.train].any())
        return Feature(place, Column(name, missing=self._filled("marked" if is_marked else "filled")), meanings)

    def _spelled_numbers(self, place: int) -> Tensor:
        """[V + 1] the numbers that the words spell; a word that spells none is a fault."""
        name = self.frame.names[place]
        words = self.frame.words[name]
        read = [None if is_empty(word) else number(word, self.text.layout.decimal) for word in words]
        is_wrong = [value is None and not is_empty(word) for value, word in zip(read, words, strict=True)]
        codes_N = self.frame.x_NC[:, place].long()
        advice = f"\n  mend it, or take the column otherwise: {setting(name, 'categorical')}, or ignored"
        self._fault(
            name, torch.tensor([*is_wrong, False])[codes_N], f" is no number, and this is a column of numbers{advice}"
        )
        values = [0.0 if wrong else value for value, wrong in zip(read, is_wrong, strict=True)]
        return torch.tensor([*(float("nan") if value is None else value for value in values), float("nan")])

    def _categorical(self, place: int) -> Feature:
        column = Column(self.frame.names[place], in_order(self._counts(place)), missing=self._filled("filled"))
        return self._with_categories(place, replace(column, takes_unknown=self.meaning.unknown == "zeros"))

    def _binary(self, place: int) -> Feature:
        """Of more than two categories, where it was said to be binary, those that say that there is none are none."""
        name, found = self.frame.names[place], in_order(self._counts(place))
        full = found if len(found) <= 2 else tuple(word for word in found if not is_empty(word))
        is_third = [word in full[2:] for word in self.frame.words[name]]
        reason = f" is another than {' and '.join(full[:2])}, and the column was said to be binary"
        self._fault(name, torch.tensor([*is_third, False])[self.frame.x_NC[:, place].long()], reason)
        return self._with_categories(place, Column(name, full, ordered=True, missing=self._filled("filled")))

    def _as_said(self, place: int, column: Column) -> Feature:
        if not column.categories:
            return self._numeric(place)
        return self._with_categories(place, replace(column, missing=self._filled("filled")))

    def _with_categories(self, place: int, column: Column) -> Feature:
        """The feature of a column whose categories are known; a word that is none of them is a fault."""
        words = self.frame.words[column.name]
        codes_N = self.frame.x_NC[:, place].long()
        nothing = float("nan") if column.is_number else -1.0
        known = {category: float(code) for code, category in enumerate(column.categories)}
        meanings = torch.tensor([*(known.get(word, nothing) for word in words), nothing])
        is_missing = [word not in known and is_empty(word) and column.is_number for word in words]
        is_missing_N = torch.tensor([*is_missing, True])[codes_N]
        is_unknown_N = torch.tensor([*(word not in known for word in words), False])[codes_N] & ~is_missing_N
        self._refuse_missing(column.name, is_missing_N)
        if not column.takes_unknown:
            self._refuse_unknown(column, is_unknown_N)
        if column.is_number and is_missing_N[self.split.train].any():
            column = replace(column, missing="marked")
        return Feature(place, column, meanings)

    def _refuse_unknown(self, column: Column, is_unknown_N: Tensor) -> None:
        many = int((is_unknown_N & self.is_used_N).sum())
        how = "" if column.is_number else "; dataset.unknown=zeros makes it none of the categories"
        reason = (
            f" is a category that no train row has ({many:,} such cells in this column)\n"
            f"  mend it{how}, or leave the column out: {setting(column.name, 'ignored')}"
        )
        if column.name in self.meaning.columns and isinstance(self.meaning.columns[column.name], Column):
            reason = f" is none of its categories: {', '.join(column.categories)}"
        self._fault(column.name, is_unknown_N, reason)

    def _refuse_missing(self, name: str, is_missing_N: Tensor) -> None:
        if self.meaning.missing == "impute":
            return
        many = int((is_missing_N & self.is_used_N).sum()) if is_missing_N.any() else 0
        advice = f"fill it in, or dataset.missing=impute, or leave the column out: {setting(name, 'ignored')}"
        self._fault(name, is_missing_N, f", one of {many:,} cells without a value in this column\n  {advice}")

    def _refuse_form(self, place: int, how: str) -> None:
        name = self.frame.names[place]
        is_full_N = self.frame.x_NC[:, place] >= 0
        advice = f"write plain numbers, as 1234.5, or leave the column out: {setting(name, 'ignored')}"
        if "comma" in how or "thousands" in how:
            advice = f"where the comma parts the fraction: dataset.decimal=','; else {advice}"
        self._fault(name, is_full_N, f" is no number: this column holds {how}\n  {advice}")

    def _fault(self, name: str, is_wrong_N: Tensor, reason: str) -> None:
        if not is_wrong_N.any():
            return
        is_told_N = is_wrong_N & self.is_used_N
        self.has_unread |= not torch.equal(is_told_N, is_wrong_N)
        if is_told_N.any():
            self.faults.append(Fault(int(is_told_N.int().argmax()), name, reason))

    def _leave_out(self, name: str, why: str) -> None:
        self.ignored.append(name)
        if why:
            kind = "categorical" if name in self.frame.words else "numeric"
            self.notes.append(f"column {name} is left out: {why}; to use it: {setting(name, kind)}")

    def _filled(self, how: Missing) -> Missing:
        return how if self.meaning.missing == "impute" else "refused"

    def _counts(self, place: int) -> dict[str, int]:
        """How often the train rows have each word that they have."""
        words = self.frame.words[self.frame.names[place]]
        codes = self._train(place).long()
        counts = torch.bincount(codes[codes >= 0], minlength=len(words)).tolist()
        return {word: count for word, count in zip(words, counts, strict=True) if count}

    def _train(self, place: int) -> Tensor:
        return self.frame.x_NC[:, place][self.split.train]

    @cached_property
    def _first_train_rows(self) -> Tensor:
        """[n, C] enough of them to see that most columns are not the same in all."""
        return self.frame.x_NC[self.split.train[:FIRST_ROWS]]

    @cached_property
    def _is_whole_C(self) -> Tensor:
        """[C] which columns have a finite number in every row."""
        if torch.stack(self.frame.x_NC.aminmax()).isfinite().all():
            return torch.ones(self.frame.x_NC.shape[1], dtype=torch.bool)
        lowest_C, highest_C = self.frame.x_NC.aminmax(dim=0)
        return lowest_C.isfinite() & highest_C.isfinite()
