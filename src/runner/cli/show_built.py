"""What ``show`` tells of what words build, before anything is trained: a net's layers, a table's columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from runner.config.catalog import Catalog
from runner.config.run_config import Config
from runner.contracts import Column, Data, Split
from runner.data.splits import describe
from runner.errors import ConfigError, DataError
from runner.experiment.assemble import net_alone, read_data, read_split, split_settings
from runner.models.summary import forward_flops, layers
from runner.models.summary import kind_of as kind_of_module
from runner.screen.listing import Table
from runner.screen.net import layer_table, module_table, parameter_table
from runner.text import counted

WITHOUT_DATA = "  a net is shown without any data by dataset=random 'dataset.shape=[1,28,28]' dataset.num_classes=10"
MOST_CATEGORIES = 6
MOST_CLASSES = 30


def net_tables(config: Config, catalog: Catalog) -> list[Table]:
    """The net, as a run would begin with it. Raises RunnerError as ``train`` would."""
    try:
        net, in_shape = net_alone(config, catalog)
    except DataError as error:
        raise DataError(f"{error}\n{WITHOUT_DATA}") from error
    name, flops = f"{config.model.option} on {config.dataset.option}", forward_flops(net, in_shape)
    of_layers = layer_table(name, net, layers(net, in_shape), in_shape, flops, config.batch_size)
    return [of_layers, module_table(net, kind_of_module), parameter_table(net)]


def data_tables(config: Config, words: Sequence[str]) -> list[Table]:
    """The columns, the classes and the split of the data set that ``words`` compose.

    Raises RunnerError, for whatever a training would refuse too.
    """
    data, split = read_split(config, read_data)
    if not data.columns:
        raise ConfigError(f"show {words[0]} ...: has no columns; look at it: python -m runner view {' '.join(words)}")
    note = describe(data, split_settings(config))
    return [
        columns_table(config, data, split),
        (classes_table if data.class_names else targets_table)(data, split, note),
    ]


def columns_table(config: Config, data: Data, split: Split) -> Table:
    """What each column is taken for, and its values."""
    x_NF = data.x[torch.arange(len(data.y))]
    rows = [column_row(column, x_NF[:, place], split, data.unknown) for place, column in enumerate(data.columns)]
    rows += [(name, "ignored", "", "", "") for name in data.ignored]
    goal = f"{data.task}, target {data.target}" if data.target else data.task
    title = f"{config.dataset.option}: {counted(len(data.y), 'row')}, {counted(len(data.columns), 'feature')}, {goal}"
    heads = ("column", "kind", "empty", "unknown", "in the train rows")
    kept = [i for i, head in enumerate(heads) if head != "unknown" or data.unknown]
    shown = tuple(tuple(row[i] for i in kept) for row in rows)
    return Table(title, tuple(heads[i] for i in kept), shown, data.notes, numbers=tuple(range(2, len(kept) - 1)))


def column_row(column: Column, x_N: Tensor, split: Split, unknown: Mapping[str, int]) -> tuple[str, ...]:
    are_none_N = x_N.isnan() | ((x_N == -1) if column.categories else False)
    train = x_N[split.train][~are_none_N[split.train]]
    num_unknown = unknown.get(column.name, 0)
    counts = (int(are_none_N.sum()) - num_unknown, num_unknown)
    return (
        column.name,
        kind_of(column, train),
        *(f"{count:,}" if count else "" for count in counts),
        values_of(column, train),
    )


def kind_of(column: Column, values: Tensor) -> str:
    """As dataset.columns says it."""
    if column.notation.date_part:
        return f"date, {column.notation.date_part}"
    if not column.categories:
        return "binary" if len(torch.unique(values)) == 2 else "numeric"
    if not column.ordered:
        return "categorical"
    return "binary" if len(column.categories) == 2 else "ordinal"


def values_of(column: Column, values: Tensor) -> str:
    """The range and mean of numbers; how many rows each category has, the commonest first unless they have an order."""
    if not column.categories:
        if not len(values):
            return ""
        return f"{float(values.min()):g} to {float(values.max()):g}, mean {float(values.mean()):.4g}"
    counts = values.long().bincount(minlength=len(column.categories)).tolist()
    pairs = list(zip(column.categories, counts, strict=True))
    if not column.ordered:
        pairs.sort(key=lambda pair: -pair[1])
    shown = ", ".join(f"{' '.join(name.split())} {count:,}" for name, count in pairs[:MOST_CATEGORIES])
    return shown + (f" and {len(pairs) - MOST_CATEGORIES:,} more" if len(pairs) > MOST_CATEGORIES else "")


def classes_table(data: Data, split: Split, note: str) -> Table:
    """How many rows of each class every split has."""
    parts = {name: rows for name in ("train", "val", "test") if len(rows := getattr(split, name))}
    counts = {name: data.y[rows].bincount(minlength=len(data.class_names)).tolist() for name, rows in parts.items()}
    rows = [
        (name, *(f"{counts[part][k]:,}" for part in parts), f"{counts['train'][k] / len(split.train):.1%}")
        for k, name in enumerate(data.class_names[:MOST_CLASSES])
    ]
    if len(data.class_names) > MOST_CLASSES:
        rows.append((f"and {len(data.class_names) - MOST_CLASSES:,} more", *[""] * (len(parts) + 1)))
    rows.append(("all", *(f"{len(rows):,}" for rows in parts.values()), ""))
    heads = ("class", *parts, "of train")
    return Table("Classes", heads, tuple(rows), (note,), numbers=tuple(range(1, len(heads))))


def targets_table(data: Data, split: Split, note: str) -> Table:
    """The range of the target in every split."""
    rows = []
    for name in ("train", "val", "test"):
        y = data.y[getattr(split, name)]
        if len(y):
            shown = (f"{float(v):g}" for v in (y.min(), y.mean(), y.max()))
            rows.append((name, f"{len(y):,}", *shown))
    heads = ("split", "rows", "lowest", "mean", "highest")
    return Table("Target", heads, tuple(rows), (note,), numbers=tuple(range(1, len(heads))))
