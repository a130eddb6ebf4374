"""The picture of a data set: a few images of each class and how many there are, or what a table holds."""

from __future__ import annotations

from runner.figures.bars import BAR, HEAD, PANEL_WIDTH, balance_width, draw_balance, draw_targets
from runner.figures.dataset_view import SAMPLES, Balance, Exhibit
from runner.figures.pixels import GAP, Pixels, fitted, mosaic
from runner.figures.style import (
    FAINT,
    MARGIN,
    NORMAL,
    SMALL,
    TITLE_HEIGHT,
    Sheet,
    draw_title,
    shortened,
    style,
    text_width,
    title_width,
)
from runner.figures.table import table_sheet

SIDE = 96  # pixels of the sheet that an image may take, at most
CLASS_GAP = 6  # more between classes
GUTTER = 28  # between names, images and bars
LONGEST_NAME = 26  # characters
BETWEEN = 44  # between the commonest and the rarest classes
TARGET_LINE = 26
TARGET_PANEL = 90
TARGET_PITCH = 170


def picture(exhibit: Exhibit) -> tuple[bytes, set[str]]:
    """A PNG of a few train rows, or of every column of them, and of the classes or targets of each split.

    And the characters in it that no font here has.
    """
    with style() as boxes:
        png = sheet(exhibit).png()
    return png, boxes


def sheet(exhibit: Exhibit) -> Sheet:
    if not exhibit.is_images:
        return table_sheet(exhibit)
    return target_sheet(exhibit) if exhibit.balance is None else class_sheet(exhibit, exhibit.balance)


def class_sheet(exhibit: Exhibit, balance: Balance) -> Sheet:
    """A row, or several, of images for each class shown; name to the left, counts to the right."""
    groups = exhibit.gallery
    blocks = [mosaic(group.images, SIDE, SAMPLES) for group in groups]
    names = [shortened(group.heading, LONGEST_NAME) for group in groups]
    images_left = MARGIN + max(map(text_width, names)) + GUTTER
    bars_left = images_left + max(block.shape[1] for block in blocks) + GUTTER
    tops = block_tops(blocks, split_after=len(blocks) // 2 if balance.hidden else None)
    width = max(bars_left + balance_width(balance), title_width(exhibit.title) + MARGIN) + MARGIN
    sheet = Sheet(width, tops[-1] + max(len(blocks[-1]), 2 * BAR) + MARGIN)
    draw_title(sheet, exhibit.title)
    middles = [top + len(block) / 2 for top, block in zip(tops, blocks, strict=True)]
    for name, block, top, middle in zip(names, blocks, tops, middles, strict=True):
        sheet.text(images_left - GUTTER, middle, name, va="center", ha="right", fontsize=NORMAL)
        sheet.image(images_left, top, block)
    if balance.hidden:
        between = (tops[len(tops) // 2] + tops[len(tops) // 2 - 1] + len(blocks[len(tops) // 2 - 1])) / 2
        sheet.text(images_left, between, balance.hidden_note, va="center", color=FAINT, fontsize=NORMAL)
    draw_balance(sheet, balance, bars_left, TITLE_HEIGHT, middles)
    return sheet


def target_sheet(exhibit: Exhibit) -> Sheet:
    """A grid of images, below each its target; to the right the targets of each split."""
    images = [fitted(group.images[0], SIDE) for group in exhibit.gallery]
    height, width = images[0].shape[:2]
    pitch_x = max(width, text_width("-1.0e-05", SMALL)) + GAP
    pitch_y = height + TARGET_LINE + GAP
    top = TITLE_HEIGHT
    bars_left = MARGIN + SAMPLES * pitch_x + GUTTER
    bottom = max(top + -(-len(images) // SAMPLES) * pitch_y, top + len(exhibit.rows) * TARGET_PITCH)
    sheet = Sheet(max(bars_left + PANEL_WIDTH, title_width(exhibit.title) + MARGIN) + MARGIN, bottom + MARGIN // 2)
    draw_title(sheet, exhibit.title)
    for place, (group, image) in enumerate(zip(exhibit.gallery, images, strict=True)):
        x, y = MARGIN + place % SAMPLES * pitch_x, top + place // SAMPLES * pitch_y
        sheet.image(x, y, image)
        sheet.text(x + width / 2, y + height + 4, group.heading, va="top", ha="center", fontsize=SMALL, color=FAINT)
    draw_targets(sheet, exhibit, bars_left, top + HEAD, TARGET_PANEL, TARGET_PITCH)
    return sheet


def block_tops(blocks: list[Pixels], split_after: int | None) -> list[int]:
    """Where each block begins; after number ``split_after`` there is room for a line of text."""
    tops, y = [], TITLE_HEIGHT + HEAD
    for number, block in enumerate(blocks):
        if number == split_after:
            y += BETWEEN
        tops.append(y)
        y += len(block) + GAP + CLASS_GAP
    return tops
