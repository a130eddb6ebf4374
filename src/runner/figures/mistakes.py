"""The picture of the rows that a net gets wrong while it is surest of itself: images, or the rows of a table."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from runner.contracts import Column
from runner.figures.class_predictions import Verdicts
from runner.figures.heading import Title
from runner.figures.pixels import fitted, to_rgb
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
from runner.text import figure

MOST_IMAGES, ACROSS = 32, 8
SIDE = 112
CAPTION = 50  # pixels below an image
GAP = 22
MOST_ROWS, MOST_COLUMNS = 25, 10
LINE = 30
COLUMN_GAP = 28
LONGEST_HEAD = 18
NARROWEST = 480


def image_mistakes_sheet(title: Title, verdicts: Verdicts, images_nCHW: Tensor, places: Sequence[int]) -> Sheet:
    """The images of ``places`` in the split; below each what is said of it, how surely, and what it is."""
    images = [fitted(image, SIDE) for image in to_rgb(images_nCHW)] if places else []
    captions = [verdicts.caption(place) for place in places]
    height, width = images[0].shape[:2] if images else (0, 0)
    words = max((text_width(line, SMALL) for caption in captions for line in caption), default=0)
    pitch_x, pitch_y = max(width, words) + GAP, height + CAPTION + GAP
    down = -(-len(places) // ACROSS)
    sheet = titled_sheet(title, max(NARROWEST, min(len(places), ACROSS) * pitch_x), down * pitch_y)
    for number, (image, (said, truth)) in enumerate(zip(images, captions, strict=True)):
        x, y = MARGIN + number % ACROSS * pitch_x, TITLE_HEIGHT + number // ACROSS * pitch_y
        sheet.image(x, y, image)
        sheet.text(x, y + height + 6, said, va="top", fontsize=SMALL)
        sheet.text(x, y + height + 28, truth, va="top", fontsize=SMALL, color=FAINT)
    return sheet


def row_mistakes_sheet(
    title: Title, verdicts: Verdicts, x_nF: Tensor, places: Sequence[int], columns: Sequence[Column]
) -> Sheet:
    """The rows of ``places`` in the split with their first columns, what is said of them and what they are."""
    columns = columns[:MOST_COLUMNS]
    heads = ["predicted", "confidence", "true", *(shortened(column.name, LONGEST_HEAD) for column in columns)]
    lines = [
        [*_said(verdicts, place), *map(_cell, columns, row)] for place, row in zip(places, x_nF.tolist(), strict=True)
    ]
    widths = [max(text_width(line[i]) for line in [heads, *lines]) + COLUMN_GAP for i in range(len(heads))]
    sheet = titled_sheet(title, max(NARROWEST, sum(widths)), (1 + len(lines)) * LINE)
    for number, line in enumerate([heads, *lines]):
        x, y = MARGIN, TITLE_HEIGHT + number * LINE
        for cell, width in zip(line, widths, strict=True):
            sheet.text(x, y, cell, va="baseline", fontsize=NORMAL, color=INK if number else FAINT)
            x += width
    return sheet


def _said(verdicts: Verdicts, place: int) -> tuple[str, str, str]:
    said, truth = (verdicts.class_names[int(labels[place])] for labels in (verdicts.predicted_N, verdicts.labels_N))
    share = f"{100 * float(verdicts.confidence_N[place]):.1f} %"
    return shortened(said, LONGEST_HEAD), share, shortened(truth, LONGEST_HEAD)


def _cell(column: Column, value: float) -> str:
    return shortened(column.categories[int(value)], LONGEST_HEAD) if column.categories else figure(value)
