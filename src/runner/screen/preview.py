"""What words build, before anything is trained: a net in three lists, a data set in two.

Shapes: N rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod

import torch
from torch import Tensor, nn

from runner.config.catalog import Catalog
from runner.config.run_config import Config
from runner.contracts import SPLITS, Column, Data, Split
from runner.data.splits import describe
from runner.errors import ConfigError, DataError
from runner.experiment.assemble import net_alone, read_data, read_split, split_settings
from runner.models.summary import forward_flops, kind_of, layers
from runner.screen.table import Listing
from runner.text import counted, figure, number, shape_text

WITHOUT_DATA = "  a net is shown without any data by dataset=random 'dataset.shape=[1,28,28]' dataset.num_classes=10"
FIRST_VALUES = 4  # of each parameter
VIEWS = ("Flatten", "Identity", "Unflatten")  # layers whose output is their input, in another shape
MOST_CATEGORIES = 6
MOST_CLASSES = 30


def net_listings(config: Config, catalog: Catalog) -> list[Listing]:
    """Layers, modules and parameters, as a run would begin with them. Raises RunnerError as ``train`` would."""
    try:
        net, in_shape = net_alone(config, catalog)
    except DataError as error:
        raise DataError(f"{error}\n{WITHOUT_DATA}") from error
    return [layer_listing(config, net, in_shape), module_listing(net), parameter_listing(net)]


def layer_listing(config: Config, net: nn.Module, in_shape: tuple[int, ...]) -> Listing:
    """A row for each layer in the order they run, and what all of them cost."""
    of_net, flops = layers(net, in_shape), forward_flops(net, in_shape)
    rows = [
        (row.name or "(itself)", row.kind, shape_text(row.out_shape), number(row.num_parameters), number(row.flops))
        for row in of_net
    ]
    trained, frozen = (sum(p.numel() for p in net.parameters() if p.requires_grad is flag) for flag in (True, False))
    num_outputs = sum(prod(layer.out_shape) for layer in of_net if not layer.kind.startswith(VIEWS))
    notes = (
        f"parameters  {trained:,} trained, {frozen:,} frozen",
        f"FLOPs       {flops:,} forward a row; a training step takes about three times as many",
        f"memory      {megabytes(trained + frozen)} parameters, {megabytes(trained)} gradients, "
        f"{megabytes(config.batch_size * num_outputs)} outputs of the layers for a batch of {config.batch_size:,}",
    )
    shapes = f"{shape_text(in_shape)} -> {shape_text(of_net[-1].out_shape)}"
    return Listing(
        f"{config.model.option} on {config.dataset.option}: {shapes}",
        ("layer", "what it is", "output", "parameters", "FLOPs"),
        (*rows, ("all", "", "", number(trained + frozen), number(flops))),
        notes,
        numbers=(3, 4),
    )


def module_listing(net: nn.Module) -> Listing:
    """The tree: named_children of each module below it, indented; all of them together are named_modules."""
    note = f"{counted(len(list(net.named_children())), 'child')}, {counted(len(list(net.named_modules())), 'module')}"
    rows = tuple(branches(net, ""))
    return Listing(type(net).__name__, ("module", "what it is"), rows, (note.replace("childs", "children"),))


def branches(module: nn.Module, indent: str) -> Iterator[tuple[str, str]]:
    for name, child in module.named_children():
        yield f"{indent}{name}", kind_of(child)
        yield from branches(child, f"{indent}  ")


def parameter_listing(net: nn.Module) -> Listing:
    """Each parameter by name, with its shape and the first of its values."""
    rows = tuple(
        (name, shape_text(weight.shape), "" if weight.requires_grad else "frozen", first_values(weight))
        for name, weight in net.named_parameters()
    )
    return Listing("Parameters as a run begins", ("parameter", "shape", "", "first values"), rows)


def first_values(weight: Tensor) -> str:
    values = weight.detach().flatten()[:FIRST_VALUES].tolist()
    return " ".join(f"{value:8.4f}" for value in values) + (" ..." if weight.numel() > FIRST_VALUES else "")


def megabytes(num_values: int) -> str:
    """Of float32."""
    return f"{4 * num_values / 1e6:,.1f} MB" if num_values > 25_000 else f"{4 * num_values / 1e3:,.1f} kB"


def data_listings(config: Config, words: Sequence[str]) -> list[Listing]:
    """The columns, and the classes or the target in every split, of the data set that ``words`` compose.

    Raises RunnerError, for whatever a training would refuse too.
    """
    data, split = read_split(config, read_data)
    if not data.columns:
        raise ConfigError(f"show {words[0]} ...: has no columns; look at it: python -m runner view {' '.join(words)}")
    of_y = class_listing if data.class_names else target_listing
    return [
        column_listing(config.dataset.option, data, split),
        of_y(data, split, describe(data, split_settings(config))),
    ]


def column_listing(name: str, data: Data, split: Split) -> Listing:
    """What each column is taken for, and its values."""
    x_NF = data.x[torch.arange(len(data.y))]
    rows = [column_row(column, x_NF[:, place], split, data.unknown) for place, column in enumerate(data.columns)]
    rows += [(name, "ignored", "", "", "") for name in data.ignored]
    goal = f"{data.task}, target {data.target}" if data.target else data.task
    heads: tuple[str, ...] = ("column", "kind", "empty", "unknown", "in the train rows")
    if not data.unknown:
        heads, *rows = [(*row[:3], row[4]) for row in (heads, *rows)]
    title = f"{name}: {counted(len(data.y), 'row')}, {counted(len(data.columns), 'feature')}, {goal}"
    return Listing(title, heads, tuple(rows), data.notes, numbers=tuple(range(2, len(heads) - 1)))


def column_row(column: Column, x_N: Tensor, split: Split, unknown: Mapping[str, int]) -> tuple[str, ...]:
    are_none_N = x_N.isnan() | ((x_N == -1) if column.categories else False)
    train = x_N[split.train][~are_none_N[split.train]]
    num_unknown = unknown.get(column.name, 0)
    counts = (int(are_none_N.sum()) - num_unknown, num_unknown)
    numbers = (f"{count:,}" if count else "" for count in counts)
    return column.name, kind_of_column(column, train), *numbers, values_of(column, train)


def kind_of_column(column: Column, values: Tensor) -> str:
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
        low, high, mean = (figure(float(v), is_short=True) for v in (values.min(), values.max(), values.mean()))
        return f"{low} to {high}, mean {mean}"
    counts = values.long().bincount(minlength=len(column.categories)).tolist()
    pairs = list(zip(column.categories, counts, strict=True))
    if not column.ordered:
        pairs.sort(key=lambda pair: -pair[1])
    shown = ", ".join(f"{' '.join(name.split())} {count:,}" for name, count in pairs[:MOST_CATEGORIES])
    return shown + (f" and {len(pairs) - MOST_CATEGORIES:,} more" if len(pairs) > MOST_CATEGORIES else "")


def class_listing(data: Data, split: Split, note: str) -> Listing:
    """How many rows of each class every split has."""
    parts = {name: rows for name in SPLITS if len(rows := getattr(split, name))}
    counts = {name: data.y[rows].bincount(minlength=len(data.class_names)).tolist() for name, rows in parts.items()}
    rows = [
        (name, *(f"{counts[part][k]:,}" for part in parts), f"{counts['train'][k] / len(split.train):.1%}")
        for k, name in enumerate(data.class_names[:MOST_CLASSES])
    ]
    if len(data.class_names) > MOST_CLASSES:
        rows.append((f"and {len(data.class_names) - MOST_CLASSES:,} more", *([""] * (len(parts) + 1))))
    rows.append(("all", *(f"{len(rows):,}" for rows in parts.values()), ""))
    return numbers_listing("Classes", ("class", *parts, "of train"), rows, note)


def target_listing(data: Data, split: Split, note: str) -> Listing:
    """The range of the target in every split."""
    rows = []
    for name in SPLITS:
        y = data.y[getattr(split, name)]
        if len(y):
            rows.append((name, f"{len(y):,}", *(figure(float(v), is_short=True) for v in (y.min(), y.mean(), y.max()))))
    return numbers_listing("Target", ("split", "rows", "lowest", "mean", "highest"), rows, note)


def numbers_listing(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], note: str) -> Listing:
    """All but the first column are numbers."""
    return Listing(title, heads, tuple(rows), (note,), numbers=tuple(range(1, len(heads))))
