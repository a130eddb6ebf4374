"""What will run, as the console shows it: a panel in a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from runner.screen.table import Fitting, bare_table
from runner.text import counted, number, shape_text, visible

if TYPE_CHECKING:
    from runner.contracts import LayerSummary, Outline

MAX_LAYERS = 12  # more are condensed to the first and the last ones
MAX_CLASSES = 12
NOTABLE_IMBALANCE = 2  # rows of the commonest class for each of the rarest
WIDEST = 100  # columns; wider lines are hard to read


def outline_panel(outline: Outline, width: int) -> RenderableType:
    """The panel, at most ``width`` columns wide."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in outline_lines(outline):
        body: RenderableType = Text(text)
        if label == "model" and outline.layers:
            body = Group(Text(text), _layer_table(outline.layers))
        grid.add_row(label, body)
    return Panel(
        grid,
        title=Text(outline.name, style="bold"),
        title_align="left",
        subtitle=Text(outline.hint, style="dim"),
        subtitle_align="right",
        border_style="cyan",
        box=box.ROUNDED,
        width=min(width, WIDEST),
    )


def outline_lines(outline: Outline) -> list[tuple[str, str]]:
    """(label, text) of all but the layers and the folder; a line that goes on with the one above has no label."""
    sizes = "  ".join(f"{split} {size:,}" for split, size in outline.split_sizes.items())
    lines = [("data", _data_text(outline)), ("", sizes), ("", outline.split_note)]
    if outline.class_names:
        lines.append(("", _classes_text(outline.class_names, outline.class_counts)))
    return [
        *lines,
        ("model", _model_text(outline)),
        ("training", _training_text(outline)),
        *(("", group) for group in outline.weight_groups),
        ("steps", _steps_text(outline)),
        ("device", f"{_device_text(outline)}: {outline.device_reason}"),
    ]


def _device_text(outline: Outline) -> str:
    return outline.device if outline.devices == 1 else f"{outline.devices} x {outline.device.partition(':')[0]}"


def _model_text(outline: Outline) -> str:
    why = f" (model=auto, for {outline.auto_model})" if outline.auto_model else ""
    return f"{outline.options['model']}{why}, {counted(outline.num_parameters, 'parameter')}"


def _layer_table(layers: Sequence[LayerSummary]) -> Fitting:
    """Name, kind, output shape and parameters of each layer; of many, the first and the last with a line between."""
    layers = [layer for layer in layers if layer.name] or list(layers)
    rows = [(layer.name, layer.kind, shape_text(layer.out_shape), number(layer.num_parameters)) for layer in layers]
    if len(layers) > MAX_LAYERS:
        num_parameters = sum(layer.num_parameters for layer in layers[6:-5])
        rows[6:-5] = [("...", f"{len(layers) - 11} more layers", "", f"{num_parameters:,}")]
    table = bare_table([""] * 4, rows, numbers=(3,), gap=2)
    table.show_header = False
    for column, style in zip(table.columns, ("cyan", "", "dim", ""), strict=True):
        column.style, column.no_wrap = style, True
    return Fitting(table)


def _data_text(outline: Outline) -> str:
    is_images = len(outline.in_shape) > 1
    rows = f"images {shape_text(outline.in_shape)}" if is_images else counted(outline.in_shape[0], "column")
    return f"{outline.options['dataset']}, {outline.task}, {rows}"


def _classes_text(names: Sequence[str], counts: Sequence[int]) -> str:
    """The classes with their train rows: each count where there are few classes, the range where there are many."""
    names, fewest, most = list(map(visible, names)), min(counts), max(counts)
    if len(names) <= 5:
        shown = ", ".join(f"{name} {count:,}" for name, count in zip(names, counts, strict=True))
    else:
        shown = ", ".join(names if len(names) <= MAX_CLASSES else [*names[:5], "...", names[-1]])
        if names == list(map(str, range(len(names)))):
            shown = f"0 to {names[-1]}"
        shown += f"; {most:,} train rows each" if fewest == most else f"; {fewest:,} to {most:,} train rows each"
    if fewest == 0:
        shown += "; a class without a train row"
    elif most >= NOTABLE_IMBALANCE * fewest:  # what to know where accuracy flatters
        shown += f"; imbalanced, {most / fewest:.3g} to 1"
    return f"{len(names)} classes: {shown}"


def _training_text(outline: Outline) -> str:
    schedule = "no schedule" if outline.scheduler == "none" else outline.scheduler
    told = {"not shuffled": not outline.shuffle, outline.precision: outline.precision != "float32"}
    others = [words for words, is_so in {**told, "compiled": outline.compile}.items() if is_so]
    return ", ".join([f"{outline.loss} by {outline.optimizer}", schedule, *others])


def _steps_text(outline: Outline) -> str:
    batches = f"{outline.accumulate_steps} x " if outline.accumulate_steps > 1 else ""
    each = f"of {batches}{outline.batch_size:,}"
    steps = f"{counted(outline.epochs, 'epoch')} x {counted(outline.steps_per_epoch, 'step')} {each}"
    total = f"{outline.total_steps:,}"
    if outline.total_steps < outline.epochs * outline.steps_per_epoch:
        return f"{steps}, {total} steps at most; best epoch by {outline.monitor}"
    return f"{steps} rows = {total}; best epoch by {outline.monitor}"
