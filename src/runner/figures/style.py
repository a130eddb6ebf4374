"""How pictures look: fonts, colours, and a figure below its title; no global state."""

from __future__ import annotations

import io
import logging
import math
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.font_manager import findSystemFonts, fontManager, get_font_names
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox, BboxBase
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from runner import text
from runner.figures.dataset_view import Title
from runner.figures.pixels import Pixels
from runner.text import counted

DPI = 160
WIDTH = 800  # pixels of a picture: five inches; shown 330 wide, as TensorBoard does, its smallest type is 8 high
MARGIN = 28
ROOM = WIDTH - 2 * MARGIN
INK = "#22252b"
FAINT = "#767b85"
RULE = "#d9dce1"
CLASS_COLOURS = ("#4472b8", "#e39b3b", "#5aa37a", "#c25b56", "#8a6bb5", "#8c7158", "#d683b4", "#8f959e")
SPLIT_COLOURS = {"train": "#4472b8", "val": "#e39b3b", "test": "#5aa37a"}
SMALL, NORMAL, LARGE = 9, 10, 13  # points
LINE = 1.35  # of the height of its type
# the mean width of a character as a share of the height of its type, of a Hangul or Chinese one half of it
CHARACTER, LETTER, DIGIT, BOLD = 0.53, 0.58, 0.64, 0.65  # in a sentence, in a word, in a number, in a bold word
STYLE: dict[Any, Any] = {
    "figure.dpi": DPI,
    "font.size": NORMAL,
    "text.color": INK,
    "svg.hashsalt": "runner",  # the same picture is the same file
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
UNSAID: dict[str, dict[str, Any]] = {  # what drew a file, and when
    "png": {"Software": None},
    "svg": {"Creator": None, "Date": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
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
MOST_WITH_UNIT = 1e15  # from there on powers of ten are read better
WHOLE_BELOW = 10_000  # of the largest number beside it: all digits are shown, as of years
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

    What is drawn beside or below the figure, as the labels of its axes, widens the picture: it is cropped to its ink,
    but is never narrower than WIDTH.
    """

    def __init__(self, title: Title, width: float, height: float, layout: Literal["constrained"] | None = None):
        self.width, self.height = width, height
        self.figure = Figure((width / DPI, height / DPI), dpi=DPI, layout=layout)
        FigureCanvasAgg(self.figure)  # it becomes the figure's own
        self.title = title

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

    def place(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Axes in a box of so many pixels."""
        box = (left / self.width, bottom / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(box)

    def png(self) -> bytes:
        return self.content("png")

    def content(self, form: str) -> bytes:
        """A file of the form png, svg or pdf."""
        content = io.BytesIO()
        self.figure.savefig(content, format=form, bbox_inches=self.finished(), metadata=UNSAID[form])
        return content.getvalue()

    def finished(self) -> Bbox:
        """The inches that are the picture, once its title is drawn above what there is."""
        self.figure.draw_without_rendering()
        ink = self.figure.get_tightbbox()
        top = self._draw_title(ink)
        return Bbox.from_bounds(ink.x0, ink.y0, max(ink.width, ROOM / DPI), top / DPI - ink.y0).padded(MARGIN / DPI)

    def _draw_title(self, ink: BboxBase) -> float:
        """Draws its three parts, each in as many lines as it needs; the height of their top in pixels."""
        top = ink.y1 * DPI + pixels(NORMAL)
        parts: tuple[tuple[str, float, float, dict[str, Any]], ...] = (
            (self.title.note, NORMAL, CHARACTER, {"color": FAINT}),
            (self.title.facts, NORMAL, CHARACTER, {}),
            (self.title.name, LARGE, BOLD, {"fontweight": "bold"}),
        )
        for words, size, character, looks in parts:
            room = max(ink.width * DPI, ROOM)
            lines = self._fitting(words, room, columns_in(room, size, character), {"fontsize": size, **looks})
            left, bottom = ink.x0 * DPI / self.width, top / self.height
            self.figure.text(left, bottom, "\n".join(lines), fontsize=size, va="bottom", linespacing=LINE, **looks)
            top += LINE * pixels(size) * len(lines)
        return float(top)

    def _fitting(self, words: str, room: float, columns: int, looks: dict[str, Any]) -> list[str]:
        """In lines of at most ``room`` pixels, where ``columns`` characters of a mean width stand; [] of no words."""
        lines = wrapped(words, columns) if words else []
        while columns > 1 and any(self._width(line, looks) > room for line in lines):
            columns -= 1  # digits and signs are wider than the letters of a sentence
            lines = wrapped(words, columns)
        return lines

    def _width(self, line: str, looks: dict[str, Any]) -> float:
        drawn = self.figure.text(0, 0, line, **looks)
        width = drawn.get_window_extent().width
        drawn.remove()
        return float(width)


def pdf_pages(pictures: Iterable[Picture]) -> bytes:
    """A page for each."""
    content = io.BytesIO()
    with PdfPages(content, metadata=UNSAID["pdf"]) as pages:
        for picture in pictures:
            pages.savefig(picture.figure, bbox_inches=picture.finished())
    return content.getvalue()


def set_ticks(axis: Axis, most: int = 5, *, integer: bool = False) -> None:
    """At most so many ticks at round numbers, each said in full: no power of ten that all are to be multiplied by."""
    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10], integer=integer))
    axis.set_major_formatter(lambda value, _: tick(value, max(map(abs, axis.get_view_interval()))))


def tick(value: float, largest: float = math.inf) -> str:
    """A round number: 0.25, 750, 20k, 1.5M, 2B, 1e+30; 1990 where the ``largest`` beside it is a year, too."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")) if largest >= WHOLE_BELOW else ():
        if size <= abs(value) < MOST_WITH_UNIT:
            return f"{value / size:,.10g}{unit}"
    return f"{value:.10g}"


def part(shown: int, total: int, noun: str) -> str:
    """6 of 32 filters; 8 filters where all are shown."""
    return f"{shown:,} of {counted(total, noun)}" if shown < total else counted(total, noun)


def pixels(points: float) -> float:
    """The height of type in pixels."""
    return points * DPI / 72


def columns_in(width: float, points: float, character: float = CHARACTER) -> int:
    """How many characters of that size stand side by side in ``width`` pixels; of Hangul half as many."""
    return int(width / (character * pixels(points)))


def width_of(words: Iterable[str], points: float, character: float = DIGIT) -> float:
    """The pixels that the longest of them takes, or a little more; a Hangul or Chinese character is a square."""
    heights = (character * len(text) + (1 - character) * (cell_len(text) - len(text)) for text in words)
    return max(heights, default=0) * pixels(points)


def wrapped(words: str, columns: int) -> list[str]:
    """``words`` in lines of at most so many characters."""
    return [line.plain.rstrip() for line in Text(words).wrap(Console(), columns)]


def shortened(words: str, length: int) -> str:
    """``words`` in one line of at most ``length`` characters, of which a Hangul or Chinese one counts as two."""
    return text.shortened(" ".join(words.split()), length, "…")


def short_names(names: Sequence[str], length: int) -> list[str]:
    """Each in at most ``length`` characters: cut at its end, or in its middle where some would look the same."""
    cut = [shortened(name, length) for name in names]
    if len({*cut}) == len({*names}):
        return cut
    return [
        name if short == name else f"{shortened(name, length // 2)}{_end(name, length - length // 2)}"
        for name, short in zip(names, cut, strict=True)
    ]


def _end(words: str, length: int) -> str:
    return next(words[i:] for i in range(len(words) + 1) if cell_len(words[i:]) <= length)


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
