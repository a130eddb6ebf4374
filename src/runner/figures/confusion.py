"""The picture of a confusion matrix.

Shapes: K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runner.figures.heading import Title
from runner.figures.pixels import NEGATIVE, POSITIVE, Pixels
from runner.figures.style import (
    FAINT,
    INK,
    MARGIN,
    NORMAL,
    SMALL,
    TITLE_HEIGHT,
    Sheet,
    shortened,
    text_width,
    titled_sheet,
)

LARGEST, SMALLEST = 56, 6  # pixels of a cell
SIDE = 720  # of the matrix, at most, where cells can be as small as that
WITH_NUMBERS = 34  # pixels of a cell from which on it holds a number
WITH_NAMES = 14
LONGEST_NAME = 20
GAP = 12
SCORE_WIDTH = 90
DARK = 0.55  # share of its row from which on a cell is so dark that its number is white


def confusion_sheet(title: Title, class_names: Sequence[str], counts: Sequence[Sequence[int]]) -> Sheet:
    """A row for each true class, a column for each predicted one; to the right how many of a class were found."""
    counts_KK = np.array(counts)
    cell = max(SMALLEST, min(LARGEST, SIDE // len(counts_KK)))
    names = [shortened(name, LONGEST_NAME) for name in class_names] if cell >= WITH_NAMES else []
    room = max(map(text_width, [*names, "true"])) + GAP
    side = cell * len(counts_KK)
    slanted = any(text_width(name) > cell - 6 for name in names)
    below = (room if slanted else 24) + 44
    sheet = titled_sheet(title, room + side + 2 * SCORE_WIDTH + GAP, side + below + 30)
    left, top = MARGIN + room, TITLE_HEIGHT + 30
    sheet.image(left, top, _cells(counts_KK, cell))
    if cell >= WITH_NUMBERS:
        _draw_numbers(sheet, counts_KK, left, top, cell)
    sheet.text(left - GAP, top - 14, "true", ha="right", fontsize=SMALL, color=FAINT)
    sheet.text(left + side / 2, top + side + below - 8, "predicted", ha="center", fontsize=SMALL, color=FAINT)
    for k, name in enumerate(names):
        middle = k * cell + cell / 2
        sheet.text(left - GAP, top + middle, name, ha="right", va="center", fontsize=NORMAL)
        turned = {"rotation": 90, "va": "top"} if slanted else {"va": "top"}
        sheet.text(left + middle, top + side + GAP, name, ha="center", fontsize=NORMAL, **turned)
    if names:
        _draw_scores(sheet, counts_KK, left + side + GAP, top, cell)
    return sheet


def _shares(counts_KK: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each cell as a share of its row."""
    shares: NDArray[np.float64] = counts_KK / counts_KK.sum(1, keepdims=True).clip(min=1)
    return shares


def _cells(counts_KK: NDArray[np.int64], cell: int) -> Pixels:
    """Blue is right, red is wrong, white is nothing; what is rare is lifted so that it is seen."""
    share = np.sqrt(_shares(counts_KK))[..., None]
    full = np.where(np.eye(len(counts_KK), dtype=bool)[..., None], NEGATIVE, POSITIVE)
    blank = np.where(share > 0, 255.0, 247.0)
    blocks: Pixels = (blank + (full - blank) * share).round().astype(np.uint8).repeat(cell, 0).repeat(cell, 1)
    if cell >= WITH_NAMES:
        blocks[::cell] = blocks[:, ::cell] = 255  # a line of white between the cells
    return blocks


def _draw_numbers(sheet: Sheet, counts_KK: NDArray[np.int64], left: int, top: int, cell: int) -> None:
    shares = np.sqrt(_shares(counts_KK))
    for i, j in zip(*counts_KK.nonzero(), strict=True):
        colour = "white" if shares[i, j] > DARK else INK
        count = f"{counts_KK[i, j]:,}"
        size = NORMAL if len(count) <= 4 else SMALL - 1
        x, y = left + j * cell + cell / 2, top + i * cell + cell / 2
        sheet.text(x, y, count, ha="center", va="center", fontsize=size, color=colour)


def _draw_scores(sheet: Sheet, counts_KK: NDArray[np.int64], left: int, top: int, cell: int) -> None:
    for column, heading in enumerate(("found", "rows")):
        right = left + (column + 1) * SCORE_WIDTH - 20
        sheet.text(right, top - 14, heading, ha="right", fontsize=SMALL, color=FAINT)
        for k, row in enumerate(counts_KK):
            share = f"{100 * row[k] / row.sum():.1f} %" if row.sum() else "-"
            said = share if column == 0 else f"{row.sum():,}"
            y = top + k * cell + cell / 2
            sheet.text(right, y, said, ha="right", va="center", fontsize=SMALL, color=FAINT if column else INK)
