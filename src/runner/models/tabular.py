"""A net for tables that needs no tuning: small members of which each sees numbers at a scale of its own.

B batch, M members, F features, K outputs, A = M * B.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.func import functional_call

from runner.contracts import Selection, Task
from runner.errors import ConfigError
from runner.models.members import MemberLinear, Numbers, Periodic, Piecewise, perceptron


class Tabular(Selection):
    """x_AF -> logits_AK in training, a member's rows behind another's; x_BF -> logits_BK of those picked in evaluation.

    A member for each of the ``scales`` embeds numbers by frequencies of that scale, the next ``num_piecewise`` by
    piecewise-linear encoding, the last ``num_plain`` not at all. Columns that are ``two_valued`` [F] are not embedded.
    Raises ConfigError for rows that are no table, and without a member.
    """

    two_valued: Tensor
    kept_losses: Tensor
    picks: Tensor  # [M] how many times each was picked; all 0 before the first pick
    shares_batches = False

    def __init__(
        self,
        in_shape: tuple[int, ...],
        num_outputs: int,
        *,
        task: Task,
        two_valued: Tensor,
        hidden: list[int],
        dropout: float,
        scales: list[float],
        num_frequencies: int,
        embedding_size: int,
        num_piecewise: int,
        num_plain: int,
    ):
        check_is_table(in_shape)
        super().__init__()
        self.task: Task = task
        kinds = [*(f"periodic {scale:g}" for scale in scales), *["piecewise"] * num_piecewise, *["plain"] * num_plain]
        self.names = [kind if kinds.count(kind) == 1 else f"{kind} ({place})" for place, kind in enumerate(kinds)]
        self.num_members = len(kinds)
        if not kinds:
            raise ConfigError("scales=[]: without num_piecewise and num_plain there is no member")
        self.register_buffer("two_valued", two_valued)
        encoders: list[tuple[int, nn.Module]] = []
        if scales:
            encoders.append((len(scales), Periodic(scales, int((~two_valued).sum()), num_frequencies)))
        if num_piecewise:
            encoders.append((num_piecewise, Piecewise(2 * num_frequencies)))
        first, width = OrderedDict[str, nn.Module](), in_shape[0]
        if encoders and not two_valued.all():
            numbers = Numbers(
                ~two_valued,
                encoders,
                in_features=2 * num_frequencies,
                embedding_size=embedding_size,
                num_plain=num_plain,
            )
            first["numbers"], width = numbers, numbers.out_features
        widths = pairwise([width, *hidden, num_outputs])
        linears = [MemberLinear(self.num_members, num_in, num_out) for num_in, num_out in widths]
        self.members = nn.Sequential(first | perceptron(linears, dropout))
        for name, weight in self.members.named_parameters():
            self.register_buffer(kept_name(name), weight.detach().clone())
        self.register_buffer("kept_losses", torch.full((self.num_members,), torch.inf))
        self.register_buffer("picks", torch.zeros(self.num_members))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            outputs_BMK: Tensor = self.members(x.view(self.num_members, -1, x.shape[1]).transpose(0, 1))
            return outputs_BMK.transpose(0, 1).flatten(0, 1)
        is_picked = bool(self.picks.any())
        return self.pool(self.outputs(x, kept=is_picked), self.picks if is_picked else torch.ones_like(self.picks))

    def outputs(self, x_BF: Tensor, *, kept: bool) -> Tensor:
        x_BMF = x_BF.unsqueeze(1).expand(-1, self.num_members, -1)
        outputs: Tensor = functional_call(self.members, self._kept(), x_BMF) if kept else self.members(x_BMF)
        return outputs

    def keep(self, losses_M: Tensor, is_better_M: Tensor) -> None:
        self.kept_losses.copy_(torch.where(is_better_M, losses_M, self.kept_losses))
        weights = dict(self.members.named_parameters())
        for name, kept in self._kept().items():  # of the first members where the others have none
            kept[is_better_M[: len(kept)]] = weights[name].detach()[is_better_M[: len(kept)]]

    def pool(self, outputs_BMK: Tensor, picks_M: Tensor) -> Tensor:
        return mean_answer(outputs_BMK, picks_M / picks_M.sum(), self.task)

    def pick(self, picks_M: Tensor) -> None:
        self.picks.copy_(picks_M)

    def picked(self) -> dict[str, int]:
        times_M = self.picks.int().tolist()
        return dict(zip(self.names, times_M, strict=True)) if any(times_M) else {}

    def _kept(self) -> dict[str, Tensor]:
        return {name: getattr(self, kept_name(name)) for name, _ in self.members.named_parameters()}


def kept_name(name: str) -> str:
    """The buffer that keeps the weight ``name`` of the members."""
    return f"kept_{name.replace('.', '_')}"


def mean_answer(outputs_BMK: Tensor, shares_M: Tensor, task: Task) -> Tensor:
    """logits_BK: of the members' mean probabilities, or their mean number for regression; ``shares_M`` sum to 1.

    In float32 whatever the net computes in: in half the bits a probability near 1 is 1.
    """
    with torch.autocast(outputs_BMK.device.type, enabled=False):
        outputs_BMK, shares_M = outputs_BMK.float(), shares_M.float()
        if task == "regression":
            return torch.einsum("bmk,m->bk", outputs_BMK, shares_M)
        if outputs_BMK.shape[2] == 1:
            shares_B1 = torch.einsum("bmk,m->bk", outputs_BMK.sigmoid(), shares_M)
            return shares_B1.logit(eps=torch.finfo(torch.float32).eps)
        return (outputs_BMK.log_softmax(2) + shares_M.log()[:, None]).logsumexp(1)


def check_is_table(in_shape: tuple[int, ...]) -> None:
    """Raises ConfigError for rows that are no numbers in columns."""
    if len(in_shape) != 1:
        shape = list(in_shape)
        raise ConfigError(f"is for tables, and these rows have the shape {shape}; choose model=cnn, or model=dnn")
