"""The columns of a file where nobody has said yet which of them is to be predicted.

Shapes: N rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from runner.contracts import Split
from runner.data.table.cells import NULL, is_empty
from runner.data.table.column_kinds import Found, TrainColumns
from runner.data.table.dialect import Reading
from runner.data.table.frame import Frame
from runner.data.table.notation import Spelling, says_none
from runner.data.table.table import Meaning, read_file
from runner.errors import DataError

EXAMPLES = 3


@dataclass(frozen=True)
class Glimpse:
    """One column, as all rows tell it."""

    name: str
    kind: str  # as dataset.columns says it; text where each cell has its own
    may_be_target: bool
    num_empty: int
    examples: tuple[str, ...]  # of its cells, the first that differ


def glimpses(path: Path, reading: Reading, meaning: Meaning) -> tuple[int, list[Glimpse]]:
    """(N, the columns). Raises DataError where the file is no table."""
    text, frame, meaning, _ = read_file(path, reading, meaning)
    if not frame.num_rows:
        raise DataError(f"{path}: holds no row")
    layout, none = text.layout, torch.empty(0, dtype=torch.int64)
    spelling = Spelling(
        reading.decimal, reading.thousands, layout.decimal, layout.is_decimal_sure, meaning.missing_values
    )
    frame = frame.without_values(meaning.missing_values)
    kinds = TrainColumns(layout, frame, spelling, Split(torch.arange(frame.num_rows), none, none))
    return frame.num_rows, [_glimpse(frame, place, kinds, spelling) for place in range(len(frame.names))]


def _glimpse(frame: Frame, place: int, kinds: TrainColumns, spelling: Spelling) -> Glimpse:
    name, found = frame.names[place], kinds.kind(place, None)
    x_N = frame.x_NC[:, place]
    full: Iterator[str]
    if name in frame.words:
        empty = {word for word in frame.words[name] if _is_none(word, found, spelling)}
        num_empty = int((x_N < 0).sum()) + sum(many for word, many in frame.counts(place).items() if word in empty)
        full = iter(word for word in frame.words[name] if word not in empty)
    else:
        num_empty, full = int(x_N.isnan().sum()), _numbers(frame, place)
    is_of_values = found.kind not in ("ignored", "date")
    is_binary = found.kind == "numeric" and len(torch.unique(x_N[~x_N.isnan()])) == 2
    kind = "binary" if is_binary else found.holds or found.kind
    return Glimpse(name, kind, is_of_values, num_empty, tuple(islice(full, EXAMPLES)))


def _is_none(word: str, found: Found, spelling: Spelling) -> bool:
    if found.numbers is not None:
        return is_empty(word) or says_none(word, found.numbers.notation, spelling)
    return word in NULL or spelling.is_missing(word)


def _numbers(frame: Frame, place: int) -> Iterator[str]:
    """As they are written, each once."""
    seen = dict.fromkeys(value for value in frame.x_NC[:, place].numpy()[: 100 * EXAMPLES] if value == value)
    yield from (np.format_float_positional(value, trim="-") for value in seen)
