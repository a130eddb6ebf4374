"""How the numbers of a row are scaled, by what the train rows hold: modules in front of the net.

N rows, C channels, F features, Q knots.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from math import sqrt
from typing import Any

import torch
from torch import Tensor

from runner.data.transform import Columns, Shape, Transform
from runner.errors import ConfigError

Numbers = float | list[float]
SMALLEST = 1e-19  # of a number, of whose square float32 has all digits
KNOTS = 1000  # quantiles of a column, as many as scikit-learn's QuantileTransformer takes
FARTHEST = 5.199338  # the normal quantile of 1 - 1e-7, where that one ends too


class Scaled(Transform):
    """A step that scales numbers, and knows which columns of a table hold two values on the train rows.

    Categories without an order are left as they are.
    """

    numeric: Tensor  # [C or F] what is scaled
    of_two_values: Tensor  # [F] numbers alone; all false until it is fitted
    needs_fit = True

    def __init__(self, in_shape: Shape, columns: Columns):
        super().__init__(in_shape, columns)
        numeric = torch.tensor([column.is_number for column in columns] or [True] * in_shape[0])
        self.register_buffer("numeric", numeric, persistent=False)
        self.register_buffer("of_two_values", torch.zeros_like(numeric), persistent=bool(columns))

    def fit(self, chunks: Iterable[Tensor]) -> None:
        self.fit_scale(self._watched(chunks) if self.columns else chunks)

    @abstractmethod
    def fit_scale(self, chunks: Iterable[Tensor]) -> None:
        """Sets the buffers that scale; every chunk is read."""

    def _watched(self, chunks: Iterable[Tensor]) -> Iterator[Tensor]:
        """The chunks as they are; at their end it is known which columns hold two values."""
        ends_2F, are_at_ends_F = torch.empty(0, len(self.numeric)), self.numeric.clone()
        for x_NF in chunks:
            seen = torch.cat([ends_2F, x_NF])
            ends_2F = torch.stack([seen.amin(0), seen.amax(0)])
            are_at_ends_F &= ((seen == ends_2F[0]) | (seen == ends_2F[1])).all(0)
            yield x_NF
        self.of_two_values.copy_(are_at_ends_F & (ends_2F[0] != ends_2F[1]))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *others: Any) -> None:
        if self.columns:  # checkpoints of older builds lack it, and nets of theirs do not ask
            state_dict.setdefault(f"{prefix}of_two_values", self.of_two_values)
        super()._load_from_state_dict(state_dict, prefix, *others)


class Normalise(Scaled):
    """Mean 0 and deviation 1 over the train rows, or as given: per channel of images, per numeric column of tables.

    What is constant is only shifted.
    """

    mean: Tensor  # [C, 1, 1] or [F]
    std: Tensor

    def __init__(self, in_shape: Shape, columns: Columns, *, mean: Numbers | None, std: Numbers | None):
        super().__init__(in_shape, columns)
        self.mean_given, self.std_given = mean is not None, std is not None
        self.needs_fit = not (self.mean_given and self.std_given)
        view = (-1,) + (1,) * (len(in_shape) - 1)
        self.register_buffer("mean", _spread("mean", mean, self.numeric, 0.0).view(view))
        self.register_buffer("std", _spread("std", std, self.numeric, 1.0).view(view))

    def fit_scale(self, chunks: Iterable[Tensor]) -> None:
        mean, var = _mean_and_variance(chunks)
        if not self.mean_given:
            self.mean.copy_(torch.where(self.numeric, mean, 0.0).view_as(self.mean))
        if not self.std_given:
            self._check_range(mean, var)
            self.std.copy_(torch.where(self.numeric & (var > 0), var.sqrt(), 1.0).view_as(self.std))

    def _check_range(self, mean: Tensor, var: Tensor) -> None:
        """Raises ConfigError for a column whose squares float32 does not hold: it would be 0 in every row."""
        wrong = self.numeric & (~var.isfinite() | ((var == 0) & (mean != 0) & (mean.abs() < SMALLEST)))
        if wrong.any() and self.columns:
            place = int(wrong.int().argmax())
            raise ConfigError(
                f"dataset.transforms: normalise: the squares of column {self.columns[place].name}, of mean "
                f"{float(mean[place]):.3g}, are beyond float32\n  write it in another unit, as 3.4 for 3.4e25"
            )

    def forward(self, x: Tensor) -> Tensor:
        return x.sub_(self.mean).div_(self.std)


class Robust(Scaled):
    """Median 0 and interquartile range 1 over the train rows, per numeric column of a table.

    A column of which most rows hold one value has no such range: its whole range is taken (Holzmueller et al. 2024,
    RealMLP). What is constant is only shifted.
    """

    median: Tensor  # [F]
    spread: Tensor  # [F]

    def __init__(self, in_shape: Shape, columns: Columns):
        _check_table("robust", in_shape)
        super().__init__(in_shape, columns)
        self.register_buffer("median", torch.zeros(in_shape))
        self.register_buffer("spread", torch.ones(in_shape))

    def fit_scale(self, chunks: Iterable[Tensor]) -> None:
        low, first, median, third, high = quantiles(torch.cat([*chunks]), 5)
        spread = torch.where(third > first, third - first, high - low)
        self.median.copy_(torch.where(self.numeric, median, 0.0))
        self.spread.copy_(torch.where(self.numeric & (spread > 0), spread, 1.0))

    def forward(self, x_NF: Tensor) -> Tensor:
        return x_NF.sub_(self.median).div_(self.spread)


class Quantile(Scaled):
    """Each numeric column of a table brought to a normal of mean 0 and deviation 1, by its quantiles in the train rows.

    Between two quantiles the share of rows below is interpolated; a value that many rows hold stands for the middle of
    them, which is where scikit-learn's QuantileTransformer comes to when it is fitted on rows with a little noise. What
    lies beyond the train rows is taken for the last of them; a constant becomes 0.
    """

    knots: Tensor  # [F, Q] ascending

    def __init__(self, in_shape: Shape, columns: Columns):
        _check_table("quantile", in_shape)
        super().__init__(in_shape, columns)
        self.register_buffer("knots", torch.zeros(*in_shape, KNOTS))

    def fit_scale(self, chunks: Iterable[Tensor]) -> None:
        self.knots.copy_(quantiles(torch.cat([*chunks]), KNOTS).T)

    def forward(self, x_NF: Tensor) -> Tensor:
        place_NF = places(self.knots, x_NF.T.contiguous()).T
        normal_NF = sqrt(2) * torch.erfinv(2 * place_NF / (KNOTS - 1) - 1)
        return torch.where(self.numeric, normal_NF.clamp(-FARTHEST, FARTHEST), x_NF)


def places(knots_FQ: Tensor, x_FN: Tensor) -> Tensor:
    """[F, N] where each value lies among its column's knots: 0 at the first, Q - 1 at the last."""
    x_FN = x_FN.clamp(knots_FQ[:, :1], knots_FQ[:, -1:])
    below, upto = torch.searchsorted(knots_FQ, x_FN), torch.searchsorted(knots_FQ, x_FN, right=True)
    is_knot = upto > below
    low, high = knots_FQ.gather(1, (below - 1).clamp(min=0)), knots_FQ.gather(1, below)
    share = (x_FN - low) / torch.where(is_knot, 1.0, high - low)
    return torch.where(is_knot, (below + upto - 1) / 2, below - 1 + share)


def quantiles(x_NF: Tensor, num: int) -> Tensor:
    """[num, F] of each column, at even shares from the lowest to the highest value, interpolated between rows."""
    place = torch.linspace(0, len(x_NF) - 1, num, dtype=torch.float64)
    low = place.long()
    high = (low + 1).clamp(max=len(x_NF) - 1)
    ordered = (column.sort().values.double() for column in x_NF.T)  # one at a time: sorting takes memory
    return torch.stack([torch.lerp(each[low], each[high], place - low) for each in ordered], 1).float()


def _check_table(name: str, in_shape: Shape) -> None:
    """Raises ConfigError for pictures."""
    if len(in_shape) != 1:
        raise ConfigError(f"dataset.transforms: {name} scales the columns of a table and gets rows of {list(in_shape)}")


def _mean_and_variance(chunks: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """([C or F], [C or F]) over all places of all rows: the chunks' own, joined in float64 (Chan et al. 1983)."""
    count, mean, squares = 0, torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for x in chunks:
        places = x.numel() // x.shape[1]
        var_chunk, mean_chunk = torch.var_mean(x, dim=[dim for dim in range(x.dim()) if dim != 1], correction=0)
        total, shift = count + places, mean_chunk.double() - mean
        mean = mean + shift * (places / total)
        squares = squares + var_chunk.double() * places + shift**2 * (count * places / total)
        count = total
    return mean.float(), (squares / count).float()


def _spread(knob: str, given: Numbers | None, numeric: Tensor, otherwise: float) -> Tensor:
    """[C] or [F]: ``given`` at the numeric places, one number for all of them or one each; ``otherwise`` at others."""
    places = int(numeric.sum())
    if isinstance(given, list) and len(given) != places:
        each = f", or {places}: one for each channel or numeric column" if places > 1 else ""
        raise ConfigError(f"dataset.transforms: normalise.{knob} has {len(given)} numbers; give one{each}")
    constants = torch.full(numeric.shape, otherwise)
    constants[numeric] = torch.tensor(otherwise if given is None else given, dtype=torch.float32)
    return constants
