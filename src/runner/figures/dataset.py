"""The picture of a data set: some images of each class, or what values each column of a table takes, and how many rows.

Shapes: n rows, F columns, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from runner.contracts import Column
from runner.figures.dataset_view import FEWEST_ROWS, MAX_TABLE_ROWS, SAMPLES, Balance, DatasetView, Title
from runner.figures.pixels import GAP, fitted, mosaic, stack
from runner.figures.predictions import CAPTION_LINE, draw_captioned
from runner.figures.style import (
    CLASS_COLOURS,
    FAINT,
    INK,
    LETTER,
    NORMAL,
    ROOM,
    RULE,
    SMALL,
    SPLIT_COLOURS,
    Picture,
    columns_in,
    part,
    set_ticks,
    short_names,
    shortened,
    style,
    width_of,
    wrapped,
)
from runner.text import counted

SIDE = 64  # pixels of an image, at most
CLASS_GAP, BETWEEN = 12, 44  # between two classes, and between the commonest and the rarest
MOST_TARGETS = 28  # images with a number below each
SPLITS_GAP = 70  # between what is above and the classes of each split, whose heads stand there
PANEL_GAP = 36  # between two splits
LONGEST_BAR = 0.68  # of the panel: beside it stands the count
BAR, CLASS_PITCH = 22, 36
TARGET_BINS, BINS, TARGET_HEIGHT = 30, 24, 140
MAX_COLUMNS, MAX_CATEGORIES, ACROSS = 15, 8, 3  # side by side few: in a narrow picture their type stays large
# pixels: of one column's histogram with what stands around it, of that alone, from one category to the next
CELL_HEIGHT, AROUND, CATEGORY_PITCH = 220, 130, 28
LONGEST_NAME, LONGEST_COLUMN, LONGEST_CATEGORY = 16, 18, 10


def picture(view: DatasetView, form: str = "png") -> tuple[bytes, set[str]]:
    """A PNG, SVG or PDF of a few train rows, or of the columns of them, and of the classes or targets of each split.

    And the characters in it that no font here has.
    """
    with style() as boxes:
        draw = draw_table if not view.is_images else draw_targets if view.balance is None else draw_classes
        content = draw(view).content(form)
    return content, boxes


def draw_classes(view: DatasetView) -> Picture:
    """A row, or several, of images for each class shown; below them the classes of each split."""
    assert view.balance is not None
    groups = view.gallery
    width = next(fitted(image, SIDE).shape[1] for group in groups for image in group.images)
    across = min(SAMPLES, (_width_beside_names(view) + GAP) // (width + GAP))
    shown = across * max(1, FEWEST_ROWS // len(groups))
    blocks = [mosaic(group.images[:shown], SIDE, across) for group in groups]
    middle = len(blocks) // 2 if view.balance.hidden else None
    gaps = [CLASS_GAP + BETWEEN * (number == middle) for number in range(len(blocks))]
    image, middles = stack(blocks, [0, *gaps[1:]])
    made, axes = Picture.of_pixels(_title(view, image_part(view, shown)), image)
    axes.set_yticks(middles, _class_names(view.balance), fontsize=NORMAL)
    if middle is not None:
        between = sum(gaps[1 : middle + 1]) + sum(map(len, blocks[:middle])) - gaps[middle] / 2
        axes.text(0, between, view.balance.hidden_note, va="center", color=FAINT, fontsize=NORMAL)
    _draw_splits(_panels_below(made, view, SPLITS_GAP), view)
    return made


def draw_targets(view: DatasetView) -> Picture:
    """A grid of images, below each its target; below them the targets of each split."""
    groups = view.gallery[:MOST_TARGETS]
    images = [fitted(group.images[0], SIDE) for group in groups]
    made = draw_captioned(_title(view, image_part(view, len(groups))), images, [(group.heading,) for group in groups])
    _draw_splits(_panels_below(made, view, SPLITS_GAP + CAPTION_LINE), view)
    return made


def image_part(view: DatasetView, most: int) -> str:
    """As "8 train images of each class, 20 of 100 classes", or "28 train images" where each has a number."""
    if view.balance is None:
        return counted(most, "train image")
    few = min(len(group.images) for group in view.gallery) < most
    images = f"{'up to ' if few else ''}{counted(most, 'train image')} of each class"
    shown, classes = len(view.gallery), len(view.balance.class_names)
    return f"{images}, {shown} of {classes:,} classes" if shown < classes else images


def _title(view: DatasetView, part_shown: str) -> Title:
    """That of the data set with what of it is shown."""
    return replace(view.title, note="; ".join(filter(None, (view.title.note, part_shown))))


def draw_table(view: DatasetView) -> Picture:
    """A histogram for each column; below them the classes, or the target, of each split."""
    columns = columns_of(view)[:MAX_COLUMNS]
    across = min(ACROSS, len(columns))
    down = ceil(len(columns) / across)
    most = max(len(_category_names(column)) for column in columns)
    heights = down * max(CELL_HEIGHT, AROUND + most * CATEGORY_PITCH), _splits_height(view)
    made = Picture(_title(view, table_part(view)), ROOM, sum(heights), "constrained")
    above, below = made.figure.subfigures(2, 1, height_ratios=heights, squeeze=False)[:, 0]
    grid = above.add_gridspec(down, across)
    for number, column in enumerate(columns):
        _draw_column(above.add_subplot(grid[number // across, number % across]), view, number, column)
    made.figure.text(0, -0.02, remark(view), va="top", fontsize=SMALL, color=FAINT)
    panels = below.add_gridspec(1, len(view.rows))
    _draw_splits([below.add_subplot(panels[0, number]) for number in range(len(view.rows))], view)
    return made


def _splits_height(view: DatasetView) -> int:
    return CELL_HEIGHT if view.balance is None else (len(view.balance.shown) + 2) * CLASS_PITCH


def _panels_below(made: Picture, view: DatasetView, gap: float) -> list[Axes]:
    """Side by side below the pixels of ``made``, one for each split."""
    height = TARGET_HEIGHT if view.balance is None else _class_places(view.balance)[-1] + 2 * BAR
    step = (_width_beside_names(view) + PANEL_GAP) / len(view.rows)
    bottom, share = -(gap + height) / made.height, height / made.height
    return [
        made.figure.add_axes((number * step / made.width, bottom, (step - PANEL_GAP) / made.width, share))
        for number in range(len(view.rows))
    ]


def _width_beside_names(view: DatasetView) -> int:
    """The pixels that stand to the right of the names of the classes."""
    names = _class_names(view.balance) if view.balance else []
    return int(ROOM - width_of([f"{name} " for name in names], NORMAL, LETTER))


def _class_names(balance: Balance) -> list[str]:
    return short_names([balance.class_names[k] for k in balance.shown], LONGEST_NAME)


def _class_places(balance: Balance) -> list[int]:
    """The heights of the bars of the classes shown, from the top; a wider gap where classes are left out."""
    half = len(balance.shown) // 2 if balance.hidden else len(balance.shown)
    return [(place + (place >= half)) * CLASS_PITCH for place in range(len(balance.shown))]


def _draw_splits(panels: Sequence[Axes], view: DatasetView) -> None:
    """The classes of each split, or the targets of each split."""
    balance = view.balance
    if balance is None:
        _draw_histograms(panels, view)
        return
    middles = _class_places(balance)
    colours = () if view.is_images else class_colours(view)  # those that the histograms of a table have
    _draw_balance(panels, balance, middles, (middles[-1] + BAR, -BAR), colours)
    panels[0].set_yticks(middles, _class_names(balance), fontsize=NORMAL)
    if balance.hidden:
        over_lines = {"facecolor": "white", "edgecolor": "none"}
        y = middles[len(middles) // 2] - CLASS_PITCH
        panels[0].text(
            0, y, balance.hidden_note, va="center", fontsize=SMALL, color=FAINT, bbox=over_lines, in_layout=False
        )


def _draw_balance(
    panels: Sequence[Axes],
    balance: Balance,
    middles: Sequence[float],
    ends: tuple[float, float],
    colours: Sequence[str] = (),
) -> None:
    """A panel for each split, a bar for each class shown at that of ``middles``; ``ends`` are bottom and top.

    A bar has its class's colour where classes have colours, else its split's.
    """
    for axes, (split, counts) in zip(panels, balance.counts.items(), strict=True):
        shown = [counts[k] for k in balance.shown]
        bar_colours = [colours[k] if colours else SPLIT_COLOURS[split] for k in balance.shown]
        bars = axes.barh(middles, shown, BAR, color=bar_colours)
        axes.bar_label(bars, [f"{count:,}" for count in shown], padding=4, fontsize=SMALL, color=INK)
        _head(axes, split, sum(counts), INK if colours else SPLIT_COLOURS[split])
        axes.set(xlim=(0, max(*shown, 1) / LONGEST_BAR), ylim=ends, xticks=[], yticks=[])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.axvline(0, color=RULE, linewidth=1)
        axes.set_facecolor("none")  # the note of the first reaches into the others


def _head(axes: Axes, name: str, num_rows: int, colour: str) -> None:
    axes.set_title(name, loc="left", color=colour, fontsize=NORMAL, fontweight="bold")
    axes.set_title(f"{num_rows:,}", loc="right", color=FAINT, fontsize=SMALL)


def _draw_histograms(panels: Sequence[Axes], view: DatasetView) -> None:
    """The target of each split, all on one scale."""
    edges = np.histogram_bin_edges(view.data.y.double().numpy(), bins=TARGET_BINS).tolist()
    for axes, (split, rows) in zip(panels, view.rows.items(), strict=True):
        axes.hist(view.data.y[rows].double().numpy(), bins=edges, color=SPLIT_COLOURS[split])
        _head(axes, split, len(rows), SPLIT_COLOURS[split])
        axes.set_xlabel(shortened(view.data.target or "target", LONGEST_COLUMN), fontsize=SMALL, color=FAINT)
        axes.set_yticks([])
        set_ticks(axes.xaxis, 3)


def columns_of(view: DatasetView) -> Sequence[Column]:
    """Those of the rows; numbers where the data set does not name them."""
    return view.data.columns or tuple(Column(f"column {i}") for i in range(view.data.x.shape[1]))


def _draw_column(axes: Axes, view: DatasetView, number: int, column: Column) -> None:
    """How often each value occurs in the train rows; classes, where they are few, stacked in their colours."""
    values_n = view.table[0][:, number].double().numpy()
    is_empty_n = np.isnan(values_n) | (values_n < 0 if column.categories else False)
    axes.set_title(shortened(column.name, LONGEST_COLUMN), loc="left", fontsize=NORMAL)
    if share := 100 * is_empty_n.mean():
        text = f"{share:.0f} % empty" if share >= 1 else "below 1 % empty"
        axes.set_xlabel(text, loc="right", fontsize=SMALL, color=FAINT)
    draw = _draw_categories if column.categories else _draw_numbers
    draw(axes, column, values_n, class_masks(view))


def class_masks(view: DatasetView) -> list[tuple[str, NDArray[np.bool_]]]:
    """(colour, which of the rows are of it) for each class; for regression and for many classes all rows together."""
    labels_n = view.table[1].numpy()
    colours = class_colours(view)
    if not colours:
        return [(SPLIT_COLOURS["train"], np.ones(len(labels_n), bool))]
    return [(colour, labels_n == k) for k, colour in enumerate(colours)]


def class_colours(view: DatasetView) -> tuple[str, ...]:
    """One for each class; () for regression and where there are more classes than colours to tell apart."""
    num_classes = len(view.data.class_names)
    return CLASS_COLOURS[:num_classes] if num_classes <= len(CLASS_COLOURS) else ()


def _draw_numbers(
    axes: Axes, column: Column, values_n: NDArray[np.float64], masks: list[tuple[str, NDArray[np.bool_]]]
) -> None:
    is_full_n = np.isfinite(values_n)  # an empty cell is in no bar
    parts = [values_n[mask & is_full_n] for _, mask in masks]
    edges = np.histogram_bin_edges(values_n[is_full_n], bins=BINS).tolist()
    axes.hist(parts, bins=edges, stacked=True, color=[colour for colour, _ in masks])
    axes.set_yticks([])
    set_ticks(axes.xaxis, 4)


def _draw_categories(
    axes: Axes, column: Column, values_n: NDArray[np.float64], masks: list[tuple[str, NDArray[np.bool_]]]
) -> None:
    names = _category_names(column)
    is_full_n = values_n >= 0  # neither empty nor unknown
    codes_n = values_n[is_full_n].astype(np.int64).clip(max=len(names) - 1)  # the last bar is of all the others
    left = np.zeros(len(names))
    for colour, mask in masks:
        counts = np.bincount(codes_n[mask[is_full_n]], minlength=len(names))
        axes.barh(range(len(names)), counts, left=left, height=0.7, color=colour)
        left += counts
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    set_ticks(axes.xaxis, 3, integer=True)


def _category_names(column: Column) -> list[str]:
    """The names beside the bars; of more than MAX_CATEGORIES the last stands for all the others."""
    count = len(column.categories)
    shown = count if count <= MAX_CATEGORIES else MAX_CATEGORIES - 1
    names = [shortened(name, LONGEST_CATEGORY) for name in column.categories[:shown]]
    return [*names, f"{count - shown:,} others"] if count > shown else names


def table_part(view: DatasetView) -> str:
    """As "15 of 40 columns, 10,000 of 43,957 train rows"; "" where the whole table is shown."""
    num_rows, columns = len(view.split.train), columns_of(view)
    shown, used = (len({column.in_file for column in some}) for some in (columns[:MAX_COLUMNS], columns))
    parts = [part(shown, used, "column")] if shown < used else []
    if num_rows > MAX_TABLE_ROWS:
        parts.append(part(MAX_TABLE_ROWS, num_rows, "train row"))
    return ", ".join(parts)


def remark(view: DatasetView) -> str:
    """The columns that are not used, and why; "" where all are."""
    left_out = [f"{name} ({left.holds})" if left.holds else name for name, left in view.data.ignored.items()]
    told = wrapped(f"not used: {', '.join(left_out)}", columns_in(ROOM, SMALL)) if left_out else []
    return "\n".join(told)
