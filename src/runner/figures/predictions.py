"""The pictures of what a net says beside what is true: of classes its confusion, its mistakes and its confidence, of
numbers how far it is off.

Shapes: N rows of a split, n of them, K classes, F columns.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from rich.cells import cell_len
from torch import Tensor

from runner.contracts import Column
from runner.figures.class_predictions import BINS, Calibration, ClassPredictions
from runner.figures.dataset_view import Title
from runner.figures.pixels import NEGATIVE, POSITIVE, Pixels, fitted, mosaic, to_rgb
from runner.figures.style import FAINT, INK, NORMAL, RULE, SMALL, SPLIT_COLOURS, Picture, shortened
from runner.text import figure

LARGEST, SMALLEST = 56, 6  # pixels of a cell of a confusion matrix
MATRIX = 720  # of all of them, at most, where cells can be as small as that
WITH_NUMBERS, WITH_NAMES = 34, 14  # pixels of a cell from which on it holds a number, has a name
DARK = 0.55  # share of its row from which on a cell is so dark that its number is white
MOST_IMAGES, ACROSS, SIDE = 32, 8, 112
CAPTION_LINE, CHARACTER = 22, 11  # pixels
MOST_ROWS, MOST_COLUMNS = 25, 10
LONGEST_NAME = 20
DIAGONAL = {"color": FAINT, "linewidth": 1, "linestyle": (0, (3, 3))}
BLUE, RED, PALE_BLUE = SPLIT_COLOURS["train"], "#d9776c", "#b9cbe6"
ERROR_BINS = 30
MANY = 500  # points from which on they are drawn smaller


def draw_confusion(title: Title, class_names: Sequence[str], counts: Sequence[Sequence[int]]) -> Picture:
    """A row for each true class, a column for each predicted one; to the right how many of a class were found."""
    counts_KK = np.array(counts)
    cell = max(SMALLEST, min(LARGEST, MATRIX // len(counts_KK)))
    picture, axes = Picture.of_pixels(title, _cells(counts_KK, cell))
    axes.set_xlabel("predicted", fontsize=SMALL, color=FAINT)
    axes.set_title("true ", x=0, ha="right", fontsize=SMALL, color=FAINT)
    if cell >= WITH_NUMBERS:
        _draw_numbers(axes, counts_KK, cell)
    if cell >= WITH_NAMES:
        names = [shortened(name, LONGEST_NAME) for name in class_names]
        middles = [(place + 0.5) * cell - 0.5 for place in range(len(names))]
        is_wide = max(map(cell_len, names)) * CHARACTER > cell
        axes.set_xticks(middles, names, fontsize=NORMAL, color=INK, rotation=90 if is_wide else 0)
        axes.set_yticks(middles, names, fontsize=NORMAL)
        _draw_found(axes, counts_KK, middles)
    return picture


def _shares(counts_KK: NDArray[np.int64]) -> NDArray[np.float64]:
    """The root of each cell's share of its row: what is rare is lifted so that it is seen."""
    shares: NDArray[np.float64] = np.sqrt(counts_KK / counts_KK.sum(1, keepdims=True).clip(min=1))
    return shares


def _cells(counts_KK: NDArray[np.int64], cell: int) -> Pixels:
    """Blue is right, red is wrong, white is nothing."""
    share = _shares(counts_KK)[..., None]
    full = np.where(np.eye(len(counts_KK), dtype=bool)[..., None], NEGATIVE, POSITIVE)
    blank = np.where(share > 0, 255.0, 247.0)
    blocks: Pixels = (blank + (full - blank) * share).round().astype(np.uint8).repeat(cell, 0).repeat(cell, 1)
    if cell >= WITH_NAMES:
        blocks[::cell] = blocks[:, ::cell] = 255  # a line of white between the cells
    return blocks


def _draw_numbers(axes: Axes, counts_KK: NDArray[np.int64], cell: int) -> None:
    shares = _shares(counts_KK)
    for i, j in zip(*counts_KK.nonzero(), strict=True):
        count = f"{counts_KK[i, j]:,}"
        size = NORMAL if len(count) <= 4 else SMALL - 1
        colour = "white" if shares[i, j] > DARK else INK
        axes.text((j + 0.5) * cell, (i + 0.5) * cell, count, ha="center", va="center", fontsize=size, color=colour)


def _draw_found(axes: Axes, counts_KK: NDArray[np.int64], middles: Sequence[float]) -> None:
    right = axes.get_xlim()[1]
    for place, heading in ((90, "found"), (170, "rows")):
        axes.text(right + place, -10, heading, ha="right", fontsize=SMALL, color=FAINT)
    for row, k, y in zip(counts_KK, range(len(counts_KK)), middles, strict=True):
        share = f"{100 * row[k] / row.sum():.1f} %" if row.sum() else "-"
        axes.text(right + 90, y, share, ha="right", va="center", fontsize=SMALL)
        axes.text(right + 170, y, f"{row.sum():,}", ha="right", va="center", fontsize=SMALL, color=FAINT)


def draw_image_mistakes(title: Title, of: ClassPredictions, images_nCHW: Tensor, places: Sequence[int]) -> Picture:
    """The images of ``places`` in the split; below each what is said of it, how surely, and what it is."""
    images = [fitted(image, SIDE) for image in to_rgb(images_nCHW)] if places else []
    return draw_captioned(title, images, [of.caption(place) for place in places], ACROSS)


def draw_captioned(title: Title, images: Sequence[Pixels], captions: Sequence[tuple[str, ...]], across: int) -> Picture:
    """The images in rows of ``across``, the lines of its caption below each, the first in ink."""
    height, width = images[0].shape[:2] if images else (SIDE, SIDE)
    words = max((cell_len(line) for caption in captions for line in caption), default=0)
    lines = max(map(len, captions), default=0)
    pitch = height + (lines + 1) * CAPTION_LINE, max(width, words * CHARACTER) + CAPTION_LINE
    side = max(height, width)
    picture, axes = Picture.of_pixels(title, mosaic(images, side, min(across, max(1, len(images))), pitch))
    for number, caption in enumerate(captions):
        x, y = number % across * pitch[1], number // across * pitch[0] + height + 6
        for line, text in enumerate(caption):
            axes.text(x, y + line * CAPTION_LINE, text, va="top", fontsize=SMALL, color=FAINT if line else INK)
    return picture


def draw_row_mistakes(
    title: Title, of: ClassPredictions, x_nF: Tensor, places: Sequence[int], columns: Sequence[Column]
) -> Picture:
    """The rows of ``places`` in the split with their first columns, what is said of them and what they are."""
    columns = columns[:MOST_COLUMNS]
    heads = ["predicted", "confidence", "true", *(shortened(column.name, LONGEST_NAME) for column in columns)]
    lines = [[*_answer(of, place), *map(_cell, columns, row)] for place, row in zip(places, x_nF.tolist(), strict=True)]
    widths = [(2 + max(map(cell_len, column))) * CHARACTER for column in zip(heads, *lines, strict=True)]
    picture, axes = Picture.of_pixels(title, np.full((30 * (1 + len(lines)), sum(widths), 3), 255, np.uint8))
    for number, line in enumerate([heads, *lines]):
        for cell, x in zip(line, np.cumsum([0, *widths[:-1]]), strict=True):
            axes.text(x, 30 * number + 20, cell, fontsize=NORMAL, color=INK if number else FAINT)
    return picture


def _answer(of: ClassPredictions, place: int) -> tuple[str, str, str]:
    said, truth = (of.class_names[int(labels[place])] for labels in (of.predicted_N, of.labels_N))
    share = f"{100 * float(of.confidence_N[place]):.1f} %"
    return shortened(said, LONGEST_NAME), share, shortened(truth, LONGEST_NAME)


def _cell(column: Column, value: float) -> str:
    return shortened(column.categories[int(value)], LONGEST_NAME) if column.categories else figure(value)


def draw_reliability(title: Title, calibration: Calibration) -> Picture:
    """Accuracy over confidence, with the gap to what it should be; below, how many rows are that sure."""
    picture = Picture(title, 520, 680, "constrained")
    above, below = picture.figure.subplots(2, sharex=True, height_ratios=[4, 1])
    middles = (np.arange(BINS) + 0.5) / BINS
    right, sure = np.array(calibration.accuracy), np.array(calibration.confidence)
    above.bar(middles, np.minimum(right, sure), 0.92 / BINS, color=BLUE)
    gap_colours = np.where(right > sure, PALE_BLUE, RED).tolist()
    above.bar(middles, abs(sure - right), 0.92 / BINS, bottom=np.minimum(right, sure), color=gap_colours)
    above.plot([0, 1], [0, 1], **DIAGONAL)
    above.set(xlim=(0, 1), ylim=(0, 1))
    _label(above, "", "share that is right")
    bars = below.bar(middles, calibration.counts, 0.92 / BINS, color=RULE)
    numbers = [f"{count:,}" if count else "" for count in calibration.counts]
    below.bar_label(bars, numbers, fontsize=SMALL - 1, color=FAINT)
    below.margins(y=0.25)
    _label(below, "confidence in the predicted class", "rows")
    below.set_yticks([])
    return picture


def draw_residuals(title: Title, predicted_N: Tensor, true_N: Tensor, split: str) -> Picture:
    """Predicted over true with the line where they are equal; the errors as a histogram."""
    picture = Picture(title, 1100, 500, "constrained")
    points, errors = picture.figure.subplots(1, 2)
    both = np.concatenate([predicted_N.numpy(), true_N.numpy()])
    points.plot([both.min(), both.max()], [both.min(), both.max()], **DIAGONAL)
    size, alpha = (16, 0.6) if len(true_N) < MANY else (6, 0.35)
    colour = SPLIT_COLOURS[split]
    points.scatter(true_N.numpy(), predicted_N.numpy(), s=size, alpha=alpha, color=colour, linewidths=0)
    _label(points, "true", "predicted")
    errors.hist((predicted_N - true_N).numpy(), bins=ERROR_BINS, color=colour)
    errors.axvline(0, **DIAGONAL)
    errors.set_yticks([])
    errors.set_xlabel("predicted - true", fontsize=SMALL, color=FAINT)
    return picture


def _label(axes: Axes, x: str, y: str) -> None:
    axes.spines["left"].set_visible(True)
    axes.tick_params(axis="y", color=RULE, labelcolor=FAINT)
    axes.set_xlabel(x, fontsize=SMALL, color=FAINT)
    axes.set_ylabel(y, fontsize=SMALL, color=FAINT)
