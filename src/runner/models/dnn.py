"""A fully connected net with normalisation, dropout and residual connections to switch on."""

# B batch, F features, K outputs

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain, pairwise
from math import prod
from typing import Literal

from torch import nn

from runner.errors import ConfigError
from runner.models.layers import Residual
from runner.models.layers import activation as activation_named

OUTPUT_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"ReLU": nn.ReLU, "Softmax": partial(nn.Softmax, dim=1)}
NORMALISATIONS = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm, "rms": nn.RMSNorm}


class Dnn(nn.Sequential):
    """x of any shape, flattened, through hidden layers of the given widths -> logits_BK.

    A hidden layer is linear, normalisation, activation, dropout; with ``residual`` it adds its input to its output
    wherever the two widths are equal (He et al. 2016). ``output_activation`` stands behind the logits, where a loss
    wants none: a mistake to be seen. Raises ConfigError on a width below 1, and where ``residual`` changes nothing.
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        num_outputs: int,
        *,
        hidden: list[int],
        activation: str,
        normalisation: Literal["batch", "layer", "rms"] | None,
        dropout: float,
        residual: bool,
        output_activation: Literal["ReLU", "Softmax"] | None,
    ):
        if any(width < 1 for width in hidden):
            raise ConfigError(f"hidden={list(hidden)}: a width is a whole number of at least 1")
        widths = [prod(in_shape), *hidden]
        if residual and all(i != o for i, o in pairwise(widths)):
            raise ConfigError(
                f"residual=true: no hidden layer is as wide as its input, and widths are {widths}; "
                f"make two neighbours equal, as hidden=[{widths[-1]},{widths[-1]}]"
            )
        make = activation_named(activation)
        layers = [_layer(i, o, make(), normalisation, dropout, residual) for i, o in pairwise(widths)]
        super().__init__(nn.Flatten(), *chain.from_iterable(layers), nn.Linear(widths[-1], num_outputs))
        if output_activation is not None:
            self.append(OUTPUT_ACTIVATIONS[output_activation]())


def _layer(
    num_in: int, num_out: int, activation: nn.Module, normalisation: str | None, dropout: float, residual: bool
) -> list[nn.Module]:
    """The modules of one hidden layer; only those that are switched on, for a module call costs microseconds."""
    modules: list[nn.Module] = [nn.Linear(num_in, num_out)]
    if normalisation is not None:
        modules.append(NORMALISATIONS[normalisation](num_out))
    modules.append(activation)
    if dropout != 0:
        modules.append(nn.Dropout(dropout))
    return [Residual(*modules)] if residual and num_in == num_out else modules
