"""Fonts of this machine for what matplotlib's own lacks: Hangul, kana, Chinese characters."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matplotlib.font_manager import findSystemFonts, fontManager, get_font_names

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
