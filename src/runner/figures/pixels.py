"""Images as pixels that a screen can show.

Shapes: N images, C channels, H W pixels; 3 is red, green and blue.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

Pixels = NDArray[np.uint8]
GAP = 6  # between images
NEGATIVE, POSITIVE = (47.0, 95.0, 165.0), (190.0, 70.0, 60.0)  # red, green and blue of the ends of a signed scale


def to_rgb(x_NCHW: Tensor) -> Pixels:
    """[N, H, W, 3]: grey is repeated, of another number of channels than 1 or 3 the mean is shown as grey.

    The highest number of all the images is white; black is 0 in uint8 and the lowest of them in float32.
    """
    shown = _stretched(x_NCHW, 0 if x_NCHW.dtype == torch.uint8 else x_NCHW.min().item())
    if shown.shape[1] not in (1, 3):
        shown = shown.float().mean(1, keepdim=True).round().to(torch.uint8)
    rgb: Pixels = shown.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()
    return rgb


def fitted(image_HW3: Pixels, side: int) -> Pixels:
    """The image as large as fits in a square of ``side``: each pixel an equal block, or shrunk by averaging."""
    height, width = image_HW3.shape[:2]
    times = side // max(height, width)
    if times:
        return image_HW3.repeat(times, axis=0).repeat(times, axis=1)
    shrink = side / max(height, width)
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    return np.asarray(Image.fromarray(np.ascontiguousarray(image_HW3)).resize(size, Image.Resampling.BOX))


def mosaic(images: Iterable[Pixels], side: int, across: int, pitch: tuple[int, int] | None = None) -> Pixels:
    """[h, w, 3] the images in rows of ``across``, each in a square of ``side``, white elsewhere.

    From one to the next it is ``pitch``, down and to the right; without it there is a narrow gap between two.
    """
    fit = [fitted(image, side) for image in images]
    height, width = fit[0].shape[:2] if fit else (side, side)
    down, right = pitch or (height + GAP, width + GAP)
    num_rows = max(1, -(-len(fit) // across))
    block: Pixels = np.full(((num_rows - 1) * down + height, (across - 1) * right + width, 3), 255, np.uint8)
    for place, image in enumerate(fit):
        y, x = place // across * down, place % across * right
        block[y : y + image.shape[0], x : x + image.shape[1]] = image
    return block


def stack(blocks: Sequence[Pixels], gaps: Sequence[int]) -> tuple[Pixels, list[float]]:
    """[h, w, 3] the blocks one below the other, such a gap above each; and the height of the middle of each."""
    tops = np.cumsum([*gaps, 0])[:-1] + np.cumsum([0, *map(len, blocks)])[:-1]
    sheet: Pixels = np.full((tops[-1] + len(blocks[-1]), max(block.shape[1] for block in blocks), 3), 255, np.uint8)
    for top, block in zip(tops, blocks, strict=True):
        sheet[top : top + len(block), : block.shape[1]] = block
    return sheet, [float(top) + len(block) / 2 for top, block in zip(tops, blocks, strict=True)]


def png(image_HW3: Pixels) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image_HW3)).save(content, format="png")
    return content.getvalue()


def diverging(values: Tensor) -> Pixels:
    """[..., 3]: blue below 0, white at 0, red above; the largest distance from 0 of all the values in full colour."""
    share = (values / values.abs().max().clamp(min=1e-12)).clamp(-1, 1).unsqueeze(-1)
    ends = torch.where(share < 0, torch.tensor(NEGATIVE), torch.tensor(POSITIVE))
    return np.asarray((255 + (ends - 255) * share.abs()).round().to(torch.uint8).numpy())


def _stretched(x: Tensor, lowest: float) -> Tensor:
    """As uint8; what is in 0..255 already and reaches 255 stays to the bit."""
    highest = x.max().item()
    scale = 255 / (highest - lowest) if highest > lowest else 0.0
    return ((x - lowest) * scale).round().to(torch.uint8)
