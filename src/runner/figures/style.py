"""How pictures look: fonts, colours, and a sheet measured in pixels from its top left corner; no global state."""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findSystemFonts, fontManager, get_font_names
from matplotlib.text import Text
from rich.cells import cell_len, set_cell_size

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

# the first that is there; a family, and how the names of its files begin
EAST_ASIAN = {
    "Noto Sans CJK KR": "notosanscjk",
    "Noto Sans CJK JP": "notosanscjk",  # matplotlib reads the first face of the file, which has all the characters
    "Noto Sans KR": "notosanskr",
    "NanumGothic": "nanumgothic",
    "NanumBarunGothic": "nanumbarungothic",
    "Apple SD Gothic Neo": "applesdgothicneo",
    "Malgun Gothic": "malgun",
    "UnDotum": "undotum",
    "WenQuanYi Zen Hei": "wqy-zenhei",
    "Droid Sans Fallback": "droidsansfallback",
    "Unifont": "unifont",
}
MISSING = re.compile(r"Glyph (\d+) .* missing from")
MOST_NAMED = 8


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


def families() -> list[str]:
    """What to draw with, in the order in which a character is looked for."""
    there = [name for name in EAST_ASIAN if name in set(get_font_names())] or newly_installed()
    return ["DejaVu Sans", *there[:1]]


def newly_installed() -> list[str]:
    """Those of the families that were installed after matplotlib wrote down what there is."""
    for path in findSystemFonts():
        if re.sub(r"[ _]", "", Path(path).name.lower()).startswith(tuple(EAST_ASIAN.values())):
            fontManager.addfont(path)
    return [name for name in EAST_ASIAN if name in set(get_font_names())]


@contextmanager
def missing_characters() -> Iterator[set[str]]:
    """Filled, at the end, with the characters that were drawn as boxes; other warnings are passed on."""
    missing: set[str] = set()
    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    log.setLevel(logging.ERROR)  # a family without bold letters is no news
    try:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            yield missing
    finally:
        log.setLevel(level)
    for warning in heard:
        if found := MISSING.match(str(warning.message)):
            missing.add(chr(int(found[1])))
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def advice(missing: set[str]) -> str:
    """What to do about characters that no font here has; "" where all are drawn."""
    if not missing:
        return ""
    named = "".join(sorted(missing)[:MOST_NAMED]) + "…" * (len(missing) > MOST_NAMED)
    return f"no font here has {named}: drawn as boxes; install one, as: apt install fonts-nanum, or fonts-noto-cjk"
