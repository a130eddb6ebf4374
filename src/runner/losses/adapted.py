"""How the losses of torch.nn are called with the outputs of a net and the targets of a data set.

Shapes: B batch, K classes.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot, pad

from runner.losses.readout import Rate

Call = Callable[[nn.Module, Tensor, Tensor], Tensor]  # (loss, outputs, targets) -> scalar


class Adapted(nn.Module):
    """(outputs, y_B) -> scalar: ``loss`` as ``call`` calls it. The loss may hold weights: they move with it."""

    def __init__(self, loss: nn.Module, call: Call):
        super().__init__()
        self.loss = loss
        self.call = call

    def forward(self, outputs: Tensor, y_B: Tensor) -> Tensor:
        return self.call(self.loss, outputs, y_B)


class Standardised(Adapted):
    """``Adapted`` over targets of mean 0 and deviation 1: the net need not grow into the target's unit first."""

    mean: Tensor
    std: Tensor

    def __init__(self, loss: nn.Module, call: Call, mean: Tensor, std: Tensor):
        super().__init__(loss, call)
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, outputs: Tensor, y_B: Tensor) -> Tensor:
        return self.call(self.loss, outputs, (y_B - self.mean) / self.std)


class OfLog(nn.Module):
    """(outputs, y_B) -> scalar: ``loss`` over log(1 + y), which must be above -1."""

    def __init__(self, loss: nn.Module):
        super().__init__()
        self.loss = loss

    def forward(self, outputs: Tensor, y_B: Tensor) -> Tensor:
        value: Tensor = self.loss(outputs, y_B.log1p())
        return value


class Counted(nn.Module):
    """(outputs_B1, y_B) -> scalar: a Poisson loss of counts in their own unit, expected as ``rate`` has it."""

    def __init__(self, loss: nn.PoissonNLLLoss, rate: Rate):
        super().__init__()
        self.loss = loss
        self.rate = rate

    def forward(self, outputs_B1: Tensor, y_B: Tensor) -> Tensor:
        value: Tensor = self.loss(self.rate.log(outputs_B1) if self.rate.log_input else self.rate(outputs_B1), y_B)
        return value


def weight_of_rows(loss: nn.Module, y_B: Tensor) -> Tensor | int:
    """What the mean over the rows divides by: how many they are, or what their classes weigh together."""
    own = loss.loss if isinstance(loss, Adapted) else loss
    if not isinstance(own, nn.CrossEntropyLoss | nn.NLLLoss):
        return len(y_B)
    counts_B = y_B != own.ignore_index
    return (counts_B if own.weight is None else counts_B * own.weight[y_B]).sum()


def may_leave_out_rows(loss: nn.Module) -> bool:
    """Whether rows of a class count nothing: a mean over such rows alone is not a number."""
    own = loss.loss if isinstance(loss, Adapted) else loss
    if not isinstance(own, nn.CrossEntropyLoss | nn.NLLLoss):
        return False
    return own.ignore_index >= 0 or (own.weight is not None and bool((own.weight == 0).any()))


def with_one_output(loss: nn.Module, outputs_B1: Tensor, y_B: Tensor) -> Tensor:
    """Over [B], the targets as floats. MSELoss would spread [B, 1] against [B] into [B, B] and learn the mean."""
    value: Tensor = loss(outputs_B1.squeeze(1), y_B.to(outputs_B1.dtype))
    return value


def with_probability(loss: nn.Module, logits_B1: Tensor, y_B: Tensor) -> Tensor:
    """Over the probability of class 1: the sigmoid that BCELoss wants at the end of a net stands here."""
    return with_one_output(loss, logits_B1.sigmoid(), y_B)


def with_signs(loss: nn.Module, outputs_B1: Tensor, y_B: Tensor) -> Tensor:
    """Over targets -1 and 1 for class 0 and 1."""
    return with_one_output(loss, outputs_B1, 2 * y_B - 1)


def with_log_softmax(loss: nn.Module, logits_BK: Tensor, y_B: Tensor) -> Tensor:
    """Over log probabilities: the LogSoftmax that NLLLoss wants at the end of a net stands here."""
    value: Tensor = loss(logits_BK.log_softmax(1), y_B)
    return value


def with_one_hot(loss: nn.Module, outputs_BK: Tensor, y_B: Tensor) -> Tensor:
    """Over [B, K] targets: 1 for the row's class, 0 for the others."""
    value: Tensor = loss(outputs_BK, one_hot(y_B, outputs_BK.shape[1]).to(outputs_BK.dtype))
    return value


def with_label_list(loss: nn.Module, outputs_BK: Tensor, y_B: Tensor) -> Tensor:
    """Over [B, K] lists of labels, of which -1 ends the list after the first."""
    value: Tensor = loss(outputs_BK, pad(y_B[:, None], (0, outputs_BK.shape[1] - 1), value=-1))
    return value


def with_ranks(loss: nn.Module, outputs_BK: Tensor, y_B: Tensor) -> Tensor:
    """Over pairs: the output of the row's class is to rank above that of every other class."""
    num_classes = outputs_BK.shape[1]
    other_classes = (y_B[:, None] + torch.arange(1, num_classes, device=y_B.device)) % num_classes
    others = outputs_BK.gather(1, other_classes)
    value: Tensor = loss(outputs_BK.gather(1, y_B[:, None]).expand_as(others), others, torch.ones_like(others))
    return value


def with_variance(loss: nn.Module, outputs_B2: Tensor, y_B: Tensor) -> Tensor:
    """Over a mean and a variance; the second output is the logarithm of the variance."""
    value: Tensor = loss(outputs_B2[:, 0], y_B, outputs_B2[:, 1].exp())
    return value
