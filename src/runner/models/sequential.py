"""A net that is a list of layers of torch.nn."""

# B batch, K outputs

from __future__ import annotations

import inspect
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn

from runner.config.layers import OUT, SIZES, Block, Layer, Row, read_layers
from runner.contracts import Architecture
from runner.errors import ConfigError, memory_ran_out
from runner.models.layers import Residual
from runner.text import shape_text

MakeLayer = Callable[[Layer, type[nn.Module], Mapping[str, Any]], nn.Module]
OF_CHANNELS = ("in_channels", "num_channels", "num_features")  # the first size of a row
OF_FEATURES = ("in_features", "d_model")  # the last
OF_ALL = "normalized_shape"
AXES = {"1": ("length",), "2": ("height", "width"), "3": ("depth", "height", "width")}  # by the end of a class's name
ROWS = 2  # that are traced: one alone would not show a layer that mixes rows


class Sequential(Architecture):
    """An nn.Sequential of ``layers``: x of any shape -> logits_BK.

    An entry is a layer of torch.nn with its arguments, a list of ``blocks`` by its name, ``repeat`` or ``residual``.
    ``make_layer`` makes a layer and raises ConfigError for wrong arguments.
    """

    def __init__(self, make_layer: MakeLayer, *, layers: list[Any], blocks: dict[str, Any]):
        self.make_layer = make_layer
        self.row = read_layers(layers, blocks)

    def build(self, in_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
        """The net. Raises ConfigError naming the layer that the rows which come in do not suit."""
        net, out = self._modules(self.row, torch.zeros(ROWS, *in_shape), num_outputs)
        if out.shape[1:] != (num_outputs,):
            raise ConfigError(
                f"model.layers: the last layer gives rows of {shape_text(out.shape[1:])}, the data and the loss need "
                f"{num_outputs}\n  end with Flatten, {{Linear: {{out_features: out}}}}"
            )
        return nn.Sequential(net).train()

    def _modules(self, row: Row, x: Tensor, num_outputs: int) -> tuple[OrderedDict[str, nn.Module], Tensor]:
        """The modules of a row by name, and what they make of ``x``: layers are numbered, blocks have their names."""
        modules: OrderedDict[str, nn.Module] = OrderedDict()
        for node in row:
            if isinstance(node, Block):
                name = _free_name(node, modules)
                modules[name], x = self._block(node, x, num_outputs)
            else:
                modules[str(len(modules))], x = self._layer(node, x, num_outputs)
        return modules, x

    def _block(self, block: Block, x: Tensor, num_outputs: int) -> tuple[nn.Module, Tensor]:
        modules, out = self._modules(block.row, x, num_outputs)
        if not block.is_residual:
            return nn.Sequential(modules), out
        if out.shape != x.shape:
            raise ConfigError(
                f"{block.place}=residual: rows of {shape_text(x.shape[1:])} come in and rows of "
                f"{shape_text(out.shape[1:])} go out; to be added they need one shape, as by padding: same"
            )
        return Residual(modules), x + out

    def _layer(self, layer: Layer, x: Tensor, num_outputs: int) -> tuple[nn.Module, Tensor]:
        kind: type[nn.Module] = getattr(nn, layer.kind)
        _check_axes(layer, x.shape[1:])
        knobs = {key: num_outputs if key in SIZES and value == OUT else value for key, value in layer.knobs.items()}
        module = self.make_layer(layer, kind, {**_in_sizes(layer, kind, x.shape[1:]), **knobs})
        return module, _traced(layer, module, x)


def _free_name(block: Block, taken: Mapping[str, nn.Module]) -> str:
    if block.is_residual:
        return str(len(taken))
    if hasattr(nn.Sequential(), block.name):
        raise ConfigError(f"model.blocks.{block.name}: torch uses this name in every net; choose another")
    names = (block.name if number == 1 else f"{block.name}_{number}" for number in count(1))
    return next(name for name in names if name not in taken)


def _check_axes(layer: Layer, shape: Sequence[int]) -> None:
    """Raises ConfigError where the rows have other axes: torch would take a batch of them for one row."""
    found = re.search(r"([123])d$", layer.kind)
    axes = ("channels", *AXES[found[1]]) if found else ()
    is_flat_too = layer.kind == "BatchNorm1d" and len(shape) == 1
    if axes and len(shape) != len(axes) and not is_flat_too:
        hint = "put it before Flatten, or use Linear" if len(shape) == 1 else "leave out what changes them before it"
        raise ConfigError(
            f"{layer.place}={layer.kind}: rows of {shape_text(shape)} come in, it wants {' x '.join(axes)}; {hint}"
        )


def _in_sizes(layer: Layer, kind: type[nn.Module], shape: Sequence[int]) -> dict[str, Any]:
    """The arguments that the rows which come in decide. Raises ConfigError where another number is written."""
    sizes = {**dict.fromkeys(OF_CHANNELS, shape[0]), **dict.fromkeys(OF_FEATURES, shape[-1])}
    found = {name: sizes[name] for name in inspect.signature(kind).parameters if name in sizes}
    for name, size in found.items():
        if layer.knobs.get(name, size) != size:
            raise ConfigError(
                f"{layer.place}.{name}={layer.knobs[name]}: {layer.kind} is given rows of {shape_text(shape)}, which "
                f"makes it {size}; leave it out"
            )
    return found | ({OF_ALL: list(shape)} if OF_ALL in inspect.signature(kind).parameters else {})


def _traced(layer: Layer, module: nn.Module, x: Tensor) -> Tensor:
    """What the layer makes of ``x``; torch's generator is left as it was, for the weights of the next layer."""
    place = f"{layer.place}={layer.kind}"
    try:
        with torch.no_grad(), torch.random.fork_rng([]):
            out = module.eval()(x)
    except Exception as error:  # torch raises one kind here and another there
        if memory_ran_out(error):
            raise
        words = str(error).strip().split("\n")[0] or type(error).__name__
        raise ConfigError(
            f"{place}: cannot take the rows of {shape_text(x.shape[1:])} that come in: {words}"
        ) from error
    if not isinstance(out, Tensor):
        raise ConfigError(f"{place}: gives a {type(out).__name__}; a layer gives one tensor")
    if out.shape[:1] != x.shape[:1]:
        raise ConfigError(f"{place}: makes {list(out.shape)} of {list(x.shape)}; it mixes rows that are of one batch")
    return out
