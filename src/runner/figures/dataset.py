"""The picture of a data set."""

from __future__ import annotations

from runner.figures.dataset_view import Exhibit
from runner.figures.images import class_sheet, target_sheet
from runner.figures.sheet import Sheet, style
from runner.figures.table import table_sheet


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
