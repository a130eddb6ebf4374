"""A net in three tables: its layers, its tree of modules, its parameters by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod

from torch import Tensor, nn

from runner.contracts import Layer
from runner.screen.listing import Table
from runner.text import counted

FIRST_VALUES = 4  # of each parameter
VIEWS = ("Flatten", "Identity", "Unflatten")  # layers whose output is their input, in another shape


def layer_table(
    name: str, net: nn.Module, layers: Sequence[Layer], in_shape: tuple[int, ...], flops: int, batch_size: int
) -> Table:
    """A row for each layer in the order they run, and what all of them cost; ``flops`` forward, one example."""
    rows = [
        (
            layer.name or "(itself)",
            layer.kind,
            shown_shape(layer.out_shape),
            number(layer.num_parameters),
            number(layer.flops),
        )
        for layer in layers
    ]
    trained, frozen = (sum(p.numel() for p in net.parameters() if p.requires_grad is flag) for flag in (True, False))
    total = ("all", "", "", number(trained + frozen), number(flops))
    activations = batch_size * sum(prod(layer.out_shape) for layer in layers if not layer.kind.startswith(VIEWS))
    title = f"{name}: {shown_shape(in_shape)} -> {shown_shape(layers[-1].out_shape)}"
    notes = (
        f"parameters  {trained:,} trained, {frozen:,} frozen",
        f"FLOPs       {flops:,} forward a row; a training step takes about three times as many",
        f"memory      {megabytes(trained + frozen)} parameters, {megabytes(trained)} gradients, "
        f"{megabytes(activations)} outputs of the layers for a batch of {batch_size:,}",
    )
    return Table(title, ("layer", "what it is", "output", "parameters", "FLOPs"), (*rows, total), notes, numbers=(3, 4))


def module_table(net: nn.Module, kind_of: Callable[[nn.Module], str]) -> Table:
    """The tree: named_children of each module below it, indented; all of them together are named_modules."""
    rows = [(f"{'  ' * depth}{name}", kind) for depth, name, kind in _branches(net, kind_of, 0)]
    note = f"{counted(len(list(net.named_children())), 'child')}, {counted(len(list(net.named_modules())), 'module')}"
    return Table(type(net).__name__, ("module", "what it is"), tuple(rows), (note.replace("childs", "children"),))


def parameter_table(net: nn.Module) -> Table:
    """Each parameter by name, with its shape and the first of its values."""
    rows = [
        (name, shown_shape(weight.shape), "" if weight.requires_grad else "frozen", first_values(weight))
        for name, weight in net.named_parameters()
    ]
    return Table("Parameters as a run begins", ("parameter", "shape", "", "first values"), tuple(rows))


def first_values(weight: Tensor) -> str:
    values = weight.detach().flatten()[:FIRST_VALUES].tolist()
    return " ".join(f"{value:8.4f}" for value in values) + (" ..." if weight.numel() > FIRST_VALUES else "")


def shown_shape(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def number(value: int) -> str:
    return f"{value:,}" if value else "-"


def megabytes(num_values: int) -> str:
    """Of float32."""
    return f"{4 * num_values / 1e6:,.1f} MB" if num_values > 25_000 else f"{4 * num_values / 1e3:,.1f} kB"


def _branches(module: nn.Module, kind_of: Callable[[nn.Module], str], depth: int) -> Iterator[tuple[int, str, str]]:
    for name, child in module.named_children():
        yield depth, name, kind_of(child)
        yield from _branches(child, kind_of, depth + 1)
