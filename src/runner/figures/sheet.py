"""A sheet to draw on, measured in pixels from its top left corner; matplotlib without its global state."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from rich.cells import cell_len, set_cell_size

from runner.figures.fonts import families, missing_characters
from runner.figures.heading import Title
from runner.figures.pixels import Pixels

DPI = 160
MARGIN = 48
INK = "#22252b"
FAINT = "#767b85"
RULE = "#d9dce1"
SPLIT_COLOURS = {"train": "#4472b8", "val": "#e39b3b", "test": "#5aa37a"}
SMALL, NORMAL, LARGE = 7.5, 8.5, 15  # points
STYLE: dict[Any, Any] = {
    "figure.dpi": DPI,
    "font.size": NORMAL,
    "text.color": INK,
    "text.parse_math": False,  # a class may be named $a_1$
    "axes.edgecolor": RULE,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.unicode_minus": False,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": FAINT,
    "ytick.labelcolor": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
}


@contextmanager
def style() -> Iterator[set[str]]:
    """Inside it everything is drawn our way, whatever matplotlibrc says; afterwards matplotlib is as it was.

    What it gives holds, afterwards, the characters that no font here has.
    """
    with matplotlib.rc_context(), missing_characters() as missing:
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({**STYLE, "font.family": families()})
        yield missing


class Sheet:
    """A white sheet of ``width`` x ``height`` pixels; to be made and drawn on inside ``style()``."""

    def __init__(self, width: int, height: int):
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
        FigureCanvasAgg(self.figure)  # it becomes the figure's own

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        bottom = self.height - top - height
        box = (left / self.width, bottom / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(box)

    def text(self, x: float, y: float, words: str, **looks: Any) -> Text:
        return self.figure.text(x / self.width, 1 - y / self.height, words, **looks)

    def image(self, left: int, top: int, image_HW3: Pixels) -> None:
        """The image with one pixel of it on one of the sheet."""
        self.figure.figimage(image_HW3, left, self.height - top - len(image_HW3), origin="upper")

    def png(self) -> bytes:
        content = io.BytesIO()
        self.figure.savefig(content, format="png", metadata={"Software": None})  # not the version that drew it
        return content.getvalue()


def text_width(words: str, size: float = NORMAL, weight: str = "normal") -> int:
    """Pixels that ``words`` take; to be called inside ``style()``."""
    sheet = Sheet(DPI, DPI)
    drawn = sheet.text(0, 0, words, fontsize=size, fontweight=weight)
    return round(drawn.get_window_extent().width)


def shortened(words: str, length: int) -> str:
    """``words`` in one line of at most ``length`` characters, of which a Hangul or Chinese one counts as two."""
    words = " ".join(words.split())
    return words if cell_len(words) <= length else f"{set_cell_size(words, length - 1).rstrip()}…"


def in_width(words: str, width: float) -> str:
    """``words`` in one line, shortened to so many pixels; to be called inside ``style()``."""
    lengths = range(cell_len(words), 1, -1)
    return next((short for length in lengths if text_width(short := shortened(words, length)) <= width), "…")


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
