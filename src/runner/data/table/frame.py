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

from runner.contracts import Notation
from runner.data.table.cells import EMPTY, spelled_number
from runner.data.table.csv_blocks import Piece, pieces
from runner.data.table.dialect import LARGEST_EXACT, Form
from runner.data.table.faults import TableText

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Frame:
    """The cells of a table. A cell without a value is NaN among numbers, code -1 among words."""

    names: tuple[str, ...]  # of the C columns
    x_NC: Tensor  # float32: numbers, no whole one rounded, or codes of words
    words: Mapping[str, tuple[str, ...]]  # of each column of words, of those apart too: what the codes 0, 1, ... are
    apart: Mapping[str, NDArray[np.float64]]  # [N] the columns that are no features

    @property
    def num_rows(self) -> int:
        return len(self.x_NC)

    def without(self, are_out_N: NDArray[np.bool_]) -> Frame:
        """The table without these rows."""
        kept = ~are_out_N
        apart = {name: values[kept] for name, values in self.apart.items()}
        return replace(self, x_NC=self.x_NC[torch.from_numpy(kept)], apart=apart)


def read_frame(text: TableText, as_words: Collection[str], apart: Sequence[str]) -> Frame:
    """The table in ``text``; the columns ``as_words`` are words even where they look like numbers.

    Raises DataError with the line where the text is no table.
    """
    forms: list[Form] = [
        "text" if name in as_words else form for name, form in zip(text.layout.names, text.layout.forms, strict=True)
    ]
    frame, late = _read(text, forms, apart)
    if late:  # what stands further down than the first lines has to be read as it is written
        forms = ["text" if place in late else form for place, form in enumerate(forms)]
        frame, _ = _read(text, forms, apart)
    return _without_blank_rows(frame)


def _read(text: TableText, forms: Sequence[Form], apart: Sequence[str]) -> tuple[Frame, set[int]]:
    """The table, and which columns turned out to need their text."""
    names = text.layout.names
    are_numbers = [form != "text" for form in forms]
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
    late: set[int] = set()
    start, has_surplus = 0, False
    for piece in pieces(text, are_numbers, [names.index(name) for name in apart]):
        rows = slice(start, start + len(piece))
        if rows.stop > bound:
            text.check_widths()
        has_surplus |= any(piece.cells[str(i)].notna().any() for i in range(len(names), text.layout.width))
        late |= _need_text(piece, forms)
        if piece.x_nF is not None:
            x_NC.numpy()[rows, slice(None) if len(exact) == len(features) else exact] = piece.x_nF
        late |= _put(piece, {name: columns[name][rows] for name in names}, words, others, late)
        start = rows.stop
    late |= {i for i, form in enumerate(forms) if form == "code" and _differ_in_length(columns[names[i]][:start])}
    last = names[-1]
    if has_surplus or _missing(columns[last][:start], list(words[last]) if last in words else None).any():
        text.check_widths()  # a line with too few fields lacks the last one
    frame = Frame(
        names=tuple(features),
        x_NC=x_NC[:start],
        words={name: tuple(codes) for name, codes in words.items()},
        apart={name: values[:start] for name, values in others.items()},
    )
    return frame, late


def _put(
    piece: Piece,
    columns: Mapping[str, NDArray[Any]],
    words: Mapping[str, dict[str, int]],
    apart: Collection[str],
    late: Collection[int],
) -> set[int]:
    """The cells into ``columns``, those of ``late`` left out; which of the numbers float32 does not have."""
    rounded = set()
    for i, (name, to) in enumerate(columns.items()):
        if name in words:
            _put_codes(to, piece.cells[str(i)], words[name])
        elif i not in late and (piece.x_nF is None or name in apart):
            values = piece.cells[str(i)].to_numpy()
            with np.errstate(over="ignore"):  # what is too large becomes inf, and is refused with its line
                to[:] = values
            if name not in apart and _is_rounded(values):
                rounded.add(i)
    return rounded


def _need_text(piece: Piece, forms: Sequence[Form]) -> set[int]:
    """The columns with cells that are no numbers, or that may be others than they seem."""
    found = set()
    for i, (form, dtype) in enumerate(zip(forms, piece.cells.dtypes, strict=False)):
        if form != "text" and dtype.kind not in "iuf":
            found.add(i)
        elif form in ("whole", "code", "grouped") and dtype == np.float64:
            values = piece.cells.iloc[:, i].to_numpy()
            are_whole = values[np.isfinite(values)] % 1 == 0
            if are_whole.any() if form == "grouped" else not are_whole.all():
                found.add(i)
    return found


def _is_rounded(values: NDArray[Any]) -> bool:
    """Whether float32 lacks a whole number among the values."""
    if max(float(values.max(initial=0)), -float(values.min(initial=0))) <= LARGEST_EXACT:
        return False
    values = values.astype(np.float64)
    whole = values[np.isfinite(values) & (values == np.round(values))]
    with np.errstate(over="ignore"):
        return bool((whole.astype(np.float32) != whole).any())


def _differ_in_length(values: NDArray[Any]) -> bool:
    """Whether whole numbers that all had one length in the first lines have others further down: 01234 is one."""
    values = np.abs(values[np.isfinite(values)])
    return len(values) > 0 and len(str(int(values.min()))) < len(str(int(values.max())))


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
    return frame.without(is_blank_N)


def without_values(frame: Frame, missing_values: Collection[str]) -> Frame:
    """The table without the numbers that ``missing_values`` spell; of words, whoever reads them asks."""
    numbers = [value for text in missing_values if (value := spelled_number(text, Notation("."))) is not None]
    if not numbers:
        return frame
    x_NC, apart = frame.x_NC.clone(), dict(frame.apart)
    columns = {name: x_NC.numpy()[:, i] for i, name in enumerate(frame.names)} | apart
    for name, values in columns.items():
        if name not in frame.words:
            is_missing_N = np.isin(values, np.array(numbers, values.dtype))
            columns[name] = np.where(is_missing_N, np.nan, values)
    for i, name in enumerate(frame.names):
        x_NC[:, i] = torch.from_numpy(columns[name])
    return replace(frame, x_NC=x_NC, apart={name: columns[name] for name in apart})
