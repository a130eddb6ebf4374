"""Picture files -> rows of a run that was trained on pictures.

Shapes: n pictures, C channels, H W pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import torch
from torch import Tensor

from runner.config import regular_file
from runner.data.new_rows import Rows
from runner.data.pictures.folder_tree import folder_tree
from runner.data.pictures.picture import BYTE, MOST_BYTES, SUFFIXES, Shades, read_picture
from runner.errors import ConfigError, DataError

STANDARD_INPUT = "-"
AT_A_TIME = 256
BRIGHT, DARK = 0.7, 0.3  # of a border, 0 to 1: what of two pictures is told apart as background


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
        yield Rows(names, as_shades(x_nCHW, black, white), faults, list(remarks(x_nCHW, border)))


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
        except DataError as fault:
            faults.append(str(fault))
            continue
        files += folder.all_pictures()
        notes += left_out
        if not folder.num_pictures:
            faults.append(f"{word}: no picture in this folder ({', '.join(SUFFIXES)})")
    return files, faults, notes


def read_pictures(
    files: Sequence[str], row_shape: tuple[int, ...], shades: Shades
) -> tuple[list[str], Tensor, list[str]]:
    """(names, [n, C, H, W] uint8 in 0..255, faults)."""
    names, pictures, faults = [], [], []
    for file in files:
        name = "standard input" if file == STANDARD_INPUT else file
        try:
            pictures.append(read_one(file, name, row_shape, shades))
        except DataError as fault:
            faults.append(str(fault))
        else:
            names.append(name)
    return names, torch.stack(pictures) if pictures else torch.empty(0, *row_shape), faults


def read_one(file: str, name: str, row_shape: tuple[int, ...], shades: Shades) -> Tensor:
    """[C, H, W] uint8 in 0..255. Raises DataError."""
    channels, height, width = row_shape
    content = content_of(file)
    if not content:
        raise DataError(f"{name}: is empty")
    return read_picture(BytesIO(content), channels == 3, (height, width), shades, name)


def content_of(file: str) -> bytes:
    """Its bytes: a decoder would wind back, which a pipe as <(...) cannot. Raises DataError."""
    try:
        return regular_file.standard_input() if file == STANDARD_INPUT else regular_file.content(file, MOST_BYTES)
    except FileNotFoundError as fault:
        raise DataError(f"{file}: no such file") from fault
    except OSError as fault:
        raise DataError(f"{file}: cannot be read: {(fault.strerror or str(fault)).lower()}") from fault


def as_shades(x_nCHW: Tensor, black: float, white: float) -> Tensor:
    """0..255 as the run's data has it: to the bit what the run was trained on where that is 0..255 too."""
    if (black, white) == (0.0, float(BYTE)):
        return x_nCHW
    return black + x_nCHW.float() / BYTE * (white - black)


def remarks(x_nCHW: Tensor, border: float) -> Iterator[str]:
    """A warning where dark and bright stand the other way round than in the pictures the run has learnt from."""
    edges = [x_nCHW[..., 0, :], x_nCHW[..., -1, :], x_nCHW[..., 0], x_nCHW[..., -1]]
    found_n = torch.cat([edge.flatten(1) for edge in edges], 1).float().mean(1) / BYTE
    odd = found_n > BRIGHT if border < DARK else found_n < DARK if border > BRIGHT else found_n < 0
    if odd.any():
        here, there = ("bright", "dark") if border < DARK else ("dark", "bright")
        yield (
            f"{int(odd.sum())} of {len(odd)} pictures have a {here} background, those the run has learnt from "
            f"a {there} one; --invert turns them round"
        )
