"""A loss for models with one output."""

# B batch

from __future__ import annotations

from torch import Tensor, nn


class SingleOutput(nn.Module):
    """(logits_B1, y_B) -> scalar: ``loss`` over [B], the targets as floats, for binary classes and regression.

    Without it MSELoss would spread [B, 1] against [B] into [B, B] and learn the mean.
    """

    def __init__(self, loss: nn.Module):
        super().__init__()
        self.loss = loss

    def forward(self, logits_B1: Tensor, y_B: Tensor) -> Tensor:
        loss: Tensor = self.loss(logits_B1.squeeze(1), y_B.to(logits_B1.dtype))
        return loss
