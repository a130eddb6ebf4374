"""What nets are made of besides torch's own layers by name: activations, and modules that add their input."""

from __future__ import annotations

from torch import Tensor, nn

from runner.config.layers import activation_fault
from runner.errors import ConfigError


def activation(name: str) -> type[nn.Module]:
    """The class torch.nn calls ``name``: ReLU, GELU, ... Raises ConfigError with the nearest name, or why not."""
    if fault := activation_fault(name):
        raise ConfigError(f"activation={name}: {fault}")
    return getattr(nn, name)  # type: ignore[no-any-return]


class Residual(nn.Sequential):
    """Its modules in a row, their input added to their output: x of any shape -> the same shape (He et al. 2016)."""

    def forward(self, x: Tensor) -> Tensor:
        out = x
        for module in self:
            out = module(out)
        return x + out
