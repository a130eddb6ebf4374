"""The net as torch compiles it, tried before it is trained."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn

from runner import seed
from runner.contracts import Parts
from runner.engine.forward import forward


def compiled(parts: Parts, x_B: Tensor) -> nn.Module:
    """The model for training batches of the shape of ``x_B``, compiled and tried; its weights are the model's own.

    Nothing else changes by the trial: statistics and generators are put back, gradients are gone. Dropout draws as in
    the model itself. Raises whatever torch's compiler does where it cannot.
    """
    net = cast(nn.Module, torch.compile(parts.model, dynamic=False, options={"fallback_random": True}))
    before = {name: buffer.clone() for name, buffer in parts.model.named_buffers()}
    with seed.kept():
        torch.autograd.backward(forward(replace(parts, model=net.train()), x_B).sum())
    for name, buffer in parts.model.named_buffers():
        buffer.copy_(before[name])
    parts.model.zero_grad()
    return net
