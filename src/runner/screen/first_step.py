"""The first step of a training as a text that teaches: five steps, the numbers of each, and one sentence of why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from runner.screen.table import Fitting, bare_table
from runner.text import figure, shape_text

if TYPE_CHECKING:
    from runner.config.run_config import Config
    from runner.experiment.first_step import FirstStep, LayerOutput, WeightChange

CLASSES_SHOWN = 10
BATCH = "A few rows at a time: their mean gradient is a good guess at that of all rows, and cheap."
FORWARD = "Each layer turns the batch into another one; the last has a number for each possible answer."
LOSS = "One number says how wrong the batch is: what training makes small."
BACKWARD = "The gradient of each weight says how much faster the loss grows when that weight grows."
SOFTMAX = "softmax makes them positive, and 1 in sum"
RANKING = "the raw outputs rank the classes, and so does their softmax: this loss makes no probabilities of them"
SIGMOID = "sigmoid puts it between 0 and 1"
SIGMOIDS = "a sigmoid puts each between 0 and 1, and all are scaled to 1 in sum"


def lesson(step: FirstStep, config: Config, class_names: Sequence[str]) -> RenderableType:
    """The five steps, from the batch to the changed weights: the name of each, why it is taken, its numbers."""
    rule = f"{config.optimizer.option} moves every weight a little against its gradient; lr {step.lr:g} says how far."
    parts = {
        ("1  the batch", BATCH): batch_part(step, class_names),
        ("2  forward", FORWARD): forward_part(step, class_names),
        ("3  loss", LOSS): loss_part(step, config, class_names),
        ("4  backward", BACKWARD): backward_part(step, config),
        ("5  step", rule): update_part(step),
    }
    heads = (Text.assemble("\n", (name, "bold cyan"), "  ", (why, "dim")) for name, why in parts)
    return Group(*(line for head, part in zip(heads, parts.values(), strict=True) for line in (head, *part)))


def batch_part(step: FirstStep, class_names: Sequence[str]) -> Iterator[RenderableType]:
    names = [class_names[int(label)] if class_names else figure(label) for label in step.labels]
    yield Text(f"   x  {shape_text(step.batch_shape)}, prepared: {figure(step.low)} to {figure(step.high)}")
    yield Text(f"   y  {', '.join(names)}, ...")


def forward_part(step: FirstStep, class_names: Sequence[str]) -> Iterator[RenderableType]:
    heads = ["   layer", "what it is", "shape", "mean", "deviation"]
    yield whole(bare_table(heads, map(layer_cells, step.layers), numbers=(3, 4)), kept=("shape",))
    if step.of_classes:
        how = SIGMOIDS if step.each_by_itself else SOFTMAX if step.logits.shape[1] > 1 else SIGMOID
        yield Text(f"   {RANKING if step.ranks_only else f'the raw outputs (logits) as probabilities: {how}'}")
        yield outputs_table(step, class_names)


def whole(table: Table, kept: tuple[str, ...] = ()) -> Fitting:
    """Without a cell over several lines: the columns that do not fit are named below."""
    for column in table.columns:
        column.no_wrap = True
    return Fitting(table, kept)


def layer_cells(layer: LayerOutput) -> tuple[str, ...]:
    return f"   {layer.name}", layer.kind, shape_text(layer.shape), figure(layer.mean), figure(layer.std)


def outputs_table(step: FirstStep, class_names: Sequence[str]) -> Table:
    """The outputs of the first row, and beside them the probabilities, or the scores that ``predict`` tells."""
    logits_K = step.logits[0]
    names = list(class_names) if len(logits_K) > 1 else [class_names[1]]
    shares = step.shares[0, -len(logits_K) :].tolist()
    heads = ("output", "score") if step.ranks_only else ("logit", "probability")
    truth = class_names[int(step.labels[0])]
    rows = [
        (f"   {name}", figure(logit), f"{share:.4f}", "<- the truth" if name == truth else "")
        for name, logit, share in zip(names, logits_K.tolist(), shares, strict=True)
    ]
    return bare_table(["   first row", *heads, ""], rows[:CLASSES_SHOWN], numbers=(1, 2))


def loss_part(step: FirstStep, config: Config, class_names: Sequence[str]) -> Iterator[RenderableType]:
    if step.row_losses:
        told = ", ".join(map(figure, step.row_losses))
        yield Text(f"   {config.loss.option} of the first rows: {told}, ...")
    yield Text(f"   mean over the {step.batch_shape[0]} rows: {figure(step.loss)}")
    if config.loss.option == "cross_entropy":
        num_classes = len(class_names)
        yield Text(f"   guessing blindly among {num_classes} costs ln {num_classes} = {figure(log(num_classes))}")


def backward_part(step: FirstStep, config: Config) -> Iterator[RenderableType]:
    rows = ((f"   {change.name}", shape_text(change.shape), figure(change.grad_norm)) for change in step.changes)
    gradient = "length of the gradient"
    yield whole(bare_table(["   parameter", "shape", gradient], rows, numbers=(2,)), kept=(gradient,))
    clipped = f", cut to {config.grad_clip_norm:g} at most" if config.grad_clip_norm is not None else ""
    again = " at the last of several looks at the batch" if config.optimizer.option == "lbfgs" else ""
    yield Text(f"   all of them together: {figure(step.grad_norm)}{clipped}{again}")


def update_part(step: FirstStep) -> Iterator[RenderableType]:
    yield bare_table(["   parameter", "weights", "moved by", "ratio"], map(update_cells, step.changes))
    better = "smaller" if step.loss_after < step.loss else "not smaller: the step was too long, lower optimizer.lr"
    yield Text(f"   loss of the same batch now: {figure(step.loss_after)}, it was {figure(step.loss)}: {better}")


def update_cells(change: WeightChange) -> tuple[str, ...]:
    ratio = f"{100 * change.update_norm / change.weight_norm:.2g} %" if change.weight_norm else "-"
    return f"   {change.name}", figure(change.weight_norm), figure(change.update_norm), ratio
