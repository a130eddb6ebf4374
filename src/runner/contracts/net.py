"""What makes a net, nets of several members, and a net told layer by layer.

Shapes: B batch, F features, M members, K outputs (classes).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn


class Architecture(ABC):
    """A model part that makes its net, instead of being it: its constructor takes the knobs of the option file."""

    @abstractmethod
    def build(self, in_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
        """The net, [B, *in_shape] -> logits_BK, on the CPU. Raises ConfigError where the rows do not suit it."""


class Ensemble(nn.Module):
    """A net for tables of M members that are trained at once, each on a batch of its own, and that answer as one.

    In training x_AF -> logits_AK of the A = M * B rows of M batches, one member's behind another's; in evaluation
    x_BF -> logits_BK.
    """

    num_members: int
    shares_batches: bool  # whether the batches of a step hold the same rows
    two_valued: Tensor  # [F] bool, a buffer: columns that are not embedded, for the train rows hold two values at most


class Selection(Ensemble):
    """An ensemble that answers by the members that were picked, each with the weights that were kept of it.

    Before the first pick all members answer as they are. What is kept and picked are buffers.
    """

    kept_losses: Tensor  # [M] on the validation rows, of the weights kept; inf where none are

    @abstractmethod
    def outputs(self, x_BF: Tensor, *, kept: bool) -> Tensor:
        """[B, M, K] what each member says, by its kept weights or as it is."""

    @abstractmethod
    def keep(self, losses_M: Tensor, is_better_M: Tensor) -> None:
        """Copy the weights of the members that are better, and note their losses."""

    @abstractmethod
    def pool(self, outputs_BMK: Tensor, picks_M: Tensor) -> Tensor:
        """logits_BK of the mean answer, in which a member counts as often as it was picked."""

    @abstractmethod
    def pick(self, picks_M: Tensor) -> None:
        """Answer by members picked so many times from now on."""

    @abstractmethod
    def picked(self) -> dict[str, int]:
        """How many times each member was picked, by what sets it apart: {"periodic 0.4": 3, "plain": 0}; {} before."""


@dataclass(frozen=True)
class LayerSummary:
    """One row of a model's summary."""

    name: str  # dotted path of the module, "" for the model itself
    kind: str  # class name, with its salient numbers: Conv2d(1, 32, kernel 3)
    out_shape: tuple[int, ...]  # without the batch
    num_parameters: int
    flops: int  # multiply-adds counted twice, forward, one example
