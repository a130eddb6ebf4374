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
from runner.data.pictures.picture import MOST_BYTES, SUFFIXES, Shades, read_picture
from runner.errors import ConfigError, DataError
from runner.runs.schema import BRIGHTEST, Schema

STANDARD_INPUT = "-"
AT_A_TIME = 256
BRIGHT, DARK = 0.7, 0.3  # of a border, 0 to 1: what of two pictures is told apart as background


def picture_rows(words: Sequence[str], schema: Schema, shades: Shades, *, invert: bool) -> Iterator[Rows]:
    """The pictures that ``words`` name, files and folders, in the shape and the shades of the run's own data."""
    if schema.row_shape[0] not in (1, 3):
        raise ConfigError(f"this run reads rows of shape {list(schema.row_shape)}: neither grey nor colour pictures")
    files, faults, notes = listed_files(words)
    if faults or notes:
        yield Rows((), torch.empty(0, *schema.row_shape), faults, notes)
    for first in range(0, len(files), AT_A_TIME):
        yield read_rows(files[first : first + AT_A_TIME], schema, shades, invert=invert)


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


def read_rows(files: Sequence[str], schema: Schema, shades: Shades, *, invert: bool) -> Rows:
    names, pictures, faults = [], [], []
    for file in files:
        try:
            pictures.append(read_one(file, schema, shades))
        except DataError as fault:
            faults.append(str(fault))
        else:
            names.append("standard input" if file == STANDARD_INPUT else file)
    if not pictures:
        return Rows((), torch.empty(0, *schema.row_shape), faults)
    x_nCHW = torch.stack(pictures)
    if invert:
        x_nCHW = BRIGHTEST - x_nCHW
    return Rows(names, as_shades(x_nCHW, schema), faults, list(remarks(x_nCHW, schema)))


def read_one(file: str, schema: Schema, shades: Shades) -> Tensor:
    """[C, H, W] uint8 in 0..255. Raises DataError."""
    channels, height, width = schema.row_shape
    name = "standard input" if file == STANDARD_INPUT else file
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


def as_shades(x_nCHW: Tensor, schema: Schema) -> Tensor:
    """0..255 as the run's data has it: to the bit what the run was trained on where that is 0..255 too."""
    if (schema.black, schema.white) == (0.0, float(BRIGHTEST)):
        return x_nCHW
    return schema.black + x_nCHW.float() / BRIGHTEST * (schema.white - schema.black)


def remarks(x_nCHW: Tensor, schema: Schema) -> Iterator[str]:
    """A warning where dark and bright stand the other way round than in the pictures the run has learnt from."""
    edges = [x_nCHW[..., 0, :], x_nCHW[..., -1, :], x_nCHW[..., 0], x_nCHW[..., -1]]
    border = torch.cat([edge.flatten(1) for edge in edges], 1).float().mean(1) / BRIGHTEST
    odd = border > BRIGHT if schema.border < DARK else border < DARK if schema.border > BRIGHT else border < 0
    if odd.any():
        here, there = ("bright", "dark") if schema.border < DARK else ("dark", "bright")
        yield (
            f"{int(odd.sum())} of {len(odd)} pictures have a {here} background, those the run has learnt from "
            f"a {there} one; --invert turns them round"
        )
