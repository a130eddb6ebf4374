"""What some of the pictures of a data set show of how all of them are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from runner.data.pictures.picture import GROUNDS, OVERSHOOT, Shades, is_deep, laid, opened, white_of
from runner.errors import DataError

MOST_LOOKED_AT = 100  # evenly spaced
FLAT = 4  # of 255: shades that are no further apart show no shape
FEW_SHADES = 8  # a picture that goes no further than that fraction of white has lost most of its shades


@dataclass(frozen=True)
class Facts:
    """Of one picture."""

    path: str
    has_frames: bool
    mode: str  # as PIL calls it
    shown_on: frozenset[str]  # the grounds on which something is to be seen
    white: int = 0  # of a deep picture, and its least and greatest value
    least: float = 0.0
    most: float = 0.0


def notes_on(paths: Sequence[str], shades: Shades) -> list[str]:
    """Lines on what comes out otherwise than a person may think."""
    step = -(-len(paths) // MOST_LOOKED_AT)
    looked_at = paths[::step]
    facts = []
    for path in looked_at:
        with suppress(DataError):  # whoever reads it will hear
            facts.append(facts_of(path))
    of = f"of {len(looked_at)} pictures" + (" looked at" if step > 1 else "")
    return [*_on_frames(facts, of), *_on_ground(facts, shades.background, of), *_on_brightness(facts, shades)]


def facts_of(path: str) -> Facts:
    with opened(path) as picture:
        # a phone keeps a second picture of the same in one file
        has_frames = bool(getattr(picture, "is_animated", False)) and picture.format != "MPO"
        facts = Facts(path, has_frames, picture.mode, _shown_on(picture))
        if not is_deep(picture):
            return facts
        values = np.asarray(picture)
        values = values[np.isfinite(values)]
        return replace(
            facts, white=white_of(picture), least=float(values.min(initial=0)), most=float(values.max(initial=0))
        )


def _shown_on(picture: Image.Image) -> frozenset[str]:
    """All grounds where nothing is transparent, or everything alike."""
    if not picture.has_transparency_data or is_deep(picture):
        return frozenset(GROUNDS)
    clear = picture.convert("RGBA")
    if _is_flat(clear.getchannel("A")):
        return frozenset(GROUNDS)
    return frozenset(ground for ground in GROUNDS if not _is_flat(laid(clear, ground).convert("RGB"))) or frozenset(
        GROUNDS
    )


def _is_flat(picture: Image.Image) -> bool:
    extrema = picture.getextrema()
    return all(high - low <= FLAT for low, high in (extrema if isinstance(extrema[0], tuple) else [extrema]))


def _on_frames(facts: Sequence[Facts], of: str) -> Iterator[str]:
    if moving := [each for each in facts if each.has_frames]:
        yield f"{len(moving)} {of} have several frames, of which the first is read ({moving[0].path})"


def _on_ground(facts: Sequence[Facts], background: str, of: str) -> Iterator[str]:
    unseen = [each for each in facts if background not in each.shown_on]
    if not unseen:
        return
    seen_on = {ground: sum(ground in each.shown_on for each in facts) for ground in ("black", "grey", "white")}
    best = max(seen_on, key=lambda ground: seen_on[ground])
    advice = f": dataset.background={best}" if seen_on[best] > seen_on[background] else ""
    yield f"{len(unseen)} {of} show nothing once laid on {background} ({unseen[0].path}){advice}"


def _on_brightness(facts: Sequence[Facts], shades: Shades) -> Iterator[str]:
    """What more than 8 bits may lose; who has said what is white knows."""
    for mode in sorted({each.mode for each in facts if each.white}) if shades.brightest is None else ():
        deep = [each for each in facts if each.mode == mode]
        least, most = min(deep, key=lambda each: each.least), max(deep, key=lambda each: each.most)
        whites = sorted({each.white for each in deep})
        advice = f"dataset.brightest={_bound(most)} makes that white"
        if len(whites) > 1:
            yield f"by their values some pictures are read as 0 to {whites[0]}, others as 0 to {whites[1]}: {advice}"
        elif most.most > OVERSHOOT * whites[0]:
            yield f"values reach {most.most:g} ({most.path}), and all above {whites[0]} is white: {advice}"
        elif 0 < most.most <= whites[0] / FEW_SHADES:
            yield f"values reach {most.most:g} ({most.path}) of {whites[0]}, which is almost black: {advice}"
        if least.least < 0:
            yield f"values go down to {least.least:g} ({least.path}), and all below 0 is black"


def _bound(facts: Facts) -> str:
    """The value that is white where this is the brightest picture: of whole numbers the largest of their bits."""
    return f"{facts.most:g}" if facts.mode == "F" else str((1 << int(facts.most).bit_length()) - 1)
