"""The forward pass of a net, in the precision of its run."""

from __future__ import annotations

import torch
from torch import Tensor

from runner.contracts import Parts


def forward(parts: Parts, x_B: Tensor) -> Tensor:
    """What the model says of the rows: float32 whatever it computes in, for losses and metrics add up."""
    if parts.autocast is None:
        outputs: Tensor = parts.model(x_B)
        return outputs
    with torch.autocast(x_B.device.type, parts.autocast):
        outputs = parts.model(x_B)
    return outputs.float()
