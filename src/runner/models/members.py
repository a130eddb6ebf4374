"""Layers of nets that are trained side by side: one batched product for all members.

B batch, M members, I in, O out features, E columns of numbers, F features, G numbers a column is written as, D its
vector. The members come behind the batch, [B, M, ...]; batched products want them in front, which is a view.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

OUTERMOST = 0.001  # share of a normal's values below the first knot, and above the last


class MemberLinear(nn.Module):
    """x_BMI -> [B, M, O]: a linear layer for each member, drawn as torch.nn.Linear draws its own."""

    def __init__(self, num_members: int, in_features: int, out_features: int):
        super().__init__()
        self.num_members, self.in_features, self.out_features = num_members, in_features, out_features
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(num_members, in_features, out_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(num_members, 1, out_features).uniform_(-bound, bound))

    def forward(self, x_BMI: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, x_BMI.transpose(0, 1), self.weight).transpose(0, 1)


class AdaptedLinear(nn.Module):
    """x_BMI -> [B, M, O]: one weight for all members, which scale what goes in and out and have a bias of their own.

    Gorishniy et al. 2025 (TabM), after Wen et al. 2020 (BatchEnsemble). ``first`` draws the scales of what goes in, so
    that members differ from the start; else they are 1.
    """

    def __init__(self, num_members: int, in_features: int, out_features: int, *, first: bool):
        super().__init__()
        self.num_members, self.in_features, self.out_features = num_members, in_features, out_features
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        scale_in = torch.randn(num_members, in_features) if first else torch.ones(num_members, in_features)
        self.scale_in = nn.Parameter(scale_in)
        self.scale_out = nn.Parameter(torch.ones(num_members, out_features))
        self.bias = nn.Parameter(torch.empty(num_members, out_features).uniform_(-bound, bound))

    def forward(self, x_BMI: Tensor) -> Tensor:
        return functional.linear(x_BMI * self.scale_in, self.weight) * self.scale_out + self.bias


class ColumnLinear(nn.Module):
    """x_BMEG -> [B, M, E * D], at least 0: a linear layer with a ReLU for each column of each member."""

    def __init__(self, num_members: int, num_columns: int, in_features: int, out_features: int):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        bound = 1 / math.sqrt(in_features)
        shape = (num_members, num_columns, in_features, out_features)
        self.weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(num_members, num_columns, 1, out_features).uniform_(-bound, bound))

    def forward(self, x_BMEG: Tensor) -> Tensor:
        x = x_BMEG.flatten(1, 2).transpose(0, 1)
        vectors = torch.baddbmm(self.bias.flatten(0, 1), x, self.weight.flatten(0, 1)).relu()
        return vectors.transpose(0, 1).reshape(len(x_BMEG), x_BMEG.shape[1], -1)


class Periodic(nn.Module):
    """x_BME -> [B, M, E, G]: cos and sin of 2 pi f x, for G / 2 learned frequencies f of each column of each member.

    They are drawn from a normal of deviation ``scales[m]`` for member m (Gorishniy et al. 2022).
    """

    def __init__(self, scales: Sequence[float], num_columns: int, num_frequencies: int):
        super().__init__()
        drawn = torch.randn(len(scales), num_columns, num_frequencies)
        self.frequencies = nn.Parameter(drawn * torch.tensor(scales).view(-1, 1, 1))

    def forward(self, x_BME: Tensor) -> Tensor:
        angles = (2 * math.pi) * self.frequencies * x_BME.unsqueeze(3)
        encoded: Tensor = CosSin.apply(angles)
        return encoded


class CosSin(torch.autograd.Function):
    """[..., G] -> [..., 2 G] their cosines and sines, of which each is the other's slope: nothing is computed twice."""

    @staticmethod
    def forward(ctx: Any, angles: Tensor) -> Tensor:
        both = torch.cat([angles.cos(), angles.sin()], -1)
        ctx.save_for_backward(both)
        return both

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        cos, sin = ctx.saved_tensors[0].chunk(2, -1)
        of_cos, of_sin = gradient.chunk(2, -1)
        return torch.addcmul(of_sin * cos, of_cos, sin, value=-1)


class Piecewise(nn.Module):
    """x_BME -> [B, M, E, G]: how far x has come through each of G bins, from 0 to 1 (Gorishniy et al. 2022).

    Their borders are quantiles of the normal: columns are near it, or were made so.
    """

    borders: Tensor  # [G + 1]

    def __init__(self, num_bins: int):
        super().__init__()
        shares = torch.linspace(OUTERMOST, 1 - OUTERMOST, num_bins + 1)
        self.register_buffer("borders", torch.special.ndtri(shares), persistent=False)

    def forward(self, x_BME: Tensor) -> Tensor:
        low, width = self.borders[:-1], self.borders.diff()
        return ((x_BME.unsqueeze(3) - low) / width).clamp(0, 1)


class Numbers(nn.Module):
    """x_BMF -> [B, M, E * D + the other columns]: a vector for each column of numbers, the others behind them.

    The first members are those of the ``encoders``, in their order, which give ``in_features`` numbers for a column;
    ``num_plain`` others have zeros behind the number itself.
    """

    embedded: Tensor  # [E] the columns that get a vector
    others: Tensor

    def __init__(
        self,
        is_embedded_F: Tensor,
        encoders: Sequence[tuple[int, nn.Module]],
        *,
        in_features: int,
        embedding_size: int,
        num_plain: int = 0,
    ):
        super().__init__()
        self.register_buffer("embedded", is_embedded_F.nonzero().flatten(), persistent=False)
        self.register_buffer("others", (~is_embedded_F).nonzero().flatten(), persistent=False)
        self.counts = [count for count, _ in encoders]
        self.num_plain, self.embedding_size = num_plain, embedding_size
        self.encoders = nn.ModuleList(encoder for _, encoder in encoders)
        num_columns = len(self.embedded)
        self.linear = ColumnLinear(sum(self.counts), num_columns, in_features, embedding_size)
        self.out_features = num_columns * embedding_size + len(self.others)

    def forward(self, x_BMF: Tensor) -> Tensor:
        x_BME = x_BMF.index_select(2, self.embedded)
        *parts, plain = torch.split(x_BME, [*self.counts, self.num_plain], dim=1)
        encoded = [encode(part) for encode, part in zip(self.encoders, parts, strict=True)]
        vectors = self.linear(torch.cat(encoded, 1) if len(encoded) > 1 else encoded[0])
        if self.num_plain:
            behind = functional.pad(plain.unsqueeze(3), (0, self.embedding_size - 1))
            vectors = torch.cat([vectors, behind.flatten(2)], 1)
        return torch.cat([vectors, x_BMF.index_select(2, self.others)], 2)


class MemberDropout(nn.Dropout):
    """x_BMI with a share of the features silenced at random in training: the same ones in row b of every member.

    Members learn by themselves, so one draw does for all; a draw for each would take a seventh of a training step.
    """

    def forward(self, x_BMI: Tensor) -> Tensor:
        return x_BMI * super().forward(torch.ones_like(x_BMI[:, :1])) if self.training else x_BMI


def perceptron(linears: Sequence[nn.Module], dropout: float) -> OrderedDict[str, nn.Module]:
    """The layers by name, with ReLU and dropout behind each but the last."""
    *hidden, output = linears
    made: OrderedDict[str, nn.Module] = OrderedDict()
    for place, linear in enumerate(hidden):
        made |= {f"linear_{place}": linear, f"relu_{place}": nn.ReLU()}
        if dropout:
            made[f"dropout_{place}"] = MemberDropout(dropout)
    return made | {"output": output}
