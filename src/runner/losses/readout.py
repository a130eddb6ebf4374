"""What the outputs of a net mean: outputs -> scores, as metrics take them and people read them.

Scores are [N, K] probabilities, [N] probabilities of class 1 of two, or [N] values in the target's own unit. A readout
is fitted once and learns nothing; what it holds is saved with the weights. Shapes: N rows, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from runner.contracts import Task


class Probabilities(nn.Module):
    """Softmax over one output a class, sigmoid of a single one."""

    def __init__(self, task: Task):
        super().__init__()
        self.task = task

    def forward(self, logits_NK: Tensor) -> Tensor:
        if logits_NK.shape[1] == 1:
            return logits_NK[:, 0].sigmoid()
        return of_task(logits_NK.softmax(1), self.task)


class Ranking(Probabilities):
    """The same numbers of outputs that a margin loss has set apart: the higher, the better, and no probabilities."""


class OneVersusRest(nn.Module):
    """A sigmoid for each class, scaled to the sum 1: for losses that tell each class from the rest by itself."""

    def __init__(self, task: Task):
        super().__init__()
        self.task = task

    def forward(self, logits_NK: Tensor) -> Tensor:
        return of_task(torch.nn.functional.normalize(logits_NK.sigmoid(), p=1, dim=1), self.task)


class Values(nn.Module):
    """The first output, brought back from mean 0 and deviation 1 to the target's own unit."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Tensor, std: Tensor):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, outputs_NK: Tensor) -> Tensor:
        return outputs_NK[:, 0] * self.std + self.mean


class Rate(nn.Module):
    """The expected count: the train rows' mean times the exponential of the output, or times its softplus.

    An output of 0 is near the mean: a net need not first climb from a count of 1.
    """

    mean: Tensor

    def __init__(self, log_input: bool, mean: Tensor):
        super().__init__()
        self.log_input = log_input
        self.register_buffer("mean", mean)

    def log(self, outputs_N1: Tensor) -> Tensor:
        """Its logarithm, where the output is one."""
        return outputs_N1[:, 0] + self.mean.log()

    def forward(self, outputs_N1: Tensor) -> Tensor:
        return self.log(outputs_N1).exp() if self.log_input else softplus(outputs_N1[:, 0]) * self.mean


def of_task(shares_NK: Tensor, task: Task) -> Tensor:
    """All columns; of two classes the second one alone."""
    return shares_NK[:, 1] if task == "binary" else shares_NK
