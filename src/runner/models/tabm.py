"""TabM: members that share their weights, and differ by scales of what goes in and out of a layer.

B batch, M members, F features, G features behind the embedding, K outputs, A = M * B.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from runner.contracts import Ensemble, Task
from runner.models.members import AdaptedLinear, MemberLinear, Numbers, Periodic, Piecewise, perceptron
from runner.models.tabular import check_is_table, mean_answer


class TabM(Ensemble):
    """x_AF -> logits_AK in training, a member's rows behind another's; x_BF -> logits_BK, the mean, in evaluation.

    Gorishniy et al. 2025; the embedding of numbers, which all members share, is of Gorishniy et al. 2022. Columns that
    are ``two_valued`` [F] are not embedded. Raises ConfigError for rows that are no table.
    """

    two_valued: Tensor

    def __init__(
        self,
        in_shape: tuple[int, ...],
        num_outputs: int,
        *,
        task: Task,
        two_valued: Tensor,
        num_members: int,
        shares_batches: bool,
        hidden: list[int],
        dropout: float,
        embedding: Literal["periodic", "piecewise", "none"],
        embedding_size: int,
        num_frequencies: int,
        scale: float,
        num_bins: int,
    ):
        check_is_table(in_shape)
        super().__init__()
        self.task: Task = task
        self.num_members, self.shares_batches = num_members, shares_batches
        self.register_buffer("two_valued", two_valued)
        self.numbers: Numbers | None = None
        width, num_numbers = in_shape[0], int((~two_valued).sum())
        if embedding != "none" and num_numbers:
            is_periodic = embedding == "periodic"
            encoder = Periodic([scale], num_numbers, num_frequencies) if is_periodic else Piecewise(num_bins)
            in_features = 2 * num_frequencies if is_periodic else num_bins
            self.numbers = Numbers(~two_valued, [(1, encoder)], in_features=in_features, embedding_size=embedding_size)
            width = self.numbers.out_features
        widths = [width, *hidden]
        shared = (
            AdaptedLinear(num_members, num_in, num_out, first=place == 0)
            for place, (num_in, num_out) in enumerate(pairwise(widths))
        )
        output = MemberLinear(num_members, widths[-1], num_outputs)
        self.members = nn.Sequential(perceptron([*shared, output], dropout))

    def forward(self, x: Tensor) -> Tensor:
        x_G = x if self.numbers is None else self.numbers(x.unsqueeze(1)).flatten(1)
        if self.training:
            outputs_BMK: Tensor = self.members(x_G.view(self.num_members, -1, x_G.shape[1]).transpose(0, 1))
            return outputs_BMK.transpose(0, 1).flatten(0, 1)
        outputs_BMK = self.members(x_G.unsqueeze(1).expand(-1, self.num_members, -1))
        shares_M = torch.full((self.num_members,), 1 / self.num_members, device=x.device)
        return mean_answer(outputs_BMK, shares_M, self.task)
