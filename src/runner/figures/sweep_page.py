"""A sweep as one page of HTML that loads nothing: its table, its pictures as SVG, its best run."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import matplotlib
from jinja2 import Environment, StrictUndefined

from runner.figures.candidate_curves import BELOW, HEIGHT, draw_candidate_curves, read_curves
from runner.figures.dataset_view import Title
from runner.figures.style import FAINT, INK, RULE, Picture, style
from runner.figures.sweep import PICTURES, width_of
from runner.figures.sweep_view import SweepView
from runner.runs.conclusion import conclude
from runner.runs.leaderboard import heading, table_of
from runner.runs.origin import as_shown
from runner.runs.ranking import Contest
from runner.text import here, visible

UNTITLED = Title("", "", "")  # a heading of the page stands above the picture
COLOURS = {INK: "var(--ink)", FAINT: "var(--faint)", RULE: "var(--rule)", "#ffffff": "var(--paper)"}
NOT_OF_A_PAGE = re.compile(r"<metadata>.*?</metadata>| xmlns(:\w+)?=\"[^\"]*\"| id=\"(?:figure|axes|text|patch|line2d|"
                           r"matplotlib\.axis|xtick|ytick|LineCollection|PolyCollection)_\d+\"", re.S)  # fmt: skip
SIZE, SCALE = re.compile(r"width=\"([\d.]+)pt\" height=\"[\d.]+pt\""), 1.5  # points -> pixels of the page
TAG, DIGITS = re.compile(r"<[^>]*>"), re.compile(r"(\d\.\d\d)\d+")


@dataclass(frozen=True)
class Cell:
    text: str
    value: float | str | None  # that it is sorted by, where it is a number; "" of none


@dataclass(frozen=True)
class Column:
    name: str
    is_number: bool


@dataclass(frozen=True)
class Table:
    """A contest: its entries, and its best run with the command that trains it again."""

    heading: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    best_run: str
    settings: Sequence[tuple[str, str]]
    command: str


@dataclass(frozen=True)
class Figure:
    heading: str
    note: str
    svg: str  # "" where there is nothing to draw


def sweep_page(
    view: SweepView, contests: Sequence[Contest], commands: Sequence[str], remarks: Sequence[str]
) -> tuple[str, set[str]]:
    """(the page, the characters that no font here has); a command for each contest."""
    with style() as missing:
        matplotlib.rcParams["svg.fonttype"] = "none"  # letters stay letters: small, and to be searched for
        pictures = list(figures(view))
    told = {
        "name": view.name,
        "facts": view.title("").facts.removeprefix(f"{view.name}: "),
        "conclusion": [sentence for contest in contests for sentence in conclude(contest).sentences],
        "tables": [table(contest, command) for contest, command in zip(contests, commands, strict=True)],
        "pictures": pictures,
        "remarks": [*view.found.left_out, *remarks],
    }
    page = Environment(autoescape=True, trim_blocks=True, undefined=StrictUndefined, finalize=shown)
    return page.from_string(template()).render(told), missing


def template() -> str:
    return files("runner.figures").joinpath("sweep_page.html").read_text(encoding="utf-8")


def shown(value: Any) -> Any:
    """Text of others without what would turn it around or hide it; what is markup already stays."""
    is_text = isinstance(value, str) and not hasattr(value, "__html__")
    return "\n".join(map(visible, value.split("\n"))) if is_text else value


def table(contest: Contest, command: str) -> Table:
    columns = table_of(contest, contest.entries)
    means = {name: [entry.mean(name) for entry in contest.entries] for name in contest.metrics}
    cells = {
        name: [Cell(text, _number(mean)) for text, mean in zip(texts, means[name], strict=True)]
        if name in means
        else [Cell(text, None) for text in texts]
        for name, texts in columns.items()
    }
    best = contest.best_run(contest.entries[0])
    settings = [(name, as_shown(name, value)) for name, value in best.settings.items()]
    heads = [Column(name, name in means) for name in columns]
    return Table(heading(contest), heads, [*zip(*cells.values(), strict=True)], here(best.path), settings, command)


def _number(mean: float | None) -> float | str:
    return "" if mean is None or math.isnan(mean) else mean


def figures(view: SweepView) -> Iterator[Figure]:
    """Those of ``view SWEEP`` where its jobs differ, and the curves where epochs were measured."""
    if view.axes:
        for name, each in PICTURES.items():
            is_empty = name == "importance" and not view.ranked
            yield Figure(each.heading, each.note(view), "" if is_empty else svg(each.alone(view, UNTITLED), name))
    if curves := read_curves(view):
        picture = Picture(UNTITLED, width_of(view), HEIGHT + BELOW)
        draw_candidate_curves(picture, view, curves, 0)
        note = "the mean over seeds; coloured as above, dashed where pruned"
        yield Figure(f"Curves of {view.found.monitor}", note, svg(picture, "curves"))


def svg(picture: Picture, name: str) -> str:
    """Markup as part of the page: in its colours, its parts named as in no other picture there."""
    matplotlib.rcParams["svg.hashsalt"] = name
    text = picture.content("svg").decode()
    text = TAG.sub(rounded, NOT_OF_A_PAGE.sub("", text[text.index("<svg") :]))
    text = SIZE.sub(lambda size: f'width="{SCALE * float(size[1]):.0f}"', text, count=1)
    for colour, variable in COLOURS.items():
        text = text.replace(colour, variable)
    return text


def rounded(tag: re.Match[str]) -> str:
    """With its places to a hundredth of a pixel, which are most of the file; what is written stands between tags."""
    return DIGITS.sub(r"\1", tag[0])
