"""The picture of a table: what values each column takes, class by class, and how many rows a class has.

Shapes: n rows, F columns, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from runner.contracts import Column
from runner.figures.bars import BAR, HEAD, PANEL_WIDTH, balance_width, draw_balance, draw_targets
from runner.figures.dataset_view import MAX_TABLE_ROWS, Balance, Exhibit
from runner.figures.style import (
    FAINT,
    MARGIN,
    NORMAL,
    SMALL,
    SPLIT_COLOURS,
    TITLE_HEIGHT,
    Sheet,
    draw_title,
    in_width,
    shortened,
    text_width,
    title_width,
)

CLASS_COLOURS = ("#4472b8", "#e39b3b", "#5aa37a", "#c25b56", "#8a6bb5", "#8c7158", "#d683b4", "#8f959e")
MAX_COLUMNS = 30
MAX_CATEGORIES = 8
BINS = 24
PANEL = 250, 150  # width, height of one column's histogram
PITCH = PANEL[0] + 56, PANEL[1] + 90
LONGEST_NAME = 26
WIDEST_CATEGORY = 118  # pixels
NAME_GAP = 16
CLASS_PITCH = 36


def table_sheet(exhibit: Exhibit) -> Sheet:
    """A histogram for each column to the left; the classes, or the target, of each split to the right."""
    columns = columns_of(exhibit)
    across = ceil(sqrt(len(columns)))
    top = TITLE_HEIGHT
    names, names_width = legend(exhibit)
    bars_left = MARGIN + across * PITCH[0] + names_width
    width = bars_left + (balance_width(exhibit.balance) if exhibit.balance else PANEL_WIDTH)
    bottom = max(top + ceil(len(columns) / across) * PITCH[1], top + side_height(exhibit))
    sheet = Sheet(max(width, title_width(exhibit.title) + MARGIN) + MARGIN, bottom + MARGIN // 2)
    draw_title(sheet, exhibit.title)
    for number, column in enumerate(columns):
        x, y = MARGIN + number % across * PITCH[0], top + number // across * PITCH[1]
        draw_column(sheet, exhibit, number, column, x, y)
    sheet.text(MARGIN, sheet.height - MARGIN // 2, remark(exhibit), fontsize=SMALL, color=FAINT)
    draw_side(sheet, exhibit, names, bars_left, top)
    return sheet


def columns_of(exhibit: Exhibit) -> Sequence[Column]:
    """The columns shown, at most MAX_COLUMNS; numbers where the data set does not name them."""
    named = exhibit.data.columns or tuple(Column(f"column {i}") for i in range(exhibit.data.x.shape[1]))
    return named[:MAX_COLUMNS]


def legend(exhibit: Exhibit) -> tuple[list[str], int]:
    """The names of the classes shown and the pixels that they take; nothing for regression."""
    if exhibit.balance is None:
        return [], 0
    names = [shortened(exhibit.data.class_names[k], LONGEST_NAME) for k in exhibit.balance.shown]
    return names, max(map(text_width, names)) + NAME_GAP


def draw_column(sheet: Sheet, exhibit: Exhibit, number: int, column: Column, x: int, y: int) -> None:
    """How often each value occurs in the train rows; classes, where they are few, stacked in their colours."""
    name = in_width(shortened(column.name, LONGEST_NAME), PITCH[0] - NAME_GAP)
    sheet.text(x, y + HEAD, name, fontsize=NORMAL, va="baseline")
    values_n = exhibit.table[0][:, number].double().numpy()
    draw = _draw_categories if column.categories else _draw_numbers
    room = max(map(text_width, _category_names(column))) + 12 if column.categories else 0
    axes = sheet.axes(x + room, y + 2 * HEAD, PANEL[0] - room, PANEL[1])
    draw(axes, column, values_n, class_masks(exhibit))


def class_masks(exhibit: Exhibit) -> list[tuple[str, NDArray[np.bool_]]]:
    """(colour, which of the rows are of it) for each class; for regression and for many classes all rows together."""
    labels_n = exhibit.table[1].numpy()
    colours = class_colours(exhibit)
    if not colours:
        return [(SPLIT_COLOURS["train"], np.ones(len(labels_n), bool))]
    return [(colour, labels_n == k) for k, colour in enumerate(colours)]


def class_colours(exhibit: Exhibit) -> tuple[str, ...]:
    """One for each class; () for regression and where there are more classes than colours to tell apart."""
    num_classes = len(exhibit.data.class_names)
    return CLASS_COLOURS[:num_classes] if num_classes <= len(CLASS_COLOURS) else ()


def _draw_numbers(
    axes: Axes, column: Column, values_n: NDArray[np.float64], masks: list[tuple[str, NDArray[np.bool_]]]
) -> None:
    edges = np.histogram_bin_edges(values_n[np.isfinite(values_n)], bins=BINS)  # an empty cell is in no bar
    below = np.zeros(BINS)
    for colour, mask in masks:
        counts = np.histogram(values_n[mask], bins=edges)[0]
        axes.bar(edges[:-1], counts, np.diff(edges), bottom=below, align="edge", color=colour)
        below += counts
    axes.set_yticks([])
    axes.locator_params(axis="x", nbins=5, steps=[1, 2, 5, 10])


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
    axes.locator_params(axis="x", nbins=4, steps=[1, 2, 5, 10])


def _category_names(column: Column) -> list[str]:
    """The names beside the bars; of more than MAX_CATEGORIES the last stands for all the others."""
    count = len(column.categories)
    shown = count if count <= MAX_CATEGORIES else MAX_CATEGORIES - 1
    names = [in_width(shortened(name, LONGEST_NAME), WIDEST_CATEGORY) for name in column.categories[:shown]]
    return [*names, *[f"{count - shown:,} others"] * (count > shown)]


def side_height(exhibit: Exhibit) -> int:
    if exhibit.balance is None:
        return len(exhibit.rows) * PITCH[1]
    return class_middles(exhibit.balance, 0)[-1] + CLASS_PITCH


def class_middles(balance: Balance, top: int) -> list[int]:
    """The height of each class shown; between the commonest and the rarest there is room for a line of text."""
    half = len(balance.shown) // 2 if balance.hidden else len(balance.shown)
    return [top + 2 * HEAD + BAR + (i + (i >= half)) * CLASS_PITCH for i in range(len(balance.shown))]


def draw_side(sheet: Sheet, exhibit: Exhibit, names: Sequence[str], left: int, top: int) -> None:
    """The classes of each split with the colours they have everywhere, or the targets of each split."""
    balance = exhibit.balance
    if balance is None:
        draw_targets(sheet, exhibit, left, top + HEAD, PANEL[1], PITCH[1])
        return
    middles = class_middles(balance, top)
    for name, y in zip(names, middles, strict=True):
        sheet.text(left - NAME_GAP, y, name, va="center", ha="right", fontsize=NORMAL)
    if balance.hidden:
        y = middles[len(middles) // 2] - CLASS_PITCH
        over_lines = {"facecolor": "white", "edgecolor": "none"}
        sheet.text(left, y, balance.hidden_note, va="center", fontsize=SMALL, color=FAINT, bbox=over_lines)
    draw_balance(sheet, balance, left, top + HEAD, middles, class_colours(exhibit))


def remark(exhibit: Exhibit) -> str:
    """What of the table is not drawn; "" where all of it is."""
    num_columns, num_rows = exhibit.data.x.shape[1], len(exhibit.split.train)
    parts = [f"the first {MAX_COLUMNS} of {num_columns:,} columns"] * (num_columns > MAX_COLUMNS)
    parts += [f"{MAX_TABLE_ROWS:,} of {num_rows:,} train rows"] * (num_rows > MAX_TABLE_ROWS)
    return f"histograms of {', of '.join(parts)}" if parts else ""
