"""The cells of a table as arrays, read fast by pandas: numbers as float32, words as codes.

Shapes: N rows, C columns; n rows of a piece, F columns that are numbers and features.
"""

from __future__ import annotations

import io
import os
import warnings
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from runner.contracts import Notation
from runner.data.table.cells import EMPTY, Form, spelled_number
from runner.data.table.faults import TableText
from runner.errors import DataError
from runner.text import LARGEST_EXACT

if TYPE_CHECKING:
    import pandas as pd

Item = TypeVar("Item")
Result = TypeVar("Result")
ROWS_AT_ONCE = 2**16


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

    @property
    def columns(self) -> dict[str, NDArray[Any]]:
        """[N] of all columns, those apart too, in the frame's own memory."""
        return {name: self.x_NC.numpy()[:, i] for i, name in enumerate(self.names)} | dict(self.apart)

    def counts(self, place: int, rows: Tensor | slice = slice(None)) -> dict[str, int]:
        """How often some rows have each word that they have in this column."""
        words, codes = self.words[self.names[place]], self.x_NC[:, place][rows].long()
        counts = torch.bincount(codes[codes >= 0], minlength=len(words)).tolist()
        return {word: count for word, count in zip(words, counts, strict=True) if count}

    def are_missing(self, name: str, values_N: NDArray[Any]) -> NDArray[np.bool_]:
        """[N] which cells of a column are empty."""
        codes = [code for code, word in enumerate(self.words.get(name, ())) if word in EMPTY]
        are_missing_N: NDArray[np.bool_] = np.isin(values_N, [-1, *codes]) if name in self.words else np.isnan(values_N)
        return are_missing_N

    def without(self, are_out_N: NDArray[np.bool_]) -> Frame:
        """The table without these rows."""
        kept = ~are_out_N
        apart = {name: values[kept] for name, values in self.apart.items()}
        return replace(self, x_NC=self.x_NC[torch.from_numpy(kept)], apart=apart)

    def without_blank_rows(self) -> Frame:
        """A line of delimiters alone is no row, as an empty line is none."""
        is_blank_N = np.ones(self.num_rows, bool)
        for name, values_N in self.columns.items():
            is_blank_N &= self.are_missing(name, values_N)
            if not is_blank_N.any():
                return self
        return self.without(is_blank_N)

    def without_values(self, missing_values: Collection[str]) -> Frame:
        """The table without the numbers that ``missing_values`` spell; of words, whoever reads them asks."""
        numbers = [value for text in missing_values if (value := spelled_number(text, Notation("."))) is not None]
        if not numbers:
            return self
        apart = {name: values_N.copy() for name, values_N in self.apart.items()}
        frame = replace(self, x_NC=self.x_NC.clone(), apart=apart)
        for name, values_N in frame.columns.items():
            if name not in self.words:
                values_N[np.isin(values_N, np.array(numbers, values_N.dtype))] = np.nan
        return frame


def read_frame(text: TableText, as_words: Collection[str], apart: Sequence[str]) -> Frame:
    """The table in ``text``; the columns ``as_words`` are words even where they look like numbers.

    Raises DataError with the line where the text is no table.
    """
    forms = dict(zip(text.layout.names, text.layout.forms, strict=True))
    forms.update({name: "text" for name in as_words if name in forms})
    reader = _Reader(text, forms, apart)
    frame = reader.frame()
    if reader.late:  # what stands further down than the first lines has to be read as it is written
        forms.update({name: "text" for name in reader.late})
        frame = _Reader(text, forms, apart).frame()
    return frame.without_blank_rows()


class _Reader:
    """The arrays of a table, filled piece by piece."""

    def __init__(self, text: TableText, forms: Mapping[str, Form], apart: Sequence[str]):
        self.text, self.names, self.forms, self.apart = text, text.layout.names, forms, apart
        features = tuple(name for name in self.names if name not in apart)
        self.bound = text.most_rows
        x_NC = text.empty(self.bound, len(features))
        self.all = Frame(features, x_NC, {}, {name: np.empty(self.bound) for name in apart})
        self.columns = self.all.columns
        self.codes: dict[str, dict[str, int]] = {name: {} for name, form in forms.items() if form == "text"}
        exact = [i for i, name in enumerate(features) if name not in self.codes]
        self.exact = slice(None) if len(exact) == len(features) else exact
        self.late: set[str] = set()  # the columns that turn out to need their text

    def frame(self) -> Frame:
        """The table, wrong in the columns that are ``late``."""
        start, has_surplus, surplus = 0, False, range(len(self.names), self.text.layout.width)
        apart = [self.names.index(name) for name in self.apart]
        for piece in pieces(self.text, [name not in self.codes for name in self.names], apart):
            rows = slice(start, start + len(piece.cells))
            if rows.stop > self.bound:
                self.text.check_widths()
            has_surplus |= any(piece.cells[str(i)].notna().any() for i in surplus)
            self._put(piece, rows)
            start = rows.stop
        words = {name: tuple(codes) for name, codes in self.codes.items()}
        others = {name: values[:start] for name, values in self.all.apart.items()}
        frame = Frame(self.all.names, self.all.x_NC[:start], words, others)
        columns, last = frame.columns, self.names[-1]
        self.late |= {name for name, form in self.forms.items() if form == "code" and _differ_in_length(columns[name])}
        if has_surplus or frame.are_missing(last, columns[last]).any():
            self.text.check_widths()  # a line with too few fields lacks the last one
        return frame

    def _put(self, piece: Piece, rows: slice) -> None:
        self.late |= _need_text(piece, self.forms)
        if piece.x_nF is not None:
            self.all.x_NC.numpy()[rows, self.exact] = piece.x_nF
        for i, name in enumerate(self.names):
            if name in self.codes:
                _put_codes(self.columns[name][rows], piece.cells[str(i)], self.codes[name])
            elif name not in self.late and (piece.x_nF is None or name in self.apart):
                values = piece.cells[str(i)].to_numpy()
                with np.errstate(over="ignore"):  # what is too large becomes inf, and is refused with its line
                    self.columns[name][rows] = values
                if name not in self.apart and _is_rounded(values):
                    self.late.add(name)


def _need_text(piece: Piece, forms: Mapping[str, Form]) -> set[str]:
    """The columns with cells that are no numbers, or that may be others than they seem."""
    found = set()
    for i, ((name, form), dtype) in enumerate(zip(forms.items(), piece.cells.dtypes, strict=False)):
        if form != "text" and dtype.kind not in "iuf":
            found.add(name)
        elif form in ("whole", "code", "grouped") and dtype == np.float64:
            values = piece.cells.iloc[:, i].to_numpy()
            are_whole = values[np.isfinite(values)] % 1 == 0
            if are_whole.any() if form == "grouped" else not are_whole.all():
                found.add(name)
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


@dataclass(frozen=True)
class Piece:
    """Some rows. Numbers as pandas finds them, words as they stand; the columns are called "0", "1", ..."""

    cells: pd.DataFrame
    x_nF: NDArray[np.float32] | None  # where float32 has all of them as they are written, and none is empty


def pieces(text: TableText, are_numbers: Sequence[bool], apart: Collection[int]) -> Iterator[Piece]:
    """The rows in their order; the columns ``apart`` are no features. Raises DataError where the text is no table.

    Whole numbers are found in two thirds of the time that it takes to read them as float64.
    """
    places = [str(i) for i in range(text.layout.width)]
    numbers = [place for place, is_number in zip(places, are_numbers, strict=False) if is_number]
    known = frozenset(numbers)  # thousands of columns are looked for in it
    words = [place for place in places if place not in known]
    kept = [i for i, place in enumerate(numbers) if int(place) not in apart]
    features = slice(len(kept)) if kept == list(range(len(kept))) else kept  # a slice is no copy
    empty = {place: list(EMPTY) for place in numbers} | {place: [""] for place in words}
    dtype = dict.fromkeys(words, "str") or None  # to look into an empty mapping would take a third of the time

    def piece(cells: pd.DataFrame) -> Piece:
        are_read = _hold_numbers(cells, numbers)
        return Piece(cells, _exact(cells.drop(columns=words) if words else cells, features) if are_read else None)

    def of_block(block: TableText) -> Piece:
        """To look for empty cells takes as long as to read: it is done where something turns out to be no number."""
        cells = parsed(block, dtype=dtype, na_filter=False, low_memory=False)
        if not _hold_numbers(cells, numbers):
            cells = parsed(block, dtype=dtype, na_values=empty, low_memory=False)
        return piece(cells)

    with _pandas_faults(text):
        if text.is_line_by_line:
            yield from in_turn(of_block, text.blocks())
        else:
            yield from map(piece, parsed(text, dtype=dtype, na_values=empty, chunksize=ROWS_AT_ONCE))


def in_turn(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """What is made of each item, in order, on all processors; few results are held at a time."""
    processors = os.cpu_count() or 1
    ahead: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(processors) as pool:
        for item in items:
            ahead.append(pool.submit(work, item))
            if len(ahead) > processors:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def parsed(text: TableText, **how: Any) -> Any:
    """The rows as a data frame, or as an iterator of some with ``chunksize``."""
    import pandas as pd

    utf8, layout = text.utf8, text.layout
    rows = io.BytesIO(utf8)
    rows.seek(text.rows_at)
    # to skip blanks takes a quarter of the time
    has_blanks = b" " in utf8 or (b"\t" in utf8 and layout.separator != "\t")
    return pd.read_csv(
        rows,
        sep=layout.separator,
        decimal=layout.decimal,
        header=None,
        names=[str(i) for i in range(layout.width)],
        index_col=False,
        keep_default_na=False,
        skipinitialspace=has_blanks,
        encoding="utf-8",
        **how,
    )


@contextmanager
def _pandas_faults(text: TableText) -> Iterator[None]:
    """Raises DataError with the line for what pandas says of a text that is no table."""
    import pandas as pd

    with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):  # a first line with more fields
        try:
            yield
        except (pd.errors.ParserError, pd.errors.ParserWarning) as fault:
            text.check_widths()
            if "EOF inside string" in str(fault):
                text.refuse_open_quote()
            raise DataError(f"{text.path}: cannot be read as a table: {str(fault).strip()}") from fault


def _hold_numbers(cells: pd.DataFrame, places: Collection[str]) -> bool:
    dtypes = dict(cells.dtypes)
    return all(dtypes[place].kind in "iuf" for place in places)


def _exact(numbers: pd.DataFrame, features: list[int] | slice) -> NDArray[np.float32] | None:
    """[n, F] float32, those of all numbers that are ``features``; None where one is rounded or empty."""
    with np.errstate(over="ignore"):
        x_nF = np.ascontiguousarray(numbers.to_numpy(np.float32).T[features].T)
    return x_nF if x_nF.size and x_nF.min() > -LARGEST_EXACT and x_nF.max() < LARGEST_EXACT else None
