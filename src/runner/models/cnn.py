"""A convolutional net: blocks of convolution, normalisation, activation and pooling, then one linear layer."""

# B batch, C channels, H W pixels, K outputs

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise
from math import gcd
from typing import Literal

from torch import nn

from runner.errors import ConfigError
from runner.models.layers import Residual
from runner.models.layers import activation as activation_named

Padding = int | Literal["same", "valid"]
Normalisation = Literal["batch", "group", "layer", "instance"]
CHANNELS_PER_GROUP = 16  # of group normalisation; best of those tried by Wu and He 2018, table 3


class Cnn(nn.Sequential):
    """x_BCHW -> logits_BK. ``channels`` has one entry a block; a block divides height and width by ``pool_size``.

    With ``residual`` a block adds its input to what it makes of it, before it pools, wherever the two have one shape
    (He et al. 2016). Raises ConfigError where the rows are no pictures, where a kernel or a pool is larger than what
    reaches it, and where ``residual`` would change nothing.
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
        normalisation: Normalisation | None,
        dropout: float,
        residual: bool,
    ):
        _check_knobs(channels, kernel_size, padding, pool_size)
        num_channels, height, width = picture(in_shape)
        keeps_size = _border(kernel_size, padding) * 2 == kernel_size - 1
        if residual:
            _check_residual([num_channels, *channels], keeps_size)
        make = activation_named(activation)
        blocks: OrderedDict[str, nn.Module] = OrderedDict()
        for block, (num_in, num_out) in enumerate(pairwise([num_channels, *channels]), start=1):
            height, width = (_size_after(size, kernel_size, padding, pool_size, block) for size in (height, width))
            norm = [] if normalisation is None else [_norm(normalisation, num_out)]
            core = [nn.Conv2d(num_in, num_out, kernel_size, padding=padding), *norm, make()]
            if residual and keeps_size and num_in == num_out:
                core = [Residual(*core)]
            blocks[f"block_{block}"] = nn.Sequential(*core, nn.MaxPool2d(pool_size), *_dropout(dropout))
        num_features = [num_channels, *channels][-1] * height * width
        blocks["head"] = nn.Sequential(nn.Flatten(), nn.Linear(num_features, num_outputs))
        super().__init__(blocks)


def picture(in_shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(channels, height, width). Raises ConfigError for rows that are no pictures."""
    if len(in_shape) != 3:
        raise ConfigError(
            f"a convolution needs pictures of shape [channels, height, width], a row of this data has the shape "
            f"{list(in_shape)}; model=mlp takes any shape"
        )
    num_channels, height, width = in_shape
    return num_channels, height, width


def widest_kernel(
    in_shape: tuple[int, ...], *, channels: list[int], kernel_size: int, padding: Padding, pool_size: int
) -> int:
    """The largest kernel of which every weight meets a pixel in the smallest block, not zeros around it alone."""
    _, *sizes = picture(in_shape)
    size = min(sizes)
    for block in range(1, len(channels)):
        size = _size_after(size, kernel_size, padding, pool_size, block)
    return 2 * size - 1 if padding == "same" else int(size + _border(kernel_size, padding))


def _norm(kind: Normalisation, num_channels: int) -> nn.Module:
    if kind == "batch":
        return nn.BatchNorm2d(num_channels)
    if kind == "instance":
        return nn.GroupNorm(num_channels, num_channels)  # InstanceNorm2d refuses a picture of one pixel
    channels_per_group = num_channels if kind == "layer" else gcd(CHANNELS_PER_GROUP, num_channels)
    return nn.GroupNorm(num_channels // channels_per_group, num_channels)


def _dropout(share: float) -> list[nn.Module]:
    """Of whole channels: neighbouring pixels say nearly the same (Tompson et al. 2015)."""
    return [nn.Dropout2d(share)] if share != 0 else []


def _check_knobs(channels: list[int], kernel_size: int, padding: Padding, pool_size: int) -> None:
    if any(number < 1 for number in channels):
        raise ConfigError(f"channels={list(channels)}: each is a whole number of at least 1")
    if kernel_size < 1 or pool_size < 1:
        raise ConfigError(f"kernel_size={kernel_size} pool_size={pool_size}: each is at least 1")
    if isinstance(padding, int) and padding < 0:
        raise ConfigError(f"padding={padding}: a number of pixels of at least 0, or same, or valid")


def _check_residual(widths: list[int], keeps_size: bool) -> None:
    """``widths`` are the channels of the picture and of each block."""
    if not keeps_size:
        raise ConfigError("residual=true: a block can add its input only where it keeps its size: padding=same")
    if all(num_in != num_out for num_in, num_out in pairwise(widths)):
        raise ConfigError(
            f"residual=true: no block has as many channels as its input, and they are {widths}; "
            f"make two neighbours equal, as channels=[{widths[-1]},{widths[-1]}]"
        )


def _border(kernel_size: int, padding: Padding) -> float:
    """Pixels of zeros on each side; half a pixel where an even kernel has one more on the right."""
    return {"same": (kernel_size - 1) / 2, "valid": 0}[padding] if isinstance(padding, str) else padding


def _size_after(size: int, kernel_size: int, padding: Padding, pool_size: int, block: int) -> int:
    """Pixels a side after one block. Raises ConfigError where nothing is left."""
    convolved = int(size + 2 * _border(kernel_size, padding) - kernel_size + 1)
    if convolved < pool_size:
        raise ConfigError(
            f"the picture is {size} pixels a side where block {block} starts: too small for kernel_size={kernel_size} "
            f"with padding={padding}, then pool_size={pool_size}; take fewer channels (blocks), a smaller kernel_size "
            f"or pool_size, or model=mlp"
        )
    return convolved // pool_size
