"""A picture file -> pixels, whatever kind of picture it is; and what some pictures show of how all are read."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from runner.config import regular_file
from runner.errors import DataError

MOST_BYTES = 2**30  # of a picture's file
SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
GROUNDS = {"white": 255, "grey": 128, "black": 0}
BYTE, WORD = 255, 65535  # the largest value in 8 and in 16 bits
OVERSHOOT = 1.1  # what a filter that resized the picture adds to white, at most
File = str | Path | IO[bytes]


@dataclass(frozen=True)
class Shades:
    """How the values of a file become 0..255 where it does not say so itself."""

    background: str  # of GROUNDS, under what is transparent
    brightest: float | None  # the value that is white in more than 8 bits; None: as the file tells


def read_picture(
    file: File, colour: bool, size: tuple[int, int] | None, shades: Shades, name: str | None = None
) -> Tensor:
    """[C, H, W] uint8, upright, of its first frame; stretched to ``size`` (height, width) where it is given.

    Raises DataError, which calls the picture ``name``, where it cannot be read.
    """
    with opened(file, name) as picture:
        picture.load()
        pixels = np.array(_prepared(picture, colour, size, shades))
    return torch.from_numpy(pixels.reshape(*pixels.shape[:2], -1)).permute(2, 0, 1).contiguous()


def edges(x_NCHW: Tensor) -> list[Tensor]:
    """The pixels of the four edges: [N, C, W] twice, then [N, C, H] twice."""
    return [x_NCHW[..., 0, :], x_NCHW[..., -1, :], x_NCHW[..., 0], x_NCHW[..., -1]]


@contextmanager
def opened(file: File, name: str | None = None) -> Iterator[Image.Image]:
    """The picture in a file. Raises DataError for whatever goes wrong inside the block."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # twice that many pixels are an error
            stream = regular_file.opened(file) if isinstance(file, str | Path) else nullcontext(file)
            with stream as content, Image.open(content) as picture:
                yield picture
    except (MemoryError, DataError):
        raise
    except Exception as fault:  # a decoder of broken bytes may raise anything; the cause stays attached
        if isinstance(fault, OSError) and fault.strerror and isinstance(file, str | Path):
            raise DataError(f"{name or file}: cannot be read: {fault.strerror.lower()}") from fault
        reason = re.sub(r" <_io\.\w+[^>]*>", "", str(fault)).rstrip(".")  # as PIL calls a stream
        raise DataError(f"{name or file}: cannot be read as a picture: {reason}; mend it or take it away") from fault


def is_deep(picture: Image.Image) -> bool:
    """Whether a pixel has more than 8 bits: whole numbers, or fractions."""
    return picture.mode.startswith("I") or picture.mode == "F"


def white_of(picture: Image.Image) -> int:
    """The value that is white in a deep picture, by its greatest where the file leaves it open, as 32 bits do."""
    if picture.mode != "F" and not (picture.mode == "I" and picture.format == "TIFF"):
        return WORD
    usual, wide = (1, BYTE) if picture.mode == "F" else (BYTE, WORD)
    return usual if np.nanmax(np.asarray(picture), initial=0) <= OVERSHOOT * usual else wide


def laid(picture: Image.Image, background: str) -> Image.Image:
    """RGBA, nothing of it transparent."""
    clear = picture.convert("RGBA")
    if background != "white":
        return Image.alpha_composite(Image.new("RGBA", clear.size, (*[GROUNDS[background]] * 3, 255)), clear)
    # what colour the file holds where nothing is seen is chance, often black; what is half seen keeps its colour
    unseen = clear.getchannel("A").point(lambda alpha: 0 if alpha else 255)
    clear.paste((255, 255, 255, 255), mask=unseen)
    return clear


def _prepared(picture: Image.Image, colour: bool, size: tuple[int, int] | None, shades: Shades) -> Image.Image:
    upright: Image.Image = ImageOps.exif_transpose(picture)
    if is_deep(upright):
        upright = _of_eight_bits(upright, shades.brightest or white_of(picture))
    if upright.has_transparency_data:
        upright = laid(upright, shades.background)
    upright = upright.convert("RGB" if colour else "L")
    return upright if size is None else upright.resize((size[1], size[0]), Image.Resampling.BILINEAR)


def _of_eight_bits(picture: Image.Image, white: float) -> Image.Image:
    """The same shades in 0..255, what is brighter than ``white`` as white; convert() would cut off instead."""
    if picture.mode == "F":
        return picture if white == BYTE else picture.point(lambda shade: shade * (BYTE / white))
    values: np.ndarray[Any, Any] = np.asarray(picture)
    values = values >> 8 if white == WORD else values.astype(np.int64) * BYTE // white
    return Image.fromarray(values.clip(0, BYTE).astype(np.uint8))


MOST_LOOKED_AT = 100  # evenly spaced
FLAT = 4  # of 255: shades that are no further apart show no shape
FEW_SHADES = 8  # a picture that goes no further than that fraction of white has lost most of its shades


@dataclass(frozen=True)
class Facts:
    """Of one picture."""

    path: str
    has_frames: bool
    mode: str  # as PIL calls it
    shown_on: frozenset[str]  # the grounds on which something is to be seen
    white: int  # of a deep picture, and its least and greatest value
    least: float
    most: float


def notes_on(paths: Sequence[str], shades: Shades) -> list[str]:
    """Lines on what comes out otherwise than a person may think."""
    step = -(-len(paths) // MOST_LOOKED_AT)
    looked_at, facts = paths[::step], []
    for path in looked_at:
        with suppress(DataError):  # whoever reads it will hear
            facts.append(facts_of(path))
    of = f"of {len(looked_at)} pictures" + (" looked at" if step > 1 else "")
    moving = [each.path for each in facts if each.has_frames]
    frames = [f"{len(moving)} {of} have several frames, of which the first is read ({moving[0]})"] if moving else []
    return [*frames, *_on_ground(facts, shades.background, of), *_on_brightness(facts, shades)]


def facts_of(path: str) -> Facts:
    with opened(path) as picture:
        # a phone keeps a second picture of the same in one file
        has_frames = bool(getattr(picture, "is_animated", False)) and picture.format != "MPO"
        values = np.asarray(picture) if is_deep(picture) else np.empty(0)
        values = values[np.isfinite(values)]
        white = white_of(picture) if is_deep(picture) else 0
        least, most = float(values.min(initial=0)), float(values.max(initial=0))
        return Facts(path, has_frames, picture.mode, _shown_on(picture), white, least, most)


def _shown_on(picture: Image.Image) -> frozenset[str]:
    """All grounds where nothing is transparent, or everything alike."""
    clear = picture.convert("RGBA") if picture.has_transparency_data and not is_deep(picture) else None
    if clear is None or _is_flat(clear.getchannel("A")):
        return frozenset(GROUNDS)
    shown_on = frozenset(ground for ground in GROUNDS if not _is_flat(laid(clear, ground).convert("RGB")))
    return shown_on or frozenset(GROUNDS)


def _is_flat(picture: Image.Image) -> bool:
    extrema = picture.getextrema()
    return all(high - low <= FLAT for low, high in (extrema if isinstance(extrema[0], tuple) else [extrema]))


def _on_ground(facts: Sequence[Facts], background: str, of: str) -> Iterator[str]:
    unseen = [each for each in facts if background not in each.shown_on]
    if not unseen:
        return
    seen_on = {ground: sum(ground in each.shown_on for each in facts) for ground in ("black", "grey", "white")}
    best = max(seen_on, key=lambda ground: seen_on[ground])
    advice = f": dataset.background={best}" if seen_on[best] > seen_on[background] else ""
    yield f"{len(unseen)} {of} show nothing once laid on {background} ({unseen[0].path}){advice}"


def _on_brightness(facts: Sequence[Facts], shades: Shades) -> Iterator[str]:
    """What more than 8 bits may lose; who has said what is white knows."""
    for mode in sorted({each.mode for each in facts if each.white}) if shades.brightest is None else ():
        deep = [each for each in facts if each.mode == mode]
        least, most = min(deep, key=lambda each: each.least), max(deep, key=lambda each: each.most)
        whites = sorted({each.white for each in deep})
        advice = f"dataset.brightest={_bound(most)} makes that white"
        if len(whites) > 1:
            yield f"by their values some pictures are read as 0 to {whites[0]}, others as 0 to {whites[1]}: {advice}"
        elif most.most > OVERSHOOT * whites[0]:
            yield f"values reach {most.most:g} ({most.path}), and all above {whites[0]} is white: {advice}"
        elif 0 < most.most <= whites[0] / FEW_SHADES:
            yield f"values reach {most.most:g} ({most.path}) of {whites[0]}, which is almost black: {advice}"
        if least.least < 0:
            yield f"values go down to {least.least:g} ({least.path}), and all below 0 is black"


def _bound(facts: Facts) -> str:
    """The value that is white where this is the brightest picture: of whole numbers the largest of their bits."""
    return f"{facts.most:g}" if facts.mode == "F" else str((1 << int(facts.most).bit_length()) - 1)
