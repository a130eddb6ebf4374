"""What a column of a table is: told by a user, or found in the train rows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from shlex import quote
from typing import Literal

from runner.data.table.cells import NULL, date_format, is_empty, number
from runner.data.table.notation import Numbers, Spelling, read_numbers

Kind = Literal["numeric", "binary", "categorical", "ordinal", "ignored", "date"]
FEWEST_TO_TELL = 20  # train rows it takes to call a column one that names or numbers the rows
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


def kind_of_words(counts: Mapping[str, int], spelling: Spelling) -> Found:
    """Of a column whose train rows hold these texts, each so often."""
    if all(is_empty(text) or spelling.is_missing(text) for text in counts):
        return Found("ignored", "it is empty in every train row", "categorical")
    full = {text: count for text, count in counts.items() if text not in NULL and not spelling.is_missing(text)}
    numbers, are_codes = read_numbers(counts, spelling), _are_codes(full)
    if numbers and not are_codes and not _are_dates(full):
        return Found("numeric", refused=numbers.refused, numbers=numbers, note=numbers.note)
    if len(full) == 1:
        return Found("ignored", "it is the same in every train row", "categorical")
    if date_format(full):
        return Found("ignored", "it holds dates or times", "date")
    total = sum(full.values())
    if total >= FEWEST_TO_TELL and len(full) >= OWN_TEXT * total:
        return Found("ignored", f"{len(full):,} different texts stand in {total:,} cells", "categorical")
    note = "leading zeros make its numbers texts" if are_codes else _note_on_case(full)
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
        return f"every row has a number of its own, of {digits} digits: it names something"
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
        f"{name}, the target, numbers the rows: what is learned is the order of the file, "
        "which says nothing of later rows (dataset.target=...)"
    )
