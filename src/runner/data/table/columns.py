"""The columns of a table, each made a feature or left out, as the train rows tell them.

Shapes: N rows, C columns of the file that may be features, V words of a column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from runner.contracts import Column, LeftOut, Missing, Notation, Split
from runner.data.table.cells import NULL, date_format, in_order, is_empty, may_be_swapped, parts_of, spelled_number
from runner.data.table.column_kinds import Found, TrainColumns, setting
from runner.data.table.faults import Fault, TableText
from runner.data.table.frame import Frame
from runner.data.table.notation import Numbers, Spelling, says_none, values_of
from runner.data.table.target import rounding_note

if TYPE_CHECKING:
    from runner.data.table.table import Meaning

MOST_NAMES = 8  # of columns in a note


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
    spelling: Spelling
    split: Split
    faults: list[Fault] = field(default_factory=list)
    ignored: dict[str, LeftOut] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    empty: dict[str, int] = field(default_factory=dict)  # column -> its cells without a value
    unknown: dict[str, int] = field(default_factory=dict)  # column -> its cells of no category that train rows have
    has_unread: bool = False  # whether a row of no split, as dataset.limit leaves them, holds what is no number

    @cached_property
    def _kinds(self) -> TrainColumns:
        return TrainColumns(self.text.layout, self.frame, self.spelling, self.split)

    @cached_property
    def is_used_N(self) -> Tensor:
        return used(self.split, self.frame.num_rows)

    def features(self) -> list[Feature]:
        """Of every column in turn. What is wrong is in ``faults``."""
        return [feature for place in range(len(self.frame.names)) for feature in self._features_of(place)]

    def counts(self) -> list[str]:
        """What was done to cells that hold no value or none that the train rows know, with their numbers."""
        notes = []
        if self.empty:
            notes.append(
                f"cells without a value: {_listed(self.empty)}: filled in, and marked where train rows lack some"
            )
        if self.unknown:
            notes.append(f"cells of no category that train rows have: {_listed(self.unknown)}: taken as no category")
        return notes

    def _features_of(self, place: int) -> list[Feature]:
        name = self.frame.names[place]
        said = self.meaning.columns.get(name)
        if isinstance(said, Column):
            return [self._as_said(place, said)]
        found = self._kinds.kind(place, said)
        if found.refused:
            reason = f" can be read in two ways: {found.refused}"
            self._fault(name, self.frame.x_NC[:, place] >= 0, reason)
            return []
        if found.kind == "ignored":
            self._leave_out(name, found)
            return []
        if found.note:
            self.notes.append(f"column {name}: {found.note}")
        if found.kind == "date":
            return self._dates(place)
        if found.kind == "numeric":
            return [self._numeric(place, found.numbers)]
        return [self._binary(place) if found.kind == "binary" else self._categorical(place)]

    def _numeric(self, place: int, numbers: Numbers | None) -> Feature:
        name, meanings = self.frame.names[place], None
        notation = numbers.notation if numbers else self._given_markers
        if numbers:
            meanings = self._meanings(place, notation)
            values_N = meanings[self.frame.x_NC[:, place].long()]
            self._note_markers(place, numbers)
            self._note_rounding(place, notation)
        elif bool(self._is_whole_C[place]):  # nothing to look for in any row
            return Feature(place, Column(name, missing=self._filled("filled"), notation=notation))
        else:
            values_N = self.frame.x_NC[:, place]
        self._fault(name, values_N.isinf(), " is not a finite number, or it is too large for float32")
        is_missing_N = values_N.isnan()
        self._take_missing(name, is_missing_N)
        is_marked = bool(is_missing_N[self.split.train].any())
        missing = self._filled("marked" if is_marked else "filled")
        return Feature(place, Column(name, missing=missing, notation=notation), meanings)

    def _dates(self, place: int) -> list[Feature]:
        """A feature for each part of the dates that differs among the train rows."""
        name, counts = self.frame.names[place], self._kinds.counts(place)
        full = [text for text in counts if not is_empty(text)]
        form = date_format(full)
        if not form:
            advice = f"\n  leave the column out, or take it otherwise: {setting(name, 'ignored')}"
            self._fault(
                name, self.frame.x_NC[:, place] >= 0, f" is not a date in the form of most of its cells{advice}"
            )
            return []
        if may_be_swapped(full, form):
            first = "day" if form.index("%d") < form.index("%m") else "month"
            self.notes.append(f"column {name}: {full[0]} is read with the {first} first")
        features = []
        for part in parts_of(form):
            notation = Notation(date_format=form, date_part=part)
            meanings = self._meanings(place, notation)
            values = meanings[self._kinds.train(place).long()]
            full_values = values[~values.isnan()]
            if len(full_values) and bool((full_values != full_values[0]).any()):
                is_marked = bool(values.isnan().any())
                missing = self._filled("marked" if is_marked else "filled")
                column = Column(f"{name} {part}", missing=missing, notation=notation, source=name)
                features.append(Feature(place, column, meanings))
        if features:
            assert features[0].meanings is not None
            self._take_missing(name, features[0].meanings[self.frame.x_NC[:, place].long()].isnan())
        return features

    def _meanings(self, place: int, notation: Notation) -> Tensor:
        """[V + 1] the numbers that the words spell; a word that spells none and is no marker is a fault."""
        name = self.frame.names[place]
        values, is_wrong = values_of(self.frame.words[name], notation, self.spelling)
        advice = (
            f"\n  mend it, or take it as missing: dataset.missing_values=[...], or the column otherwise: "
            f"{setting(name, 'categorical')}, or ignored"
        )
        kind = "dates" if notation.date_part else "numbers"
        reason = f" is not a {kind[:-1]}, and this is a column of {kind}{advice}"
        self._fault(name, self._of_words(place, [*is_wrong, False]), reason)
        return torch.tensor([*values, float("nan")])

    def _note_markers(self, place: int, numbers: Numbers) -> None:
        name = self.frame.names[place]
        for word, count in self.frame.counts(place).items():
            if not is_empty(word) and says_none(word, numbers.notation, self.spelling):
                held = f"{count:,} {'cell' if count == 1 else 'cells'} of {name} hold {word!r}: taken as missing"
                self.notes.append(f"{held}; to take them as they are: {setting(name, 'categorical')}")

    def _note_rounding(self, place: int, notation: Notation) -> None:
        words = self.frame.words[self.frame.names[place]]
        read = (spelled_number(word, notation, self.spelling.usual) for word in words)
        if any(v is not None and v.is_integer() and float(torch.tensor(v)) != v for v in read):
            self.notes.append(f"column {rounding_note(self.frame.names[place])}")

    def _categorical(self, place: int) -> Feature:
        column = Column(self.frame.names[place], self._categories(place), missing=self._filled("filled"))
        return self._with_categories(place, replace(column, takes_unknown=self.meaning.unknown == "zeros"))

    def _categories(self, place: int) -> tuple[str, ...]:
        return in_order(
            text for text in self._kinds.counts(place) if text not in NULL and not self.spelling.is_missing(text)
        )

    def _binary(self, place: int) -> Feature:
        """Of more than two categories, where it was said to be binary, those that say that there is none are none."""
        name, found = self.frame.names[place], self._categories(place)
        full = found if len(found) <= 2 else tuple(word for word in found if not is_empty(word))
        is_third = [word in full[2:] for word in self.frame.words[name]]
        reason = f" is another than {' and '.join(full[:2])}, and the column was said to be binary"
        self._fault(name, self._of_words(place, [*is_third, False]), reason)
        return self._with_categories(place, Column(name, full, ordered=True, missing=self._filled("filled")))

    def _as_said(self, place: int, column: Column) -> Feature:
        if not column.categories:
            is_text = column.name in self.frame.words
            return self._numeric(place, self._kinds.kind(place, "numeric").numbers if is_text else None)
        return self._with_categories(place, replace(column, missing=self._filled("filled")))

    def _with_categories(self, place: int, column: Column) -> Feature:
        """The feature of a column whose categories are known; a word that is none of them is a fault, or unknown."""
        words = self.frame.words[column.name]
        nothing = float("nan") if column.is_number else -1.0
        known = {category: float(code) for code, category in enumerate(column.categories)}
        meanings = torch.tensor([*(known.get(word, nothing) for word in words), nothing])
        is_missing = [
            word not in known and (is_empty(word) or word in NULL or self.spelling.is_missing(word)) for word in words
        ]
        is_missing_N = self._of_words(place, [*is_missing, True])
        is_unknown_N = self._of_words(place, [*(word not in known for word in words), False]) & ~is_missing_N
        self._take_missing(column.name, is_missing_N)
        self._take_unknown(column, is_unknown_N)
        if column.is_number and (is_missing_N | is_unknown_N)[self.split.train].any():
            column = replace(column, missing="marked")
        return Feature(place, column, meanings)

    def _take_unknown(self, column: Column, is_unknown_N: Tensor) -> None:
        many = int((is_unknown_N & self.is_used_N).sum())
        if not many and not is_unknown_N.any():
            return
        if self._takes_unknown(column):
            if many:
                self.unknown[column.name] = many
            return
        how = "" if column.is_number else "; dataset.unknown=zeros makes it none of the categories"
        reason = (
            f" is a category that no train row has ({many:,} such cells in this column)\n"
            f"  mend it{how}, or leave the column out: {setting(column.name, 'ignored')}"
        )
        if column.name in self.meaning.columns and isinstance(self.meaning.columns[column.name], Column):
            reason = f" is not one of its categories: {', '.join(column.categories)}"
        self._fault(column.name, is_unknown_N, reason)

    def _takes_unknown(self, column: Column) -> bool:
        """A binary column, one number, has no place for a third category but that of an empty cell."""
        return column.takes_unknown or (
            column.is_number
            and column.missing != "refused"
            and self.meaning.unknown == "zeros"
            and column.name not in self.meaning.columns
        )

    def _take_missing(self, name: str, is_missing_N: Tensor) -> None:
        if not is_missing_N.any():
            return
        many = int((is_missing_N & self.is_used_N).sum())
        if self.meaning.missing == "impute":
            if many:
                self.empty[name] = many
            return
        advice = f"fill it in, or dataset.missing=impute, or leave the column out: {setting(name, 'ignored')}"
        self._fault(name, is_missing_N, f", one of {many:,} cells without a value in this column\n  {advice}")

    def _of_words(self, place: int, is_so: list[bool]) -> Tensor:
        """[N] what is so of each row's word, at last of an empty cell."""
        return torch.tensor(is_so)[self.frame.x_NC[:, place].long()]

    def _fault(self, name: str, is_wrong_N: Tensor, reason: str) -> None:
        if not is_wrong_N.any():
            return
        is_told_N = is_wrong_N & self.is_used_N
        self.has_unread |= not torch.equal(is_told_N, is_wrong_N)
        if is_told_N.any():
            self.faults.append(Fault(int(is_told_N.int().argmax()), name, reason))

    def _leave_out(self, name: str, found: Found) -> None:
        left = LeftOut(found.holds, found.why, setting(name, found.instead)) if found.why else LeftOut()
        self.ignored[name] = left
        self.notes += filter(None, [left.note(name)])

    def _filled(self, how: Missing) -> Missing:
        return how if self.meaning.missing == "impute" else "refused"

    @cached_property
    def _given_markers(self) -> Notation:
        return Notation(markers=self.meaning.missing_values)

    @cached_property
    def _is_whole_C(self) -> Tensor:
        """[C] which columns have a finite number in every row."""
        if torch.stack(self.frame.x_NC.aminmax()).isfinite().all():
            return torch.ones(self.frame.x_NC.shape[1], dtype=torch.bool)
        lowest_C, highest_C = self.frame.x_NC.aminmax(dim=0)
        return lowest_C.isfinite() & highest_C.isfinite()


def _listed(counts: Mapping[str, int]) -> str:
    """As "Age 33, Cabin 228 and 3 more columns"."""
    named = ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:MOST_NAMES])
    return named + (f" and {len(counts) - MOST_NAMES} more columns" if len(counts) > MOST_NAMES else "")
