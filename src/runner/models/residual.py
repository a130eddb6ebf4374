"""Modules whose input is added to their output."""

from __future__ import annotations

from torch import Tensor, nn


class Residual(nn.Sequential):
    """Its modules in a row, their input added to their output: x of any shape -> the same shape (He et al. 2016)."""

    def forward(self, x: Tensor) -> Tensor:
        out = x
        for module in self:
            out = module(out)
        return x + out
