"""The net that words build, before anything is trained, in three lists."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from torch import Tensor, nn

from runner.config.catalog import Catalog
from runner.config.run_config import Config
from runner.errors import DataError
from runner.experiment.assemble import net_alone
from runner.models.summary import forward_flops, kind_of, layers
from runner.screen.table import Listing
from runner.text import counted, number, shape_text

WITHOUT_DATA = "  a net is shown without any data by dataset=random 'dataset.shape=[1,28,28]' dataset.num_classes=10"
FIRST_VALUES = 4  # of each parameter
VIEWS = ("Flatten", "Identity", "Unflatten")  # layers whose output is their input, in another shape


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
