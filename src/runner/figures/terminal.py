"""A data set in the terminal: images of half blocks, two pixels in a character, and class balance as bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from math import ceil

import torch
from rich.cells import cell_len
from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.style import Style
from rich.table import Table
from rich.text import Text

from runner.contracts import SPLITS
from runner.experiment.importance import Importance
from runner.figures.curves import Curve, Points
from runner.figures.dataset_view import Balance, DatasetView, Group
from runner.figures.overlay import Overlay
from runner.figures.pixels import Pixels, fitted
from runner.figures.style import short_names
from runner.screen.result import TREES
from runner.screen.table import Fitting, bare_table
from runner.text import figure, shortened

SIDE = 16  # pixels of an image, at most
GAP = 2  # columns between images
ROOMY, TIGHT = 3, 2  # columns between those of a table
MAX_TILES = 20
MOST_COLUMNS = 40  # of a table, told with their worth
BAR_WIDTH = 30
LONGEST_NAME = 24  # columns
LONGEST_LABEL = 36
LEVELS = " ▁▂▃▄▅▆▇█"
BINS = 24


def show(console: Console, view: DatasetView) -> None:
    """Prints the data set: one image of each class shown, the rows of each class or the spread of the targets."""
    console.print(Text(view.name, style="bold"), Text(view.facts), Text(view.split_note, style="dim"), sep="\n")
    console.print()
    if view.is_images and has_colours(console):
        for line in tiles(view.gallery[:MAX_TILES], console.width):
            console.print(line)
    if view.balance is None:
        console.print(target_table(view, console.width), Text())
        return
    console.print(balance_table(view.balance))
    console.print(Text(view.balance.hidden_note, style="dim"))


def has_colours(console: Console) -> bool:
    """Whether images can be shown: where NO_COLOR is set rich has colours and leaves them out."""
    return console.color_system is not None and not console.no_color


def plain_lines(view: DatasetView) -> Iterator[str]:
    """The same without pictures: the rows of each class, every one of them, or of each split; numbers to the right."""
    yield f"{view.name}: {view.facts}"
    yield view.split_note
    balance = view.balance
    lines: list[tuple[str, ...]]
    if balance is None:
        lines = [("split", "rows"), *((split, f"{len(rows):,}") for split, rows in view.rows.items())]
    else:
        counts = zip(*balance.counts.values(), strict=True)
        of_class = zip(balance.class_names, counts, strict=True)
        lines = [("class", *balance.counts), *((name, *(f"{n:,}" for n in row)) for name, row in of_class)]
    widths = [max(cell_len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for name, *cells in lines:
        first = name + " " * (widths[0] - cell_len(name))
        yield "  ".join(["", first, *(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))])


def curve_table(curves: Sequence[Curve], best_epoch: int | None, width: int) -> Table:
    """A line for each curve: its first and last value, the one of the best epoch, and how it went over the epochs."""
    heads = ["measure", "first", "last", *([] if best_epoch is None else [f"best: {best_epoch}"])]
    rows, courses = [], []
    for curve in curves:
        for split, points in curve.lines.items():
            at_best = next((figure(value) for epoch, value in points if epoch == best_epoch), "")
            cells = [f"{split}/{curve.name}".lstrip("/"), figure(points[0][1]), figure(points[-1][1]), at_best]
            rows.append(cells[: len(heads)])
            courses.append(course([value for _, value in points]))
    return with_blocks(heads, rows, "over the epochs", courses, width)


def overlay_tables(found: Sequence[Overlay], measures: Sequence[str], width: int) -> Iterator[Table]:
    """A table for each measure and split, a line for each run: its first and last value, and best.pt."""
    for name in measures:
        for split in SPLITS:
            lines = [(each, each.curves[name].lines.get(split, [])) for each in found if name in each.curves]
            if any(points for _, points in lines):
                yield _overlay_table(f"{split}/{name}", [(each, points) for each, points in lines if points], width)


def _overlay_table(name: str, lines: Sequence[tuple[Overlay, Points]], width: int) -> Table:
    rows = [_ends_and_best(each, points) for each, points in lines]
    heads = ["first", "last", "best.pt", "epoch"]
    taken = sum(TIGHT + max(map(cell_len, column)) for column in zip(heads, *rows, strict=True))
    room = max(len(name), min(LONGEST_LABEL, width - taken - TIGHT))
    labels = short_names([each.label for each, _ in lines], room)
    told = [[label, *row] for label, row in zip(labels, rows, strict=True)]
    courses = [course([value for _, value in points]) for _, points in lines]
    return with_blocks([name, *heads], told, "over the epochs", courses, width)


def _ends_and_best(each: Overlay, points: Points) -> list[str]:
    ends = [figure(points[0][1]), figure(points[-1][1])]
    best = dict(points).get(each.best_epoch or 0)
    return [*ends, "", ""] if best is None else [*ends, figure(best), str(each.best_epoch)]


def with_blocks(
    heads: Sequence[str], rows: Sequence[Sequence[str]], blocks_head: str, blocks: Sequence[str], width: int
) -> Table:
    """Names and numbers, and behind them lines of blocks, where ``width`` columns have room for these."""
    taken = sum(max(map(cell_len, column)) for column in zip(heads, *rows, strict=True))
    has_room = taken + ROOMY * len(heads) + max(map(cell_len, [blocks_head, *blocks])) <= width
    table = bare_table(heads, gap=ROOMY if has_room else TIGHT)
    if has_room:
        table.add_column(Text(blocks_head), no_wrap=True)
    for row, line in zip(rows, blocks, strict=True):
        table.add_row(*map(Text, row), *([Text(line, style="blue")] if has_room else ()))
    return table


def importance_table(found: Importance, loses: str) -> Fitting:
    """A line for a column, the most important to the net first: what is lost without it, and its deviation.

    ``loses`` says what: accuracy lost. Of very many columns the last ones are counted.
    """
    table = bare_table(["column shuffled", *(f"{TREES.get(name, 'the net')}: {loses}" for name in found.lost)])
    for place in found.order[:MOST_COLUMNS]:
        pairs = ((float(of[place].mean()), float(of[place].std())) for of in found.lost.values())
        cells = (" ± ".join(map(found.figure, pair)) for pair in pairs)
        table.add_row(Text(shortened(found.names[place], LONGEST_NAME)), *cells)
    if (more := len(found.order) - MOST_COLUMNS) > 0:
        table.add_row(Text(f"{more:,} more, less important", style="dim"))
    return Fitting(table)


def course(values: Sequence[float]) -> str:
    """At most BINS characters, each as high as the mean of the values it stands for."""
    groups = [
        part.mean().item() for part in torch.tensor(values, dtype=torch.float64).tensor_split(min(BINS, len(values)))
    ]
    low, high = min(groups), max(groups)
    steps = len(LEVELS) - 2
    return "".join(
        LEVELS[1 + round(steps * (value - low) / (high - low))] if high > low else LEVELS[1] for value in groups
    )


def tiles(groups: tuple[Group, ...], width: int) -> Iterator[Table]:
    """Lines of the first image of each group, its heading below, as many in a line as fit in ``width`` columns."""
    with_images = [group for group in groups if len(group.images)]
    fit = max(1, (width + GAP) // (SIDE + GAP))
    per_line = ceil(len(with_images) / ceil(len(with_images) / fit))
    for begin in range(0, len(with_images), per_line):
        some = with_images[begin : begin + per_line]
        line = Table.grid(padding=(0, GAP, 0, 0))
        for _ in some:
            line.add_column(justify="center", width=SIDE)
        line.add_row(*(half_blocks(fitted(group.images[0], SIDE)) for group in some))
        headings = (map(partial(shortened, width=SIDE), group.heading.split("\n")) for group in some)
        line.add_row(*(Text("\n".join(heading)) for heading in headings))
        line.add_row()
        yield line


def half_blocks(image_HW3: Pixels) -> Text:
    """Two rows of pixels in each line: the upper half block in the colour of the upper one, behind it the lower."""
    text = Text(no_wrap=True)
    rows = image_HW3.tolist()
    for y in range(0, len(rows), 2):
        if y:
            text.append("\n")
        lower = rows[y + 1] if y + 1 < len(rows) else [None] * len(rows[y])
        for above, below in zip(rows[y], lower, strict=True):
            text.append("▀", Style(color=_rgb(above), bgcolor=_rgb(below) if below else None))
    return text


def balance_table(balance: Balance) -> Table:
    """A line for each class shown: a bar of its train rows, and its rows in each split."""
    table = Table(box=None, padding=(0, ROOMY, 0, 0), pad_edge=False)
    table.add_column(Text("class"), header_style="dim", no_wrap=True)
    table.add_column(max_width=BAR_WIDTH)  # the one that gives way where the terminal is narrow
    for split in balance.counts:
        table.add_column(Text(split), justify="right", header_style="dim", no_wrap=True)
    longest = max(balance.counts["train"])
    for k in balance.shown:
        bar = ProgressBar(longest, balance.counts["train"][k], complete_style="blue", finished_style="blue")
        counts = (f"{counts[k]:,}" for counts in balance.counts.values())
        table.add_row(Text(shortened(balance.class_names[k], LONGEST_NAME)), bar, *counts)
    return table


def target_table(view: DatasetView, width: int) -> Table:
    """A line for each split: its rows, the least, the mean and the greatest target, and how they spread."""
    low, high = view.data.y.min().item(), view.data.y.max().item()
    rows, spreads = [], []
    for split, numbers in view.rows.items():
        y_n = view.data.y[numbers].double()
        told = (figure(value) for value in (y_n.min().item(), y_n.mean().item(), y_n.max().item()))
        rows.append([split, f"{len(numbers):,}", *told])
        spreads.append(sparkline(y_n, low, high))
    heads = ["split", "rows", "least", "mean", "greatest"]
    return with_blocks(heads, rows, "least to greatest of all", spreads, width)


def sparkline(values_n: torch.Tensor, low: float, high: float) -> str:
    """BINS characters, each as high as the number of values in its share of ``low`` to ``high``."""
    if low == high:
        return LEVELS[-1]
    counts = torch.histc(values_n, BINS, low, high)
    return "".join(LEVELS[level] for level in (counts / counts.max() * (len(LEVELS) - 1)).ceil().int().tolist())


def _rgb(pixel: list[int]) -> str:
    return f"rgb({pixel[0]},{pixel[1]},{pixel[2]})"
