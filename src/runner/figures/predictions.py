"""The pictures of what a net says beside what is true: of classes its confusion, its mistakes and its confidence, of
numbers how far it is off.

Shapes: N rows of a split, n of them, K classes, F columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from torch import Tensor

from runner.contracts import Column
from runner.experiment.calibration import BINS
from runner.figures.class_predictions import Calibration, ClassPredictions
from runner.figures.dataset_view import Title
from runner.figures.pixels import NEGATIVE, POSITIVE, Pixels, fitted, mosaic, to_rgb
from runner.figures.style import (
    FAINT,
    INK,
    LETTER,
    ROOM,
    RULE,
    SMALL,
    SPLIT_COLOURS,
    Picture,
    part,
    set_ticks,
    short_names,
    shortened,
    width_of,
)
from runner.text import as_carried

LARGEST, SMALLEST = 80, 3  # pixels of a cell of a confusion matrix
SIDE_COLUMNS = 95, 190  # pixels to the right of it: recall, and the rows of each class
WITH_LINES = 14  # pixels of a cell from which on white lines are between them
PITCH = 24  # pixels from one line of small type to the next, at least
DARK = 0.55  # share of its row from which on a cell is so dark that its number is white
MOST_IMAGES, SIDE, GAP = 24, 112, 10
CAPTION_LINE = 27  # pixels
MOST_ROWS, ROW, COLUMN_GAP = 20, 32, 20
LONGEST_NAME, LONGEST_CELL = 16, 12
DIAGONAL = {"color": FAINT, "linewidth": 1, "linestyle": (0, (3, 3))}
BLUE, RED, PALE_BLUE = SPLIT_COLOURS["train"], "#d9776c", "#b9cbe6"
ERROR_BINS = 30
MANY = 500  # points from which on they are drawn smaller


def draw_confusion(title: Title, class_names: Sequence[str], counts: Sequence[Sequence[int]]) -> Picture:
    """A row for each true class, a column for each predicted one; to the right the recall and the rows of a class."""
    counts_KK = np.array(counts)
    names = short_names(class_names, LONGEST_NAME)
    room = int(ROOM - width_of(names, SMALL, LETTER))
    cell = min(LARGEST, (room - SIDE_COLUMNS[1]) // len(names))
    if cell < PITCH:  # the recall of each row has no room
        cell = max(SMALLEST, min(PITCH - 1, room // len(names)))
    numbers, unit = _numbers(counts_KK, cell)
    every = -(-PITCH // cell)
    unnamed = f"; one name in {every} is written" if every > 1 else ""
    picture, axes = Picture.of_pixels(replace(title, note=title.note + unit + unnamed), _cells(counts_KK, cell))
    axes.set_xlabel("predicted", fontsize=SMALL, color=FAINT)
    axes.set_title("true ", x=0, ha="right", fontsize=SMALL, color=FAINT)
    _draw_numbers(axes, numbers, _shares(counts_KK), cell)
    middles = [(place + 0.5) * cell - 0.5 for place in range(len(names))]
    is_wide = width_of(names, SMALL, LETTER) > cell * every
    axes.set_xticks(middles[::every], names[::every], fontsize=SMALL, color=INK, rotation=90 if is_wide else 0)
    axes.set_yticks(middles[::every], names[::every], fontsize=SMALL)
    if every == 1:
        _draw_recall(axes, counts_KK, middles)
    return picture


def _numbers(counts_KK: NDArray[np.int64], cell: int) -> tuple[dict[tuple[int, int], str], str]:
    """(row, column) -> what is written into a cell: its rows, else their share, else nothing; and what it is."""
    places = list(zip(*(axis.tolist() for axis in counts_KK.nonzero()), strict=True))
    counts = {place: str(counts_KK[place]) for place in places}
    shares = {(i, j): f"{100 * counts_KK[i, j] / counts_KK[i].sum():.0f}" for i, j in places}
    for numbers, unit in ((counts, ""), (shares, "; numbers: % of the row")):
        if width_of(numbers.values(), SMALL) <= cell:
            return numbers, unit
    return {}, ""


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
    if cell >= WITH_LINES:
        blocks[::cell] = blocks[:, ::cell] = 255  # a line of white between the cells
    return blocks


def _draw_numbers(axes: Axes, numbers: Mapping[tuple[int, int], str], shares: NDArray[np.float64], cell: int) -> None:
    for (i, j), number in numbers.items():
        colour = "white" if shares[i, j] > DARK else INK
        axes.text((j + 0.5) * cell, (i + 0.5) * cell, number, ha="center", va="center", fontsize=SMALL, color=colour)


def _draw_recall(axes: Axes, counts_KK: NDArray[np.int64], middles: Sequence[float]) -> None:
    right = axes.get_xlim()[1]
    for place, heading in zip(SIDE_COLUMNS, ("recall", "rows"), strict=True):
        axes.text(right + place, -10, heading, ha="right", fontsize=SMALL, color=FAINT)
    for row, k, y in zip(counts_KK, range(len(counts_KK)), middles, strict=True):
        share = f"{100 * row[k] / row.sum():.1f} %" if row.sum() else "-"
        for place, words, colour in zip(SIDE_COLUMNS, (share, f"{row.sum():,}"), (INK, FAINT), strict=True):
            axes.text(right + place, y, words, ha="right", va="center", fontsize=SMALL, color=colour)


def draw_image_mistakes(title: Title, of: ClassPredictions, images_nCHW: Tensor, places: Sequence[int]) -> Picture:
    """The images of ``places`` in the split; below each what is said of it, how surely, and what it is."""
    images = [fitted(image, SIDE) for image in to_rgb(images_nCHW)] if places else []
    return draw_captioned(title, images, [of.caption(place) for place in places])


def draw_captioned(title: Title, images: Sequence[Pixels], captions: Sequence[tuple[str, ...]]) -> Picture:
    """The images in rows, as many as there is room for; the lines of a caption below it."""
    height, width = images[0].shape[:2] if images else (SIDE, SIDE)
    words = width_of((line for caption in captions for line in caption), SMALL, LETTER)
    lines = max(map(len, captions), default=0)
    pitch = height + (lines + 1) * CAPTION_LINE, int(max(width, words)) + GAP
    num_rows = -(-len(images) // max(1, (ROOM + GAP) // pitch[1]))
    across = max(1, -(-len(images) // max(1, num_rows)))  # of no image one place, which stays white
    picture, axes = Picture.of_pixels(title, mosaic(images, max(height, width), across, pitch))
    for number, caption in enumerate(captions):
        x, y = number % across * pitch[1], number // across * pitch[0] + height + 6
        for line, text in enumerate(caption):
            axes.text(x, y + line * CAPTION_LINE, text, va="top", fontsize=SMALL, color=FAINT if line else INK)
    return picture


def draw_row_mistakes(
    title: Title, of: ClassPredictions, x_nF: Tensor, places: Sequence[int], columns: Sequence[Column]
) -> Picture:
    """The rows of ``places``: what is said of them and what they are, and as many columns as there is room for."""
    names = short_names(of.class_names, LONGEST_CELL)
    answers = [_answer(of, place, names) for place in places]
    told = {head: [answer[k] for answer in answers] for k, head in enumerate(("predicted", "sure", "true"))}
    return draw_rows(title, told, x_nF, columns)


def draw_rows(title: Title, answers: Mapping[str, Sequence[str]], x_nF: Tensor, columns: Sequence[Column]) -> Picture:
    """A line for each row: the ``answers`` under their heads, and as many columns as there is room for."""
    heads = [*answers, *short_names([column.name for column in columns], LONGEST_CELL)]
    values = ([_cell(column, value) for value in x_nF[:, k].tolist()] for k, column in enumerate(columns))
    table = [[head, *column] for head, column in zip(heads, [*answers.values(), *values], strict=True)]
    edges = np.cumsum([0, *(COLUMN_GAP + width_of(column, SMALL) for column in table)])
    first = len(answers)
    shown = max(first + 1, int((edges <= ROOM + COLUMN_GAP).sum()) - 1)
    note = "; ".join(filter(None, [title.note, part(shown - first, len(columns), "column")]))
    image: Pixels = np.full((ROW * (1 + len(x_nF)), int(edges[shown]), 3), 255, np.uint8)
    picture, axes = Picture.of_pixels(replace(title, note=note), image)
    for number, (left, right, column) in enumerate(zip(edges, edges[1:], table[:shown], strict=False)):
        is_number = number >= first and not columns[number - first].categories
        x, side = (right - COLUMN_GAP, "right") if is_number else (left, "left")
        for line, cell in enumerate(column):
            axes.text(x, ROW * line + 20, cell, ha=side, fontsize=SMALL, color=INK if line else FAINT)
    return picture


def _answer(of: ClassPredictions, place: int, class_names: Sequence[str]) -> tuple[str, str, str]:
    said, truth = (class_names[int(labels[place])] for labels in (of.predicted_N, of.labels_N))
    return said, f"{100 * float(of.confidence_N[place]):.1f} %", truth


def _cell(column: Column, value: float) -> str:
    """As it stands in the table, as far as that is known."""
    if not isfinite(value) or (column.categories and value < 0):
        return "-"
    if column.categories:
        return shortened(column.categories[int(value)], LONGEST_CELL)
    value = as_carried(value)
    return f"{value:.0f}" if value == int(value) or abs(value) >= 1e5 else f"{value:.6g}"


def draw_reliability(title: Title, calibration: Calibration) -> Picture:
    """Accuracy over confidence, with the gap to what it should be; below, how many rows are that sure."""
    picture = Picture(title, ROOM, 640, "constrained")
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
    below.bar_label(bars, numbers, fontsize=SMALL, color=FAINT)
    below.margins(y=0.4)
    _label(below, "confidence in the predicted class", "rows")
    below.set_yticks([])
    return picture


def draw_residuals(title: Title, predicted_N: Tensor, true_N: Tensor, split: str) -> Picture:
    """Predicted over true with the line where they are equal; the errors as a histogram."""
    picture = Picture(title, ROOM, 400, "constrained")
    points, errors = picture.figure.subplots(1, 2)
    both = np.concatenate([predicted_N.numpy(), true_N.numpy()])
    points.plot([both.min(), both.max()], [both.min(), both.max()], **DIAGONAL)
    size, alpha = (16, 0.6) if len(true_N) < MANY else (6, 0.35)
    colour = SPLIT_COLOURS[split]
    points.scatter(true_N.numpy(), predicted_N.numpy(), s=size, alpha=alpha, color=colour, linewidths=0)
    _label(points, "true", "predicted")
    set_ticks(points.xaxis, 4)
    set_ticks(points.yaxis, 4)
    errors.hist((predicted_N - true_N).numpy(), bins=ERROR_BINS, color=colour)
    errors.axvline(0, **DIAGONAL)
    set_ticks(errors.xaxis, 4)
    errors.set_yticks([])
    errors.set_title("rows", loc="left", fontsize=SMALL, color=FAINT)
    errors.set_xlabel("predicted - true", fontsize=SMALL, color=FAINT)
    return picture


def _label(axes: Axes, x: str, y: str) -> None:
    axes.spines["left"].set_visible(True)
    axes.tick_params(axis="y", color=RULE, labelcolor=FAINT)
    axes.set_xlabel(x, fontsize=SMALL, color=FAINT)
    axes.set_ylabel(y, fontsize=SMALL, color=FAINT)
