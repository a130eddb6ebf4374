"""How pictures look: fonts, colours, and a figure below its title; no global state."""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findSystemFonts, fontManager, get_font_names

from runner import text
from runner.figures.dataset_view import Title
from runner.figures.pixels import Pixels

DPI = 160
MARGIN = 48
INK = "#22252b"
FAINT = "#767b85"
RULE = "#d9dce1"
CLASS_COLOURS = ("#4472b8", "#e39b3b", "#5aa37a", "#c25b56", "#8a6bb5", "#8c7158", "#d683b4", "#8f959e")
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


class Picture:
    """A figure of ``width`` x ``height`` pixels below its title; to be made, drawn on and saved inside ``style()``.

    What is drawn beside or below the figure, as the labels of its axes, widens the picture: it is cropped to its ink.
    """

    def __init__(self, title: Title, width: float, height: float, layout: Literal["constrained"] | None = None):
        self.width, self.height = width, height
        self.figure = Figure((width / DPI, height / DPI), dpi=DPI, layout=layout)
        FigureCanvasAgg(self.figure)  # it becomes the figure's own
        self.title = [
            self.figure.text(0, 1 + above / height, words, va="top", **looks)
            for words, above, looks in (
                (title.name, 144, {"fontsize": LARGE, "fontweight": "bold"}),
                (title.facts, 102, {}),
                (title.note, 76, {"color": FAINT}),
            )
        ]

    @classmethod
    def of_pixels(cls, title: Title, image_HW3: Pixels) -> tuple[Picture, Axes]:
        """The image with one pixel of it on one of the picture, and its axes, whose unit is the pixel."""
        made = cls(title, image_HW3.shape[1], image_HW3.shape[0])
        return made, made.axes(0, image_HW3.shape[1], image_HW3)

    def axes(self, left: float, width: float, image_HW3: Pixels | None = None) -> Axes:
        """Axes over the whole height, from ``left``, so many pixels wide; filled with an image they have no frame."""
        axes = self.figure.add_axes((left / self.width, 0, width / self.width, 1))
        if image_HW3 is not None:
            axes.imshow(image_HW3, aspect="auto", interpolation="nearest")
            axes.spines[:].set_visible(False)
            axes.tick_params(length=0)
            axes.set(xticks=[], yticks=[])
        return axes

    def png(self) -> bytes:
        self.figure.draw_without_rendering()
        left = self.figure.get_tightbbox().x0 * DPI / self.width
        for line in self.title:
            line.set_x(left)
        content = io.BytesIO()
        no_version = {"Software": None}  # of what drew it
        self.figure.savefig(content, format="png", bbox_inches="tight", pad_inches=MARGIN / DPI, metadata=no_version)
        return content.getvalue()


def shortened(words: str, length: int) -> str:
    """``words`` in one line of at most ``length`` characters, of which a Hangul or Chinese one counts as two."""
    return text.shortened(" ".join(words.split()), length, "…")


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
