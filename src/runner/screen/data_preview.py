"""A data set before anything is trained: its columns, what becomes of each, and its classes or targets.

Shapes: N rows, F columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import torch
from rich.cells import cell_len
from torch import Tensor, nn

from runner.config.run_config import Config
from runner.contracts import SPLITS, Column, Data, Split
from runner.data.csv import Csv
from runner.data.numeric import Normalise, Quantile, Robust
from runner.data.splits import describe
from runner.data.transforms import Impute, OneHot, blank_preprocess, build_preprocess, fill_of, out_shape
from runner.experiment.assemble import read_data, read_split, source_of, split_settings, transforms
from runner.experiment.net import learns_categories
from runner.screen.table import Listing
from runner.text import counted, expanded, figure, shape_text, shortened

WIDEST = 30  # columns of a terminal that a list in a cell may take
MOST_CLASSES = 12
MANY = 4  # columns in turn that become the same: told in one row
YEARS = (1500, 2100)  # whole numbers between these are written without a mark
LONG = 20  # columns of a terminal that a name in a list may take
SCALED = {Normalise: "scaled", Quantile: "scaled to a normal by its quantiles", Robust: "scaled by its quartiles"}
COLOURS = {1: "grey", 3: "colour"}  # by the channels of a picture


def data_listings(config: Config) -> list[Listing]:
    """What the rows are, and what is to be predicted, counted as ``train`` would count them.

    Raises RunnerError, for whatever a training would refuse too.
    """
    data, split = read_split(config, read_data)
    of_rows = table_listings if data.columns else picture_listings
    return [*of_rows(config, data, split), goal_listing(data, split, describe(data, split_settings(config)))]


def name_of(config: Config) -> str:
    """The file where the data set is one of a user's own, else the option."""
    return Path(config.dataset.knobs.get("path") or config.dataset.option).name


def table_listings(config: Config, data: Data, split: Split) -> list[Listing]:
    """What each column is taken for with its values, and what becomes of it."""
    used = torch.cat([getattr(split, name) for name in SPLITS])
    x_NF = data.x[used]
    empty, unknown = empty_cells(data, x_NF), data.unknown
    train_NF = x_NF[: len(split.train)]
    rows = [
        (column.name, kind_of_column(column, train_NF[:, place]), *_counts(column, empty, unknown), values)
        for place, column in enumerate(data.columns)
        for values in [values_of(column, train_NF[:, place])]
    ]
    rows += [(name, left.holds or "left out", "", "", "") for name, left in data.ignored.items()]
    heads: tuple[str, ...] = ("column", "kind", "empty", "unknown", "in the train rows")
    if not unknown:
        heads, *rows = [(*row[:3], row[4]) for row in (heads, *rows)]
    num_used = len({column.in_file for column in data.columns})
    title = (
        f"{name_of(config)}: {counted(len(data.y), 'row')}, {num_used} of {num_used + len(data.ignored)} columns used"
    )
    told = {left.note(name) for name, left in data.ignored.items()}
    notes = tuple(note for note in data.notes if note not in told)
    columns = Listing(title, heads, tuple(rows), notes, numbers=tuple(range(2, len(heads) - 1)))
    return [columns, becoming_listing(config, data, split, {*filter(empty.get, empty), *unknown})]


def _counts(column: Column, *of_columns: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(f"{count:,}" if (count := counts.get(column.name)) else "" for counts in of_columns)


def glimpse_listing(config: Config) -> tuple[Listing, list[str]]:
    """(the columns of a table of which no target is said, those that can be it, the likeliest first)."""
    source = source_of(config.dataset, config.trusted)
    assert isinstance(source, Csv), "no other data set asks for its target"
    num_rows, columns = source.columns(expanded(config.data_dir))
    rows = tuple(
        (each.name, each.kind, f"{each.num_empty:,}" if each.num_empty else "", fitting([*map(_short, each.examples)]))
        for each in columns
    )
    title = f"{name_of(config)}: {counted(num_rows, 'row')}, {counted(len(columns), 'column')}"
    can_be = [each for each in columns if each.may_be_target]
    # the target is mostly the last column; of the others, a number may be an id
    likely = sorted(can_be, key=lambda each: (each is not can_be[-1], each.kind == "numeric"))
    return Listing(title, ("column", "kind", "empty", "examples"), rows, numbers=(2,)), [each.name for each in likely]


def empty_cells(data: Data, x_NF: Tensor) -> dict[str, int]:
    """Column -> its cells without a value in these rows; a cell of no known category has one."""
    return {
        column.name: int(are_none(column, x_NF[:, place]).sum()) - data.unknown.get(column.name, 0)
        for place, column in enumerate(data.columns)
    }


def are_none(column: Column, x_N: Tensor) -> Tensor:
    """[N] which cells hold neither a number nor one of the categories."""
    return x_N.isnan() | ((x_N == -1) if column.categories else False)


def kind_of_column(column: Column, x_N: Tensor) -> str:
    """As dataset.columns says it."""
    if column.notation.date_part:
        return f"date, {column.notation.date_part}"
    if not column.categories:
        return "binary" if len(torch.unique(x_N[~x_N.isnan()])) == 2 else "numeric"
    if not column.ordered:
        return "categorical"
    return "binary" if len(column.categories) == 2 else "ordinal"


def values_of(column: Column, x_N: Tensor) -> str:
    """The range of numbers; how many rows each category has, the commonest first unless they have an order."""
    values = x_N[~are_none(column, x_N)]
    if not column.categories:
        if not len(values):
            return ""
        low, high = values.aminmax()
        is_of_years = YEARS[0] <= low and high <= YEARS[1] and bool((values == values.round()).all())
        return f"{low:.0f} to {high:.0f}" if is_of_years else f"{plain(low)} to {plain(high)}"
    counts = values.long().bincount(minlength=len(column.categories)).tolist()
    pairs = list(zip(column.categories, counts, strict=True))
    if not column.ordered:
        pairs.sort(key=lambda pair: -pair[1])
    return fitting([f"{_short(name)} {count:,}" for name, count in pairs])


def fitting(items: Sequence[str]) -> str:
    """As many of the items as a cell has room for, the first at least; the others are counted."""
    cells = [_cut(items, shown) for shown in range(1, min(len(items), WIDEST) + 1)]
    return next((cell for cell in reversed(cells) if cell_len(cell) <= WIDEST), cells[0])


def _cut(items: Sequence[str], shown: int) -> str:
    return ", ".join(items[:shown]) + (f" + {len(items) - shown:,} more" if shown < len(items) else "")


def _short(name: str) -> str:
    return shortened(" ".join(name.split()), LONG, " ...")


def plain(value: Tensor) -> str:
    return figure(float(value), is_short=True)


def becoming_listing(config: Config, data: Data, split: Split, filled: set[str]) -> Listing:
    """What the net gets of each column of the file; ``filled`` are those with cells that hold nothing."""
    preprocess = build_preprocess(transforms(config), data, split.train)
    learned = learns_categories(config)
    becoming = [
        (column.name, "; ".join(steps_of(column, place, preprocess, learned, column.name in filled)))
        for place, column in enumerate(data.columns)
    ]
    becoming += [(name, f"left out: {left.why or 'as you said'}") for name, left in data.ignored.items()]
    uses = {left.use.rpartition(":")[2]: left.use for left in data.ignored.values() if left.use}
    (num_values,) = out_shape(preprocess, data)
    title = f"Into the net: {counted(num_values, 'number')} a row"
    return Listing(title, ("column", "becomes"), runs(becoming), tuple(f"use it: {use}" for use in uses.values()))


def runs(rows: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """One row for many columns in turn that become the same."""
    found: list[tuple[str, str]] = []
    for text, group in groupby(rows, key=lambda row: row[1]):
        names = [name for name, _ in group]
        found += [(name, text) for name in names] if len(names) < MANY else [(_span(names), text)]
    return tuple(found)


def _span(names: Sequence[str]) -> str:
    return f"{_short(names[0])} ... {_short(names[-1])} ({len(names):,})"


def steps_of(column: Column, place: int, preprocess: nn.Module, learned: bool, has_empty: bool) -> Iterator[str]:
    """What is done to a column, its cells that hold nothing at last."""
    steps = {type(step): step for step in preprocess.children()}
    if not column.is_number:
        many = len(column.categories)
        one_hot = f"one-hot of {many:,}" if OneHot in steps else f"its number, 0 to {many - 1:,}"
        yield f"a learned vector for each of {many:,}" if learned else one_hot
        if has_empty:
            yield "empty: all 0" if OneHot in steps else "empty: none of them"
        return
    if column.categories:
        yield fitting([f"{_short(name)} is {code}" for code, name in enumerate(column.categories)])
    yield next((words for kind, words in SCALED.items() if kind in steps), "as it is")
    if has_empty and Impute in steps:
        mark = ", and a mark" if column.missing == "marked" else ""
        yield f"empty: {fill_of(preprocess, place)}{mark}"


def picture_listings(config: Config, data: Data, split: Split) -> list[Listing]:
    """How many pictures there are, of which form."""
    shape = tuple(data.x.shape[1:])
    net_shape = out_shape(blank_preprocess(transforms(config), shape, ()), data)
    kind = f", {COLOURS[shape[0]]}" if len(shape) == 3 and shape[0] in COLOURS else ""
    dtype = str(data.x.dtype).removeprefix("torch.")
    parts = ", ".join(f"{len(rows):,} {name}" for name in SPLITS if len(rows := getattr(split, name)))
    rows = (
        ("rows", f"{len(data.y):,}: {parts}"),
        ("each", f"{shape_text(shape)}{kind}, {dtype}"),
        ("into the net", shape_text(net_shape)),
    )
    return [Listing(name_of(config), ("", "what it holds"), rows, data.notes)]


def goal_listing(data: Data, split: Split, note: str) -> Listing:
    """What is to be predicted: the rows of each class, or the range of the target, in every split."""
    of = class_listing if data.class_names else target_listing
    name = f"Target {data.target}: " if data.target else "To predict: "
    many = f"{len(data.class_names):,} classes" if data.class_names else "a number"
    return replace(of(data, split, note), title=f"{name}{many} ({data.task})")


def class_listing(data: Data, split: Split, note: str) -> Listing:
    """How many rows of each class every split has."""
    parts = {name: rows for name in SPLITS if len(rows := getattr(split, name))}
    counts = {name: data.y[rows].bincount(minlength=len(data.class_names)).tolist() for name, rows in parts.items()}
    rows = [
        (_short(name), *(f"{counts[part][k]:,}" for part in parts), f"{counts['train'][k] / len(split.train):.1%}")
        for k, name in enumerate(data.class_names[:MOST_CLASSES])
    ]
    if len(data.class_names) > MOST_CLASSES:
        rows.append((f"... {len(data.class_names) - MOST_CLASSES:,} more", *([""] * (len(parts) + 1))))
    rows.append(("all", *(f"{len(rows):,}" for rows in parts.values()), ""))
    return numbers_listing(("class", *parts, "of train"), rows, note)


def target_listing(data: Data, split: Split, note: str) -> Listing:
    """The range of the target in every split."""
    rows = []
    for name in SPLITS:
        y = data.y[getattr(split, name)]
        if len(y):
            rows.append((name, f"{len(y):,}", *map(plain, (y.min(), y.double().mean(), y.max()))))
    return numbers_listing(("split", "rows", "lowest", "mean", "highest"), rows, note)


def numbers_listing(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], note: str) -> Listing:
    """All but the first column are numbers."""
    return Listing("", heads, tuple(rows), (note,), numbers=tuple(range(1, len(heads))))
