"""The picture of what a run answers: each example with what is said of it, and what it is where that is known.

Shapes: n rows, C channels, H W pixels, F columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from torch import Tensor

from runner.contracts import Column
from runner.figures.dataset_view import Group, Title
from runner.figures.pixels import fitted, to_rgb
from runner.figures.predictions import MOST_IMAGES, MOST_ROWS, SIDE, draw_captioned, draw_rows
from runner.figures.style import Picture, shortened
from runner.screen.predictions import Answers
from runner.text import figure

LONGEST = 16  # characters of a name
MOST = {True: MOST_IMAGES, False: MOST_ROWS}  # examples in a picture: of images, of rows of a table


def draw_answers(title: Title, answers: Answers, x: Tensor, columns: Sequence[Column]) -> Picture:
    """``x`` [n, C, H, W] as images with a caption each, or [n, F] as lines of a table; all of them."""
    if x.ndim == 4:
        return draw_captioned(title, [fitted(image, SIDE) for image in to_rgb(x)], captions(answers))
    told: dict[str, Sequence[str]] = {}
    if len(x) > 1:  # the title names a single one
        told["input"] = names(answers)
    heads = ("predicted", "sure" if answers.measure == "probability" else answers.measure)
    told |= dict(zip(heads, zip(*said(answers), strict=True), strict=False))
    if answers.truths:
        told["true"] = [true(truth) for truth in answers.truths]
    return draw_rows(title, told, x, columns)


def answer_tiles(answers: Answers, x: Tensor) -> tuple[Group, ...]:
    """Each image with its caption, for a terminal; () of the rows of a table."""
    if x.ndim != 4:
        return ()
    images = to_rgb(x)
    return tuple(Group("\n".join(caption), images[i : i + 1]) for i, caption in enumerate(captions(answers)))


def captions(answers: Answers) -> list[tuple[str, ...]]:
    """Of each row what is said of it, how surely, what it is where that is known, and its name where there are more."""
    lines = said(answers)
    if answers.truths:
        lines = [(*told, f"is {true(truth)}") for told, truth in zip(lines, answers.truths, strict=True)]
    if len(lines) > 1:
        lines = [(*told, name) for told, name in zip(lines, names(answers), strict=True)]
    return lines


def said(answers: Answers) -> list[tuple[str, ...]]:
    """Of each row its likeliest class and how likely, or the number."""
    if not answers.class_names:
        return [(figure(value, is_short=True),) for value in answers.scores.tolist()]
    best = [ranked[0] for ranked in answers.ranked(1)]
    return [(shortened(name, LONGEST), answers.shown(value).strip()) for name, value in best]


def true(truth: str | float) -> str:
    return shortened(truth, LONGEST) if isinstance(truth, str) else figure(truth, is_short=True)


def names(answers: Answers) -> list[str]:
    """What each row is called; a file without its folders."""
    return [shortened(PurePath(name).name, LONGEST) for name in answers.names]
