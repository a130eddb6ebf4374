"""How numbers are scaled by the train rows, as the text that does it.

What is written takes ``x`` [N, F] and ``train_rows``, and leaves ``x`` scaled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from runner.contracts import Data
from runner.data.numeric import FARTHEST, KNOTS
from runner.errors import ConfigError


def normalise(knobs: Mapping[str, Any], data: Data, train_rows: Tensor) -> list[str]:
    """By given numbers, or by those of the train rows; of categories nothing."""
    mean, std = knobs.get("mean"), knobs.get("std")
    if mean is None and std is None:
        return fitted(data, train_rows)
    if mean is None or std is None:
        raise ConfigError("dataset.transforms: normalise: a script needs mean and std, or neither; give both")
    if has_categories(data):
        raise ConfigError("dataset.transforms: normalise: a script can show mean and std of numbers only; give neither")
    return [f"x = (x - {constant(mean, data)}) / {constant(std, data)}"]


def fitted(data: Data, train_rows: Tensor) -> list[str]:
    """Of a table what is constant in the train rows is only shifted."""
    if has_categories(data):
        return fitted_numbers(data, train_rows)
    places = (0, *range(2, len(data.x.shape)))
    dims = "0" if len(places) == 1 else f"{places}, keepdim=True"
    return [
        f"var, mean = torch.var_mean(x[train_rows], {dims}, correction=0)  # the other rows stay unseen",
        f"x = (x - mean) / {'var.sqrt()' if len(places) > 1 else deviation(data.x[train_rows])}",
    ]


def fitted_numbers(data: Data, train_rows: Tensor) -> list[str]:
    """Among categories, where there are any."""
    numbers = [i for i, column in enumerate(data.columns) if column.is_number]
    if not numbers:
        return []
    return [
        f"numbers = {numbers}  # the columns that are no categories",
        "var, mean = torch.var_mean(x[train_rows][:, numbers], 0, correction=0)  # the other rows stay unseen",
        f"x[:, numbers] = (x[:, numbers] - mean) / {deviation(data.x[train_rows][:, numbers])}",
    ]


def deviation(x_train: Tensor) -> str:
    is_constant_F = (x_train == x_train[:1]).all(0)
    return "torch.where(var > 0, var, 1).sqrt()" if is_constant_F.any() else "var.sqrt()"


def constant(numbers: float | list[float], data: Data) -> str:
    values = numbers if isinstance(numbers, list) else [numbers]
    if len(values) == 1:
        return str(values[0])
    shape = "" if len(data.x.shape) == 2 else f".view({', '.join(['-1', *['1'] * (len(data.x.shape) - 2)])})"
    return f"torch.tensor({values}){shape}"


def robust(knobs: Mapping[str, Any], data: Data, train_rows: Tensor) -> list[str]:
    """Median 0 and the quartiles 1 apart; the whole range is 1 where they are equal."""
    return of_numbers(
        data,
        [
            *quantile_lines(5),
            "lowest, first, median, third, highest = quantiles",
            "spread = torch.where(third > first, third - first, highest - lowest)",
            "numbers = (numbers - median) / torch.where(spread > 0, spread, 1)",
        ],
    )


def quantile(knobs: Mapping[str, Any], data: Data, train_rows: Tensor) -> list[str]:
    """To a normal: the share of train rows below a value, those that hold it counted half."""
    return of_numbers(
        data,
        [
            *quantile_lines(KNOTS),
            "knots = quantiles.T.contiguous()",
            "values = numbers.T.contiguous().clamp(knots[:, :1], knots[:, -1:])  # no farther than the train rows",
            "below, upto = torch.searchsorted(knots, values), torch.searchsorted(knots, values, right=True)",
            "start, end = knots.gather(1, (below - 1).clamp(min=0)), knots.gather(1, below)",
            "between = below - 1 + (values - start) / torch.where(upto > below, 1, end - start)",
            f"share = torch.where(upto > below, (below + upto - 1) / 2, between).T / {KNOTS - 1}  # of the train rows",
            f"numbers = (2**0.5 * torch.erfinv(2 * share - 1)).clamp(-{FARTHEST}, {FARTHEST})  # of a normal",
        ],
    )


def quantile_lines(num: int) -> list[str]:
    return [
        "ordered = numbers[train_rows].double().sort(0).values  # the other rows stay unseen",
        f"place = torch.linspace(0, len(ordered) - 1, {num}, dtype=torch.double)[:, None]",
        "low = place.long().flatten()",
        "high = (low + 1).clamp(max=len(ordered) - 1)",
        "quantiles = torch.lerp(ordered[low], ordered[high], place - low[:, None]).float()",
    ]


def of_numbers(data: Data, lines: list[str]) -> list[str]:
    """The lines, which scale ``numbers``, over the columns that are no categories."""
    if not has_categories(data):
        return ["numbers = x", *lines, "x = numbers"]
    places = [i for i, column in enumerate(data.columns) if column.is_number]
    if not places:
        return []
    columns = f"columns = {places}  # that are no categories"
    return [columns, "numbers = x[:, columns]", *lines, "x[:, columns] = numbers"]


def has_categories(data: Data) -> bool:
    return any(not column.is_number for column in data.columns)
