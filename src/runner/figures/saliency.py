"""The picture of where a net looks: how strongly each pixel or column moves its answer.

Shapes: n examples, C channels, H W pixels, F features.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from runner.figures.heading import Title
from runner.figures.pixels import Pixels, fitted
from runner.figures.style import (
    FAINT,
    MARGIN,
    NORMAL,
    SMALL,
    SPLIT_COLOURS,
    TITLE_HEIGHT,
    Sheet,
    shortened,
    text_width,
    titled_sheet,
)
from runner.text import figure

SIDE = 116
GAP = 18
CAPTION = 52
HEATS = np.array([[255, 255, 255], [250, 214, 160], [224, 120, 70], [150, 40, 60], [40, 12, 40]], float)
RED = (240.0, 70.0, 50.0)
BAR_PITCH, BAR = 34, 20
BARS_WIDTH = 420
MOST_COLUMNS = 30
LONGEST_COLUMN = 30


def saliency_sheet(
    title: Title, pictures_nHW3: Pixels, strength_nCHW: Tensor, captions: Sequence[tuple[str, str]]
) -> Sheet:
    """Each example, below it how strongly its pixels count, below that one laid over the other."""
    strength_nHW = strength_nCHW.amax(1)
    side = fitted(pictures_nHW3[0], SIDE).shape[:2]
    pitch = max([side[1], *(text_width(line, SMALL) for caption in captions for line in caption)]) + GAP
    sheet = titled_sheet(title, pitch * len(captions), CAPTION + 3 * (side[0] + GAP))
    for number, (picture, of, (said, truth)) in enumerate(zip(pictures_nHW3, strength_nHW, captions, strict=True)):
        x, y = MARGIN + number * pitch, TITLE_HEIGHT + 6
        sheet.text(x, y, said, va="baseline", fontsize=SMALL)
        sheet.text(x, y + 22, truth, va="baseline", fontsize=SMALL, color=FAINT)
        for line, image in enumerate((picture, heat(of), overlaid(picture, of))):
            sheet.image(x, y + CAPTION - 14 + line * (side[0] + GAP), fitted(image, SIDE))
    return sheet


def heat(strength_HW: Tensor) -> Pixels:
    """[H, W, 3]: white where nothing counts, through orange to almost black where most does."""
    share = (strength_HW / strength_HW.amax().clamp(min=1e-30)).double().numpy() * (len(HEATS) - 1)
    places = np.arange(len(HEATS))
    colours = [np.interp(share, places, HEATS[:, part]) for part in range(3)]
    return np.stack(colours, -1).round().astype(np.uint8)


def overlaid(picture_HW3: Pixels, strength_HW: Tensor) -> Pixels:
    """The picture in grey, red where much counts."""
    share = (strength_HW / strength_HW.amax().clamp(min=1e-30)).numpy()[..., None]
    grey = 0.75 * picture_HW3.mean(2, keepdims=True)
    return np.asarray(grey + (np.array(RED) - grey) * share).round().astype(np.uint8)


def columns_sheet(title: Title, strength_nF: Tensor, names: Sequence[str]) -> Sheet:
    """A bar for each column of a table: how strongly it counts over all examples, the strongest first."""
    mean_F = strength_nF.mean(0)
    order = torch.argsort(mean_F, descending=True, stable=True)[:MOST_COLUMNS].tolist()
    words = [shortened(names[i], LONGEST_COLUMN) for i in order]
    room = max(map(text_width, words)) + 14
    sheet = titled_sheet(title, room + BARS_WIDTH + 90, len(order) * BAR_PITCH)
    axes = sheet.axes(MARGIN + room, TITLE_HEIGHT, BARS_WIDTH, len(order) * BAR_PITCH)
    axes.axis("off")
    middles = [BAR_PITCH * (place + 0.5) for place in range(len(order))]
    axes.barh(middles, mean_F[order].tolist(), height=BAR, color=SPLIT_COLOURS["train"])
    axes.set(ylim=(len(order) * BAR_PITCH, 0), xlim=(0, max(float(mean_F.max()), 1e-30)))
    for word, i, middle in zip(words, order, middles, strict=True):
        y = TITLE_HEIGHT + middle
        sheet.text(MARGIN + room - 14, y, word, ha="right", va="center", fontsize=NORMAL)
        x = MARGIN + room + BARS_WIDTH * float(mean_F[i] / mean_F.max().clamp(min=1e-30)) + 10
        sheet.text(x, y, figure(float(mean_F[i])), va="center", fontsize=SMALL, color=FAINT)
    return sheet
