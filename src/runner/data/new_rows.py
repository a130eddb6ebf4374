"""What came in to be predicted, as rows of the run: pictures, arrays and frames; tables are read in table/.

Shapes: n rows, F columns, C channels, H W pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from runner.config import regular_file
from runner.contracts import Column
from runner.data.class_folders import folder_tree
from runner.data.picture import BYTE, MOST_BYTES, SUFFIXES, Shades, edges, read_picture
from runner.data.table.notation import value_of
from runner.errors import ConfigError, DataError

if TYPE_CHECKING:
    from pandas import DataFrame, Series

STANDARD_INPUT = "-"
AT_A_TIME = 256  # pictures
BRIGHT, DARK = 0.7, 0.3  # of a border, 0 to 1: what of two pictures is told apart as background


@dataclass(frozen=True)
class Rows:
    """Some rows as the run's data set would give them, and what could not be made into one."""

    names: Sequence[str]  # n, what each row is called: a path, or table.csv:12
    x: Tensor  # [n, ...] raw
    faults: Sequence[str] = field(default_factory=tuple)  # one line each
    notes: Sequence[str] = field(default_factory=tuple)  # what a person should know of how they were read
    num_unseen: int = 0  # those that hold a category that no train row has


def by_own_name(names: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """The names, one that others have for a column as the run has it, unless the column's own is among them."""
    own = {other: column.in_file for column in columns for other in column.also if column.in_file not in names}
    return [own.get(name, name) for name in names]


def placed(names: Sequence[str], columns: Sequence[Column], where: str) -> Iterator[int]:
    """Where each of ``columns`` stands among ``names``. Raises DataError when one is missing or there twice."""
    names = by_own_name(names, columns)
    places = {name: place for place, name in enumerate(names)}
    wanted = list(dict.fromkeys(column.in_file for column in columns))
    if missing := [name for name in wanted if name not in places]:
        may_be_empty = {column.in_file for column in columns if column.missing != "refused"} >= {*missing}
        advice = "\n  add it with empty cells, which are filled in as in training" if may_be_empty else ""
        raise DataError(f"{where}: lacks {', '.join(missing)}; it has {', '.join(names)}{advice}")
    if len(places) < len(names) and (twice := [name for name in wanted if names.count(name) > 1]):
        raise DataError(f"{where}: has {', '.join(twice)} twice; which one is meant?")
    return (places[column.in_file] for column in columns)


def raw_rows(x: Any, row_shape: Sequence[int], columns: Sequence[Column]) -> Tensor:
    """[N, *row_shape] from an array, a tensor, nested lists, or a DataFrame that has ``columns`` by their names.

    Grey pictures may come without their channel, [N, H, W]. Raises DataError saying what does not fit.
    """
    if hasattr(x, "columns"):
        return _from_frame(x, columns)
    try:
        rows = x if isinstance(x, Tensor) else torch.as_tensor(np.asarray(x))
    except (TypeError, ValueError) as fault:
        raise DataError(f"x: is not an array of numbers: {fault}") from fault
    if rows.is_complex():
        raise DataError(f"x: holds complex numbers, {str(rows.dtype).removeprefix('torch.')}; give real ones")
    if tuple(rows.shape[1:]) == tuple(row_shape[1:]) and row_shape[0] == 1:
        rows = rows.unsqueeze(1)
    if tuple(rows.shape[1:]) != tuple(row_shape):
        one = "; a single row is x[None]" if tuple(rows.shape) == tuple(row_shape) else ""
        raise DataError(f"x: has the shape {list(rows.shape)}; rows of this data are {['N', *row_shape]}{one}")
    return rows if rows.dtype == torch.uint8 else finite(rows.float(), columns)


def finite(rows: Tensor, columns: Sequence[Column]) -> Tensor:
    """The rows. Raises DataError at a value that is no number, but in columns that lacked some in training."""
    may_lack = torch.tensor([column.missing != "refused" for column in columns] or [False])
    wrong = ~rows.isfinite() & ~(rows.isnan() & may_lack)
    if wrong.any():
        row, *place = wrong.nonzero()[0].tolist()
        cell = (f"{columns[place[0]].name}=" if columns else "") + f"{rows[row, *place].item()}"
        raise DataError(f"x: row {row}: {cell}: is not a number that the run can take")
    return rows


def _from_frame(frame: DataFrame, columns: Sequence[Column]) -> Tensor:
    """[N, F] float32, the columns in the data set's order; others are left out."""
    if not columns:
        raise DataError("x: this data set has no named columns; give an array")
    frame = frame.set_axis(by_own_name(list(frame.columns), columns), axis=1)
    if missing := [column.in_file for column in columns if column.in_file not in frame.columns]:
        has = ", ".join(map(str, frame.columns)) or "none"
        raise DataError(f"x: has no column {', '.join(missing)}; it has {has}")
    if twice := [column.in_file for column in columns if list(frame.columns).count(column.in_file) > 1]:
        raise DataError(f"x: has {', '.join(twice)} twice; which one is meant?")
    return torch.stack([_numbers(frame[column.in_file], column) for column in columns], 1)


def _numbers(cells: Series[Any], column: Column) -> Tensor:
    """[N] the numbers of a column, or the codes of its categories, as the cells of a file would be."""
    if cells.dtype == bool and not column.categories:
        cells = cells.astype(int)
    values = {text: value_of(column, text) for text in map(str, cells.unique())}
    for text, value in values.items():
        if isinstance(value, str):
            raise DataError(f"x: {column.name}={text}: {value}")
    return torch.tensor([values[str(cell)] for cell in cells], dtype=torch.float32)


def picture_rows(
    words: Sequence[str],
    row_shape: tuple[int, ...],
    shades: Shades,
    *,
    invert: bool,
    black: float,
    white: float,
    border: float,
) -> Iterator[Rows]:
    """The pictures that ``words`` name, files and folders, in the shape and the shades of the run's own data.

    There a pixel is ``black`` where a picture is darkest, ``white`` where it is brightest; ``border`` is how bright the
    edges are, 0 to 1.
    """
    if row_shape[0] not in (1, 3):
        raise ConfigError(f"this run reads rows of shape {list(row_shape)}: neither grey nor colour pictures")
    files, faults, notes = listed_files(words)
    if faults or notes:
        yield Rows((), torch.empty(0, *row_shape), faults, notes)
    for first in range(0, len(files), AT_A_TIME):
        names, x_nCHW, faults = read_pictures(files[first : first + AT_A_TIME], row_shape, shades)
        if invert:
            x_nCHW = BYTE - x_nCHW
        notes = list(remarks(x_nCHW, border))
        if (black, white) != (0.0, float(BYTE)):  # else to the bit what the run was trained on
            x_nCHW = black + x_nCHW.float() / BYTE * (white - black)
        yield Rows(names, x_nCHW, faults, notes)


def listed_files(words: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """(pictures, faults, notes): of a folder all pictures in and below it, by name, as training takes them."""
    files: list[str] = []
    faults, notes = [], []
    for word in words:
        if not Path(word).is_dir():
            files.append(word)
            continue
        try:
            folder, left_out = folder_tree(Path(word))
            if not folder.num_pictures:
                faults.append(f"{word}: no picture in this folder ({', '.join(SUFFIXES)})")
            files += folder.all_pictures()
            notes += left_out
        except DataError as fault:
            faults.append(str(fault))
    return files, faults, notes


def read_pictures(
    files: Sequence[str], row_shape: tuple[int, ...], shades: Shades
) -> tuple[list[str], Tensor, list[str]]:
    """(names, [n, C, H, W] uint8 in 0..255, faults)."""
    channels, height, width = row_shape
    names, pictures, faults = [], [], []
    for file in files:
        name = "standard input" if file == STANDARD_INPUT else file
        try:
            if not (content := content_of(file)):
                raise DataError(f"{name}: is empty")
            pictures.append(read_picture(BytesIO(content), channels == 3, (height, width), shades, name))
            names.append(name)
        except DataError as fault:
            faults.append(str(fault))
    return names, torch.stack(pictures) if pictures else torch.empty(0, *row_shape), faults


def content_of(file: str) -> bytes:
    """Its bytes: a decoder would wind back, which a pipe as <(...) cannot. Raises DataError."""
    try:
        return regular_file.standard_input() if file == STANDARD_INPUT else regular_file.content(file, MOST_BYTES)
    except FileNotFoundError as fault:
        raise DataError(f"{file}: no such file") from fault
    except OSError as fault:
        raise DataError(f"{file}: cannot be read: {(fault.strerror or str(fault)).lower()}") from fault


def remarks(x_nCHW: Tensor, border: float) -> Iterator[str]:
    """A warning where dark and bright stand the other way round than in the pictures the run has learnt from."""
    found_n = torch.cat([edge.flatten(1) for edge in edges(x_nCHW)], 1).float().mean(1) / BYTE
    if border < DARK:
        odd, here, there = found_n > BRIGHT, "bright", "dark"
    else:
        odd, here, there = (found_n < DARK) & (border > BRIGHT), "dark", "bright"
    if odd.any():
        yield (
            f"{int(odd.sum())} of {len(odd)} pictures have a {here} background, those the run has learnt from "
            f"a {there} one; --invert turns them round"
        )
