"""The rows of a model's summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from runner.contracts import LayerSummary
from runner.models.members import AdaptedLinear, ColumnLinear, MemberLinear

_SALIENT = (
    "num_members",
    "in_features",
    "out_features",
    "in_channels",
    "out_channels",
    "num_embeddings",
    "embedding_dim",
    "num_features",
    "p",
)


def layers(net: nn.Module, in_shape: tuple[int, ...]) -> tuple[LayerSummary, ...]:
    """One row per innermost module, in the order they run, from one example of zeros; ``net`` is left as it was.

    FLOPs are those of linear and convolution layers, the rest count 0: torch.utils.flop_counter agrees on our models
    but takes 0.2 s to import.
    """
    rows: list[LayerSummary] = []
    counted: set[Tensor] = set()  # a shared weight counts once
    names = {module: name for name, module in net.named_modules()}

    def add_row(module: nn.Module, args: Any, output: Any) -> None:
        own = set(module.parameters(recurse=False)) - counted
        counted.update(own)
        out = next((o for o in (output, *output) if isinstance(o, Tensor)), weight.new_empty(0))
        num_parameters = sum(parameter.numel() for parameter in own)
        rows.append(
            LayerSummary(names[module], kind_of(module), tuple(out.shape[1:]), num_parameters, _flops(module, out))
        )

    innermost = [m for m in names if not list(m.children()) or list(m.parameters(recurse=False))]
    hooks = [module.register_forward_hook(add_row) for module in innermost]
    modes = [(module, module.training) for module in names]
    weight = next(net.parameters(), torch.empty(0))
    try:
        with torch.no_grad(), torch.random.fork_rng([weight.device] if weight.is_cuda else []):
            net.eval()(torch.zeros(1, *in_shape, device=weight.device))
    finally:
        for module, training in modes:
            module.training = training
        for hook in hooks:
            hook.remove()
    return tuple(rows)


def rows_that_fit(layers: Sequence[LayerSummary], num_bytes: int) -> int:
    """Rows whose largest output of a layer, as float32, takes no more than ``num_bytes``; a power of two."""
    largest = max((4 * prod(layer.out_shape) for layer in layers), default=1)
    return 1 << max(0, (num_bytes // max(1, largest)).bit_length() - 1)


def forward_flops(net: nn.Module, in_shape: tuple[int, ...]) -> int:
    """Multiply-adds counted twice, forward, one example, as torch counts them: attention too."""
    from torch.utils.flop_counter import FlopCounterMode

    weight = next(net.parameters(), torch.empty(0))
    modes = [(module, module.training) for module in net.modules()]
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            net.eval()(torch.zeros(1, *in_shape, device=weight.device))
    finally:
        for module, training in modes:
            module.training = training
    return int(counter.get_total_flops())


def kind_of(module: nn.Module) -> str:
    """The class of a module with its salient numbers: Conv2d(1, 32, kernel 3)."""
    numbers = [str(getattr(module, name)) for name in _SALIENT if hasattr(module, name)]
    if hasattr(module, "kernel_size"):
        numbers += _window(module)
    return type(module).__name__ + (f"({', '.join(numbers)})" if numbers else "")


def _window(module: nn.Module) -> Iterator[str]:
    """How its kernel goes over the input: kernel 3x5, and what is not as usual: stride 2x1, padding same, groups 4."""
    kernel = _sides(module.kernel_size)
    usual = {"stride": "1" if hasattr(module, "weight") else kernel, "padding": "0", "dilation": "1", "groups": "1"}
    told = {name: _sides(getattr(module, name, None)) for name in usual}
    yield f"kernel {kernel}"
    yield from (f"{name} {text}" for name, text in told.items() if text not in ("None", usual[name]))


def _sides(value: Any) -> str:
    """3x5; of equal sides one."""
    sides = value if isinstance(value, list | tuple) else (value,)
    return str(sides[0]) if len(set(sides)) == 1 else "x".join(map(str, sides))


def _flops(module: nn.Module, out: Tensor) -> int:
    """Multiply-adds counted twice; a weight is used once for each position of the output."""
    match module:
        case nn.Linear() | MemberLinear() | AdaptedLinear() | ColumnLinear():
            return 2 * out.numel() * module.in_features
        case nn.Conv1d() | nn.Conv2d() | nn.Conv3d():
            return 2 * out.numel() * module.in_channels // module.groups * prod(module.kernel_size)
    return 0
