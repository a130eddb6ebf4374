"""A convolutional net: blocks of convolution, normalisation, activation and pooling, then one linear layer."""

# B batch, C channels, H W pixels, K outputs

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise
from typing import Literal

from torch import nn

from runner.errors import ConfigError
from runner.models.activation import activation as activation_named

Padding = int | Literal["same", "valid"]


class Cnn(nn.Sequential):
    """x_BCHW -> logits_BK. ``channels`` has one entry a block; a block divides height and width by ``pool_size``.

    Raises ConfigError where the rows are no pictures, or where a kernel or a pool is larger than what reaches it.
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        num_outputs: int,
        *,
        channels: list[int],
        kernel_size: int,
        padding: Padding,
        pool_size: int,
        activation: str,
        normalisation: Literal["batch"] | None,
    ):
        _check_knobs(channels, kernel_size, padding, pool_size)
        num_channels, height, width = _picture(in_shape)
        make = activation_named(activation)
        blocks: OrderedDict[str, nn.Module] = OrderedDict()
        for block, (num_in, num_out) in enumerate(pairwise([num_channels, *channels]), start=1):
            height, width = (_size_after(size, kernel_size, padding, pool_size, block) for size in (height, width))
            modules: list[nn.Module] = [nn.Conv2d(num_in, num_out, kernel_size, padding=padding)]
            if normalisation == "batch":
                modules.append(nn.BatchNorm2d(num_out))
            blocks[f"block_{block}"] = nn.Sequential(*modules, make(), nn.MaxPool2d(pool_size))
        num_features = [num_channels, *channels][-1] * height * width
        blocks["head"] = nn.Sequential(nn.Flatten(), nn.Linear(num_features, num_outputs))
        super().__init__(blocks)


def _picture(in_shape: tuple[int, ...]) -> tuple[int, int, int]:
    if len(in_shape) != 3:
        raise ConfigError(
            f"a convolution needs pictures of shape [channels, height, width], a row of this data has the shape "
            f"{list(in_shape)}; model=mlp takes any shape"
        )
    num_channels, height, width = in_shape
    return num_channels, height, width


def _check_knobs(channels: list[int], kernel_size: int, padding: Padding, pool_size: int) -> None:
    if any(number < 1 for number in channels):
        raise ConfigError(f"channels={list(channels)}: each is a whole number of at least 1")
    if kernel_size < 1 or pool_size < 1:
        raise ConfigError(f"kernel_size={kernel_size} pool_size={pool_size}: each is at least 1")
    if isinstance(padding, int) and padding < 0:
        raise ConfigError(f"padding={padding}: a number of pixels of at least 0, or same, or valid")


def _size_after(size: int, kernel_size: int, padding: Padding, pool_size: int, block: int) -> int:
    """Pixels a side after one block. Raises ConfigError where nothing is left."""
    border = {"same": (kernel_size - 1) / 2, "valid": 0}[padding] if isinstance(padding, str) else padding
    convolved = int(size + 2 * border - kernel_size + 1)
    if convolved < pool_size:
        raise ConfigError(
            f"the picture is {size} pixels a side where block {block} starts: too small for kernel_size={kernel_size} "
            f"with padding={padding}, then pool_size={pool_size}; take fewer channels (blocks), a smaller kernel_size "
            f"or pool_size, or model=mlp"
        )
    return convolved // pool_size
