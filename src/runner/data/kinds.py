"""What a column of a table is: told by a user, or found in the train rows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from shlex import quote
from typing import Literal

from runner.data.cells import MOST, form, is_empty, number

Kind = Literal["numeric", "binary", "categorical", "ordinal", "ignored"]
FEWEST_TO_TELL = 20  # train rows it takes to call a column of texts one that names the rows
OWN_TEXT = 0.95  # of the rows have a text of their own where a column names them
ID_NAME = re.compile(
    r"(.*[_\-. ])?([iI][dD]|ID|[iI]ndex|idx|uuid|UUID|guid|GUID)|.*[a-z]I[dD]|column 1|Unnamed: 0|번호|순번|일련번호"
)
# means the same in quotes and without, where it is no number
PLAIN_NAME = re.compile(r"(?!(?i:true|false|null|nan|inf)$)[\w()%/-][\w()%/. -]*")
DATES = "dates or times"


@dataclass(frozen=True)
class Found:
    """What a column is. ``why`` it is left out, or ``refused`` because of the form its numbers are written in."""

    kind: Kind
    why: str = ""
    refused: str = ""


def kind_of_words(name: str, counts: Mapping[str, int], decimal: str) -> Found:
    """Of a column whose train rows hold these texts, each so often."""
    full = {text: count for text, count in counts.items() if not is_empty(text)}
    total = sum(full.values())
    if not total:
        return Found("ignored", "it is empty in every train row")
    if sum(count for text, count in full.items() if number(text, decimal) is not None) >= MOST * total:
        return Found("numeric")
    if len(counts) == 1:
        return Found("ignored", "it is the same in every train row")
    if how := form(full):
        return (
            Found("ignored", f"it holds {how}, which are not read") if how == DATES else Found("numeric", refused=how)
        )
    if total >= FEWEST_TO_TELL and len(full) >= OWN_TEXT * total:
        return Found("ignored", "nearly every row has a text of its own")
    return Found("binary" if len(counts) == 2 else "categorical")


def kind_of_numbers(name: str, is_same: bool, are_own: bool) -> Found:
    """Of a column of numbers: whether it is the same in every train row, and whether each has one of its own."""
    if is_same:
        return Found("ignored", "it is the same in every train row")
    if are_own and is_id_name(name):
        return Found("ignored", "it numbers the rows")
    return Found("numeric")


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
