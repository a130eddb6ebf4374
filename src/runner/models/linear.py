"""One linear layer."""

from __future__ import annotations

from math import prod

from torch import nn


class Linear(nn.Sequential):
    """x of any shape, flattened, through one linear layer -> logits_BK: logistic or linear regression."""

    def __init__(self, in_shape: tuple[int, ...], num_outputs: int):
        super().__init__(nn.Flatten(), nn.Linear(prod(in_shape), num_outputs))
