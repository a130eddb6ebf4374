"""A picture file -> pixels, whatever kind of picture it is."""

from __future__ import annotations

import warnings
from typing import IO

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from runner.errors import DataError
from runner.regular_file import opened

MOST_BYTES = 2**30  # of a picture's file
SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")


def read_file(path: str, colour: bool, size: tuple[int, int] | None) -> Tensor:
    """``read_picture`` of a regular file."""
    try:
        with opened(path) as file:
            return read_picture(file, colour, size, path)
    except OSError as fault:
        raise DataError(f"{path}: cannot be read: {(fault.strerror or str(fault)).lower()}") from fault


def read_picture(file: IO[bytes], colour: bool, size: tuple[int, int] | None, name: str) -> Tensor:
    """[C, H, W] uint8, upright, of its first frame; stretched to ``size`` (height, width) where it is given.

    Raises DataError, which calls the picture ``name``, where it cannot be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # twice that many pixels are an error
            with Image.open(file) as picture:
                picture.load()
                pixels = np.array(_prepared(picture, colour, size))
    except MemoryError:
        raise
    except Exception as fault:  # a decoder of broken bytes may raise anything; the cause stays attached
        reason = str(fault).replace(f" {file!r}", "").rstrip(".")  # as PIL calls it
        raise DataError(f"{name}: is no picture that can be read: {reason}; mend it or take it away") from fault
    return torch.from_numpy(pixels.reshape(*pixels.shape[:2], -1)).permute(2, 0, 1).contiguous()


def _prepared(picture: Image.Image, colour: bool, size: tuple[int, int] | None) -> Image.Image:
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I"):  # 16 bits, which convert() would cut off at 255 instead of scaling them
        upright = Image.fromarray((np.asarray(upright) >> 8).clip(0, 255).astype(np.uint8))
    if upright.mode == "F" and np.asarray(upright).max() <= 1:  # fractions, which convert() would make black
        upright = upright.point(lambda shade: shade * 255)
    if upright.has_transparency_data:
        upright = _opaque(upright.convert("RGBA"))
    upright = upright.convert("RGB" if colour else "L")
    return upright if size is None else upright.resize((size[1], size[0]), Image.Resampling.BILINEAR)


def _opaque(picture: Image.Image) -> Image.Image:
    """White where nothing is seen: what colour the file holds there is chance, often black."""
    unseen = picture.getchannel("A").point(lambda alpha: 0 if alpha else 255)
    picture.paste((255, 255, 255, 255), mask=unseen)
    return picture
