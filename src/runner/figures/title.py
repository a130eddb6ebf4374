"""What stands at the head of a picture."""

from __future__ import annotations

from runner.figures.heading import Title
from runner.figures.sheet import FAINT, LARGE, MARGIN, NORMAL, Sheet, text_width

TITLE_HEIGHT = 176  # from the top of the sheet to what is below the title
LINE = 26


def draw_title(sheet: Sheet, title: Title) -> None:
    sheet.text(MARGIN, MARGIN + 30, title.name, fontsize=LARGE, fontweight="bold", va="baseline")
    sheet.text(MARGIN, MARGIN + 34 + LINE, title.facts, fontsize=NORMAL, va="baseline")
    sheet.text(MARGIN, MARGIN + 34 + 2 * LINE, title.note, fontsize=NORMAL, color=FAINT, va="baseline")


def titled_sheet(title: Title, width: int, height: int) -> Sheet:
    """A sheet with its title drawn, wide enough for it; ``width`` and ``height`` are those of what comes below."""
    sheet = Sheet(max(width, title_width(title)) + 2 * MARGIN, TITLE_HEIGHT + height + MARGIN)
    draw_title(sheet, title)
    return sheet


def title_width(title: Title) -> int:
    """Pixels that its widest line takes; to be called inside ``style()``."""
    return max(text_width(title.name, LARGE, "bold"), text_width(title.facts), text_width(title.note))
