"""The cells of a table as arrays, read fast by pandas: numbers as float32, words as codes.

Shapes: N rows, C columns.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from runner.data.cells import EMPTY, number
from runner.data.pieces import LARGEST_EXACT, numbers_throughout, pieces
from runner.data.table_text import TableText

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Frame:
    """The cells of a table. A cell without a value is NaN among numbers, code -1 among words."""

    names: tuple[str, ...]  # of the C columns
    x_NC: Tensor  # float32: numbers, or codes of words
    words: Mapping[str, tuple[str, ...]]  # of each column of words, of those apart too: what the codes 0, 1, ... are
    apart: Mapping[str, NDArray[np.float64]]  # [N] the columns that are no features
    rounded: tuple[str, ...]  # columns with whole numbers that float32 has to round

    @property
    def num_rows(self) -> int:
        return len(self.x_NC)


def read_frame(text: TableText, as_words: Collection[str], apart: Sequence[str]) -> Frame:
    """The table in ``text``; the columns ``as_words`` are words even where they look like numbers.

    Raises DataError with the line where the text is no table.
    """
    names = text.layout.names
    are_numbers = [
        is_number and name not in as_words for name, is_number in zip(names, text.layout.are_numbers, strict=True)
    ]
    try:
        frame = _read(text, are_numbers, apart)
    except _NoNumber:  # further down than the first lines a cell of a number column is none
        frame = _read(text, numbers_throughout(text, are_numbers), apart)
    return _without_blank_rows(frame)


class _NoNumber(Exception):
    """A column that was thought to be of numbers has a cell that is none."""


def _read(text: TableText, are_numbers: Sequence[bool], apart: Sequence[str]) -> Frame:
    names = text.layout.names
    features = [name for name in names if name not in apart]
    # A row has a byte for each of its cells at least, or it is cut short. Memory that is not written to is not taken;
    # to count the lines would take as long as to read a tenth of them
    bound = len(text.utf8) // len(names) + 1
    x_NC = torch.from_numpy(np.empty((bound, len(features)), np.float32))  # numpy asks for huge pages
    others = {name: np.empty(bound) for name in apart}
    columns = {name: x_NC.numpy()[:, i] for i, name in enumerate(features)} | others
    words: dict[str, dict[str, int]] = {
        name: {} for name, is_number in zip(names, are_numbers, strict=True) if not is_number
    }
    exact = [i for i, name in enumerate(features) if name not in words]
    rounded: dict[str, None] = {}
    start, has_surplus = 0, False
    for piece in pieces(text, are_numbers, [names.index(name) for name in apart]):
        rows = slice(start, start + len(piece))
        if rows.stop > bound:
            text.check_widths()
        has_surplus |= any(piece.cells[str(i)].notna().any() for i in range(len(names), text.layout.width))
        if piece.x_nF is not None:
            x_NC.numpy()[rows, slice(None) if len(exact) == len(features) else exact] = piece.x_nF
        for i, name in enumerate(names):
            if not are_numbers[i]:
                _put_codes(columns[name][rows], piece.cells[str(i)], words[name])
            elif piece.x_nF is None or name in others:
                _put_numbers(columns[name][rows], _numbers(piece.cells[str(i)], text.layout.decimal), name, rounded)
        start = rows.stop
    last = names[-1]
    if has_surplus or _missing(columns[last][:start], list(words[last]) if last in words else None).any():
        text.check_widths()  # a line with too few fields lacks the last one
    return Frame(
        names=tuple(features),
        x_NC=x_NC[:start],
        words={name: tuple(codes) for name, codes in words.items()},
        apart={name: values[:start] for name, values in others.items()},
        rounded=tuple(rounded),
    )


def _numbers(cells: pd.Series[Any], decimal: str) -> NDArray[Any]:
    """[n] int64, uint64 or float64, NaN where a cell is empty. Raises _NoNumber."""
    if cells.dtype.kind in "iuf":
        found: NDArray[Any] = cells.to_numpy()
        return found
    read = [np.nan if cell != cell else number(str(cell), decimal) for cell in cells]
    if None in read:
        raise _NoNumber
    return np.array(read, np.float64)  # whole numbers beyond 64 bits are texts to pandas


def _put_numbers(to: NDArray[Any], values: NDArray[Any], name: str, rounded: dict[str, None]) -> None:
    with np.errstate(over="ignore"):  # what is too large becomes inf, and is refused with its line
        to[:] = values
        if (
            not max(float(values.max(initial=0)), -float(values.min(initial=0))) <= LARGEST_EXACT
            and to.dtype == np.float32
        ):
            values = values.astype(np.float64)
            to[:] = values  # rounded as a number that is read alone would be
            whole = values[np.isfinite(values) & (values == np.round(values))]
            if (whole.astype(np.float32) != whole).any():
                rounded[name] = None


def _put_codes(to: NDArray[Any], cells: pd.Series[Any], codes: dict[str, int]) -> None:
    """``codes`` gets the words that are new."""
    places, found = cells.factorize()  # not as pandas' categories: it would make numbers of 01 and 1
    stripped = [word.strip() for word in found]
    known = [codes.setdefault(word, len(codes)) if word else -1 for word in stripped]
    to[:] = np.array([*known, -1])[places]


def _missing(values: NDArray[Any], words: Sequence[str] | None) -> NDArray[np.bool_]:
    """[N] which cells of a column are empty."""
    if words is None:
        are_missing_N: NDArray[np.bool_] = np.isnan(values)
        return are_missing_N
    return np.isin(values, [-1, *(code for code, word in enumerate(words) if word in EMPTY)])


def _without_blank_rows(frame: Frame) -> Frame:
    """A line of delimiters alone is no row, as an empty line is none."""
    columns = {name: frame.x_NC.numpy()[:, i] for i, name in enumerate(frame.names)} | dict(frame.apart)
    is_blank_N = np.ones(frame.num_rows, bool)
    for name, values in columns.items():
        is_blank_N &= _missing(values, frame.words.get(name))
        if not is_blank_N.any():
            return frame
    kept = ~is_blank_N
    apart = {name: values[kept] for name, values in frame.apart.items()}
    return replace(frame, x_NC=frame.x_NC[torch.from_numpy(kept)], apart=apart)
