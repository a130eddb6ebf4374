"""What a column of a table is: told by a user, or found in the train rows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from shlex import quote
from typing import Literal

import torch
from torch import Tensor

from runner.contracts import Notation, Split
from runner.data.table.cells import NULL, date_format, is_empty, number, spelled_number
from runner.data.table.dialect import Layout
from runner.data.table.frame import Frame
from runner.data.table.notation import Numbers, Spelling, read_numbers

Kind = Literal["numeric", "binary", "categorical", "ordinal", "ignored", "date"]
FEWEST_TO_TELL = 20  # train rows it takes to call a column one that names or numbers the rows
FIRST_ROWS = 2000
LONGER_THAN_YEARS = 300  # rows
OWN_TEXT = 0.5  # of the cells have a text of their own where a column names the rows
LONG_NUMBER = 8  # digits of a whole number, each of which a column has once: of that many it numbers something
ID_NAME = re.compile(
    r"(.*[_\-. ])?([iI][dD]|ID|[iI]ndex|idx|uuid|UUID|guid|GUID)|.*[a-z]I[dD]|column 1|Unnamed: 0|번호|순번|일련번호"
)
# means the same in quotes and without, where it is no number
PLAIN_NAME = re.compile(r"(?!(?i:true|false|null|nan|inf)$)[\w()%/-][\w()%/. -]*")
_CODE = re.compile(r"\d{3,}")
_EIGHT_DIGITS = re.compile(r"\d{8}")


@dataclass(frozen=True)
class Found:
    """What a column is. ``why`` it is left out, or ``refused`` because it cannot be told what its numbers are."""

    kind: Kind
    why: str = ""
    instead: Kind = "numeric"  # what it can be taken for, where it is left out
    refused: str = ""
    numbers: Numbers | None = None  # how a numeric column of texts spells them
    note: str = ""
    holds: str = ""  # what is in a column that is left out, in a word or two


def kind_of_words(counts: Mapping[str, int], spelling: Spelling) -> Found:
    """Of a column whose train rows hold these texts, each so often."""
    if all(is_empty(text) or spelling.is_missing(text) for text in counts):
        return Found("ignored", "it is empty in every train row", "categorical", holds="nothing")
    full = {text: count for text, count in counts.items() if text not in NULL and not spelling.is_missing(text)}
    numbers, are_codes = read_numbers(counts, spelling), _are_codes(full)
    if numbers and not are_codes and not _are_dates(full):
        return Found("numeric", refused=numbers.refused, numbers=numbers, note=numbers.note)
    if len(full) == 1:
        return Found("ignored", "it is the same in every train row", "categorical", holds="one value")
    if date_format(full):
        return Found("ignored", "it holds dates or times", "date", holds="date")
    total = sum(full.values())
    if total >= FEWEST_TO_TELL and len(full) >= OWN_TEXT * total:
        why = f"{len(full):,} different texts in {total:,} cells"
        return Found("ignored", why, "categorical", holds="text")
    note = "its numbers have leading zeros, so they are names" if are_codes else _note_on_case(full)
    return Found("binary" if len(full) == 2 else "categorical", note=note)


def _are_codes(full: Mapping[str, int]) -> bool:
    """Whether these are whole numbers some of which begin with 0, as zip codes do."""
    return all(map(_CODE.fullmatch, full)) and any(text[0] == "0" for text in full)


def _are_dates(full: Mapping[str, int]) -> bool:
    return all(map(_EIGHT_DIGITS.fullmatch, full)) and date_format(full) != ""


def _note_on_case(full: Mapping[str, int]) -> str:
    seen: dict[str, str] = {}
    for text in full:
        other = seen.setdefault(text.casefold(), text)
        if other != text:
            return f"{other} and {text} differ in case alone, and are two categories"
    return ""


def numbering(name: str, *, counts_up: bool, digits: int, are_round: bool) -> str:
    """Why a column in which each row has a number of its own names the rows and measures nothing; "" where it may.

    ``counts_up`` where these are 0, 1, 2 ... or the like in the rows' order; ``digits`` what each has where all are
    whole and of one length, else 0; ``are_round`` where many end in 0, as amounts do.
    """
    if is_id_name(name) or counts_up:
        return "it numbers the rows"
    if digits >= LONG_NUMBER and not are_round:
        return f"every row has a number of its own, of {digits} digits: it is an id"
    return ""


def setting(name: str, kind: str) -> str:
    """What to type so that the column is taken as that."""
    bare = PLAIN_NAME.fullmatch(name) and number(name) is None
    return quote(f"dataset.columns={{{name if bare else json.dumps(name, ensure_ascii=False)}: {kind}}}")


def is_id_name(name: str) -> bool:
    """Whether a column of this name may only tell rows apart: id, user_id, index."""
    return ID_NAME.fullmatch(name) is not None


def numbering_note(name: str) -> str:
    """What to say where such a column, with a number of its own for each row, is to be predicted."""
    return (
        f"{name}, the target, numbers the rows: the net would learn the order of the file, "
        "which tells nothing about new rows (dataset.target=...)"
    )


@dataclass
class TrainColumns:
    """The columns of a frame, each found to be of a kind by the train rows of a split."""

    layout: Layout
    frame: Frame
    spelling: Spelling
    split: Split

    def kind(self, place: int, said: Kind | None) -> Found:
        """What the column at this place is: as was said, else as it is found."""
        return self._said(place, said) if said else self._found(place)

    def _said(self, place: int, kind: Kind) -> Found:
        if kind != "numeric" or self.frame.names[place] not in self.frame.words:
            return Found(kind)
        numbers = read_numbers(self.counts(place), self.spelling) or Numbers(Notation())
        return Found(kind, refused=numbers.refused, numbers=numbers, note=numbers.note)

    def _found(self, place: int) -> Found:
        name = self.frame.names[place]
        if name not in self.frame.words:
            return self._kind_of_numbers(place)
        counts = self.counts(place)
        found = kind_of_words(counts, self.spelling)
        if found.kind != "numeric" or found.refused or found.numbers is None:
            return found
        values_N = self._spelled(place, found.numbers.notation)
        values = values_N[self.split.train]
        full = values[~values.isnan()]
        if bool((full == full[0]).all()):
            same = "it is the same in every train row"
            why = same if len(counts) == 1 else "float32 has too few digits to tell its values apart"
            return Found("ignored", why, "categorical", holds="one value")
        if len(counts) == sum(counts.values()) == len(self.split.train) and (
            why := self._numbering(name, counts, values_N)
        ):
            return Found("ignored", why, holds="row number")
        return found

    def _kind_of_numbers(self, place: int) -> Found:
        name = self.frame.names[place]
        if not self._differs_C[place]:  # in the first rows; it may do so below
            values = self.train(place)
            values = values[~values.isnan()]
            if not len(values):
                return Found("ignored", "it is empty in every train row", holds="nothing")
            if bool((values == values[0]).all()):
                return Found("ignored", "it is the same in every train row", holds="one value")
        counts_up = self._may_count_up_C[place] and self._counts_up(self.frame.x_NC[:, place])
        if counts_up or (is_id_name(name) and len(torch.unique(self.train(place))) == len(self.split.train)):
            why = numbering(name, counts_up=counts_up, digits=0, are_round=False)
            return Found("ignored", why, holds="row number")
        return Found("numeric", note=self.layout.note_on_fractions(name))

    def _numbering(self, name: str, counts: Mapping[str, int], values_N: Tensor) -> str:
        """Why a column of texts, each of which stands in one train row, names the rows; "" where it does not."""
        lengths = set(map(len, counts)) if all(map(str.isdecimal, counts)) else set()
        many = len(counts) >= FEWEST_TO_TELL and len(lengths) == 1
        return numbering(
            name,
            counts_up=self._counts_up(values_N),
            digits=lengths.pop() if many else 0,
            are_round=sum(text[-1] == "0" for text in counts) > len(counts) / 2,
        )

    def _counts_up(self, values_N: Tensor) -> bool:
        """Whether these are the numbers of the rows, from 0 or 1, beside other columns that may tell something.

        A long column may begin anywhere; a short one may be of years.
        """
        if float(values_N[0]) > float(values_N[-1]):
            values_N = values_N.flip(0)  # counted down
        first, last = float(values_N[0]), float(values_N[-1])
        if len(self.frame.names) < 2 or last - first != len(values_N) - 1:
            return False
        is_like_it = first in (0.0, 1.0) or (first.is_integer() and len(values_N) >= LONGER_THAN_YEARS)
        return is_like_it and bool((values_N - first == torch.arange(len(values_N))).all())

    def _spelled(self, place: int, notation: Notation) -> Tensor:
        """[N] the numbers that the words spell, NaN where they spell none."""
        words = self.frame.words[self.frame.names[place]]
        read = [spelled_number(word, notation, self.spelling.usual) for word in words]
        values = [float("nan") if value is None else value for value in read]
        return torch.tensor([*values, float("nan")])[self.frame.x_NC[:, place].long()]

    def counts(self, place: int) -> dict[str, int]:
        """How often the train rows have each word that they have."""
        return self.frame.counts(place, self.split.train)

    def train(self, place: int) -> Tensor:
        return self.frame.x_NC[:, place][self.split.train]

    @cached_property
    def _differs_C(self) -> list[bool]:
        """[C] which columns of numbers are whole in the first train rows, and not the same in all: most of them."""
        lowest_C, highest_C = self.frame.x_NC[self.split.train[:FIRST_ROWS]].aminmax(dim=0)
        differs: list[bool] = (lowest_C < highest_C).tolist()  # NaN is less than nothing
        return differs

    @cached_property
    def _may_count_up_C(self) -> list[bool]:
        """[C] which columns end as far from their beginning as the last row is from the first."""
        x_NC = self.frame.x_NC
        may: list[bool] = ((x_NC[-1] - x_NC[0]).abs() == len(x_NC) - 1).tolist()
        return may
