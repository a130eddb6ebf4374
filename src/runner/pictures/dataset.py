"""The picture of a data set."""

from __future__ import annotations

from runner.pictures.exhibit import Exhibit
from runner.pictures.images import class_sheet, target_sheet
from runner.pictures.sheet import style
from runner.pictures.table import table_sheet


def picture(exhibit: Exhibit) -> bytes:
    """A PNG of a few train rows, or of every column of them, and of the classes or targets of each split."""
    with style():
        if not exhibit.is_images:
            return table_sheet(exhibit).png()
        if exhibit.balance is None:
            return target_sheet(exhibit).png()
        return class_sheet(exhibit, exhibit.balance).png()
