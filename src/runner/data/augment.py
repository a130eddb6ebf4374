"""Random changes of the train images, a whole chunk at once where it lies.

What becomes of an image is a function of (seed, epoch, row number) alone: not of the batch it is in, of the number of
workers, or of where a run was resumed. Shapes: N rows, C channels, H W pixels; [N, C, H, W] in and out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from runner.config.steps import read_augment
from runner.errors import ConfigError
from runner.seed import derive


@dataclass(frozen=True)
class Augment:
    """Several changes, one after the other; none writes into the images, bytes or float32, that it is given."""

    steps: Sequence[Callable[[Tensor, Draws], Tensor]]
    seed: int

    def __call__(self, x_NCHW: Tensor, rows_N: Tensor, epoch: int) -> Tensor:
        """The images as ``epoch`` (counted from 0) sees them; ``rows_N`` are their row numbers."""
        for place, step in enumerate(self.steps):
            x_NCHW = step(x_NCHW, Draws(derive(self.seed, place), epoch, rows_N))
        return x_NCHW


def build_augment(entries: Any, in_shape: tuple[int, ...], seed: int) -> Augment | None:
    """The changes that ``dataset.augment`` lists; None for []. Raises ConfigError where they do not suit the data."""
    specs = read_augment(entries)
    if not specs:
        return None
    if len(in_shape) != 3:
        raise ConfigError(
            f"dataset.augment: changes images [C, H, W], and the rows here have shape {list(in_shape)}; "
            f"take it out: dataset.augment=[]"
        )
    for i, spec in enumerate(specs):
        _check_room(f"dataset.augment[{i}].{spec.name}", spec.knobs, in_shape[1], in_shape[2])
    return Augment([partial(STEPS[spec.name], **spec.knobs) for spec in specs], seed)


def _check_room(where: str, knobs: Mapping[str, Any], height: int, width: int) -> None:
    """What is moved or erased must fit into an image."""
    for knob in ("pixels", "padding"):
        if knob in knobs and knobs[knob] >= min(height, width):
            raise ConfigError(f"{where}.{knob}={knobs[knob]}: images are {height} x {width}; give less")
    if where.endswith(".RandomCrop"):
        if knobs["size"] not in ([height, width], height if height == width else None):
            own = f"images are {height} x {width} and stay so; give size: [{height}, {width}]"
            raise ConfigError(f"{where}.size={knobs['size']}: {own}")
    elif "size" in knobs and (knobs["size"][0] > height or knobs["size"][1] > width):
        raise ConfigError(f"{where}.size={knobs['size']}: images are {height} x {width}; give no more")


def flip(x_NCHW: Tensor, draws: Draws, horizontal: float, vertical: float | None) -> Tensor:
    """Mirrored left to right and top to bottom, each with its own probability."""
    for dim, probability in ((3, horizontal), (2, vertical)):
        if probability:
            x_NCHW = torch.where(chosen(draws.uniform(dim), probability), x_NCHW.flip(dim), x_NCHW)
    return x_NCHW


def shift(x_NCHW: Tensor, draws: Draws, pixels: int) -> Tensor:
    """Moved by up to ``pixels`` each way; what comes in from outside is 0."""
    return _windows(functional.pad(x_NCHW, [pixels] * 4), pixels, draws)


def crop(x_NCHW: Tensor, draws: Draws, padding: int) -> Tensor:
    """A window of the image's own size, cut out of it mirrored ``padding`` pixels beyond its borders."""
    ys, xs = (_mirrored(x_NCHW, x_NCHW.shape[dim], padding) for dim in (2, 3))
    return _windows(x_NCHW[:, :, ys][:, :, :, xs], padding, draws)


def rotate(x_NCHW: Tensor, draws: Draws, degrees: float) -> Tensor:
    """Turned about the middle by up to ``degrees`` either way, bilinear; what comes in from outside is 0."""
    height, width = x_NCHW.shape[2:]
    angle_N11 = torch.deg2rad((2 * draws.uniform() - 1) * degrees).view(-1, 1, 1)
    cos_N11, sin_N11 = angle_N11.cos(), angle_N11.sin()
    y_H1 = (arange_like(x_NCHW, height) - (height - 1) / 2).view(-1, 1)  # in pixels from the middle
    x_W = arange_like(x_NCHW, width) - (width - 1) / 2
    from_x_NHW = (cos_N11 * x_W + sin_N11 * y_H1) * (2 / width)  # grid_sample's unit is half a side
    from_y_NHW = (cos_N11 * y_H1 - sin_N11 * x_W) * (2 / height)
    grid_NHW2 = torch.stack([from_x_NHW, from_y_NHW], dim=3)
    return functional.grid_sample(x_NCHW.float(), grid_NHW2, align_corners=False)


def erase(x_NCHW: Tensor, draws: Draws, probability: float, size: list[int]) -> Tensor:
    """With ``probability``, a rectangle of ``size`` [height, width] somewhere inside becomes 0 (Zhong et al. 2017)."""
    inside_NH, inside_NW = (_inside(x_NCHW, dim, length, draws) for dim, length in zip((2, 3), size, strict=True))
    erased_N1HW = (inside_NH[:, :, None] & inside_NW[:, None, :]).unsqueeze(1)
    return x_NCHW.masked_fill(erased_N1HW & chosen(draws.uniform("whether"), probability), 0)


def random_flip(x_NCHW: Tensor, draws: Draws, p: float | None, is_vertical: bool) -> Tensor:
    """torchvision's RandomHorizontalFlip and RandomVerticalFlip."""
    p = 0.5 if p is None else p
    return flip(x_NCHW, draws, horizontal=0 if is_vertical else p, vertical=p if is_vertical else 0)


def random_crop(x_NCHW: Tensor, draws: Draws, size: list[int] | int, padding: int, padding_mode: str | None) -> Tensor:
    """torchvision's RandomCrop to the image's own ``size``, beyond whose borders there is 0, or the mirror image."""
    return (crop if padding_mode == "reflect" else shift)(x_NCHW, draws, padding)


def _inside(x_NCHW: Tensor, dim: int, length: int, draws: Draws) -> Tensor:
    """[N, H or W] whether a line or column crosses the rectangle."""
    size = x_NCHW.shape[dim]
    first_N1 = draws.integer(size - length + 1, "first", dim).view(-1, 1)
    places = arange_like(x_NCHW, size)
    return (places >= first_N1) & (places < first_N1 + length)


def _windows(padded_NCHW: Tensor, padding: int, draws: Draws) -> Tensor:
    """[N, C, H, W] of each padded image the window at a place of its own: views first, so that it is copied once."""
    height, width = (side - 2 * padding for side in padded_NCHW.shape[2:])
    top_N, left_N = (draws.integer(2 * padding + 1, "window", side) for side in ("top", "left"))
    views = padded_NCHW.unfold(2, height, 1).unfold(3, width, 1)  # [N, C, top, left, H, W]
    return views[arange_like(padded_NCHW, len(padded_NCHW)), :, top_N, left_N]


def _mirrored(x: Tensor, size: int, padding: int) -> Tensor:
    """[size + 2 padding] which pixel stands at each place; the border itself is not repeated."""
    from_first = (arange_like(x, size + 2 * padding) - padding).abs()
    return (size - 1) - ((size - 1) - from_first).abs()


STEPS: Mapping[str, Callable[..., Tensor]] = {
    "flip": flip,
    "shift": shift,
    "crop": crop,
    "rotation": rotate,
    "erasing": erase,
    "RandomHorizontalFlip": partial(random_flip, is_vertical=False),
    "RandomVerticalFlip": partial(random_flip, is_vertical=True),
    "RandomCrop": random_crop,
    "RandomRotation": rotate,
}


WORD = 2**32 - 1  # the hash works on 32 bits, held in int64 so that no product overflows
BITS = 24  # of a number drawn: as many as float32 holds


@dataclass(frozen=True)
class Draws:
    """The numbers of ``rows_N`` in one epoch of one seed: another purpose gives numbers that have nothing in common."""

    seed: int
    epoch: int
    rows_N: Tensor  # int64, below 2**32

    def uniform(self, *purpose: str | int) -> Tensor:
        """[N] float32 in 0..1, 1 not included; the same bits on every device."""
        return self._bits(*purpose).float() * 2.0**-BITS

    def integer(self, below: int, *purpose: str | int) -> Tensor:
        """[N] int64 in 0..below - 1."""
        return (self._bits(*purpose) * below) >> BITS

    def _bits(self, *purpose: str | int) -> Tensor:
        high, low = divmod(derive(self.seed, self.epoch, *purpose), WORD + 1)
        return _mixed(_mixed((self.rows_N + low) & WORD) ^ high) >> (32 - BITS)


def _mixed(word_N: Tensor) -> Tensor:
    """A permutation of the 32-bit words in which each bit depends on all: two rounds of multiply and fold."""
    for _ in range(2):
        word_N = ((word_N >> 16) ^ word_N) * 0x45D9F3B & WORD  # Mueller's factor; the product stays below 2**59
    return (word_N >> 16) ^ word_N


def chosen(uniform_N: Tensor, probability: float) -> Tensor:
    """[N, 1, 1, 1] which rows something of that probability happens to."""
    return (uniform_N < probability).view(-1, 1, 1, 1)


def arange_like(x: Tensor, count: int) -> Tensor:
    """[count] int64 0, 1, ... where ``x`` lies."""
    return torch.arange(count, device=x.device)
