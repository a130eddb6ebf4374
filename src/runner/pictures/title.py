"""What stands at the head of a data set's picture."""

from __future__ import annotations

from runner.pictures.exhibit import Exhibit
from runner.pictures.sheet import FAINT, LARGE, MARGIN, NORMAL, Sheet, text_width

TITLE_HEIGHT = 176  # from the top of the sheet to what is below the title
LINE = 26


def draw_title(sheet: Sheet, exhibit: Exhibit) -> None:
    """The name, what the rows are, how they are split."""
    sheet.text(MARGIN, MARGIN + 30, exhibit.name, fontsize=LARGE, fontweight="bold", va="baseline")
    sheet.text(MARGIN, MARGIN + 34 + LINE, exhibit.facts, fontsize=NORMAL, va="baseline")
    sheet.text(MARGIN, MARGIN + 34 + 2 * LINE, exhibit.split_note, fontsize=NORMAL, color=FAINT, va="baseline")


def title_width(exhibit: Exhibit) -> int:
    """Pixels that its widest line takes."""
    lines = text_width(exhibit.facts), text_width(exhibit.split_note)
    return max(text_width(exhibit.name, LARGE, "bold"), *lines)
