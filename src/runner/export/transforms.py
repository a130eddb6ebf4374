"""The transforms of rows and targets as the text that makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from runner.contracts import Data
from runner.errors import ConfigError
from runner.experiment.assemble import Experiment

BEFORE = {"normalise": "one_hot", "one_hot": "scale"}  # which step has to come before which, where there are categories


def preparing_lines(experiment: Experiment) -> list[str]:
    """The transforms, in their order, and the target as the loss wants it. Raises ConfigError for what takes more."""
    data, train_rows = experiment.data, experiment.split.train
    lines: list[str] = []
    names: list[str] = []
    for spec in experiment.config.dataset.knobs["transforms"]:
        (name, knobs), *others = spec.items() if isinstance(spec, Mapping) else [(spec, {})]
        if others or name not in PREPARING:
            raise ConfigError(f"dataset.transforms: {name}: a script can show {', '.join(PREPARING)}; leave it out")
        if has_categories(data) and (later := BEFORE.get(name)) in names:
            raise ConfigError(f"dataset.transforms: {name}: a script can show it before {later}; put it there")
        written = PREPARING[name](knobs or {}, data, train_rows)
        if name == "normalise" and len(written) == 1 and names[-1:] == ["scale"]:
            written = [written[0].replace("(x - ", f"({lines.pop().removeprefix('x = ')} - ")]  # one formula for both
        lines += written
        names.append(name)
    if experiment.config.dataset.option == "car" and "one_hot" not in names:
        lines = ["x = x.float()", *lines]
    return [*lines, *target_lines(experiment)]


def target_lines(experiment: Experiment) -> list[str]:
    """Numbers to predict, brought to mean 0 and deviation 1; two classes as signs where the loss wants them."""
    if experiment.config.loss.target == "torch.nn.SoftMarginLoss":
        return ["y = 2 * y - 1  # the loss wants -1 and 1"]
    if experiment.data.task != "regression":
        return []
    return [
        "target = y[train_rows].double()",
        "y = (y - target.mean().float()) / target.std(correction=0).float()  # the loss is in deviations of the target",
    ]


def has_categories(data: Data) -> bool:
    return any(not column.is_number for column in data.columns)


def scale(knobs: Mapping[str, Any], data: Data, train_rows: Tensor) -> list[str]:
    return [f"x = x / {knobs['divisor']}"]


def flatten(knobs: Mapping[str, Any], data: Data, train_rows: Tensor) -> list[str]:
    return ["x = x.flatten(1)"] * (len(data.x.shape) > 2)


def impute(knobs: Mapping[str, Any], data: Data, train_rows: Tensor) -> list[str]:
    """Nothing: no cell is empty unless dataset.missing says what to do, which a script does not show."""
    return []


def one_hot(knobs: Mapping[str, Any], data: Data, train_rows: Tensor) -> list[str]:
    """Columns of 0 and 1 in the place of each category; numbers stay."""
    if not has_categories(data):
        return []
    sizes = [0 if column.is_number else len(column.categories) for column in data.columns]
    if all(sizes):
        one = "nn.functional.one_hot(column.long())"
        return [f"x = torch.cat([{one} for column in x.T], 1).float()  # {sum(sizes)} columns of 0 and 1"]
    one = "nn.functional.one_hot(column.long(), size) if size else column[:, None]"
    return [
        f"sizes = {sizes}  # how many categories a column has, 0 of a number",
        f"x = torch.cat([{one} for column, size in zip(x.T, sizes)], 1)",
    ]


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


PREPARING: dict[str, Callable[[Mapping[str, Any], Data, Tensor], list[str]]] = {
    "scale": scale,
    "impute": impute,
    "normalise": normalise,
    "one_hot": one_hot,
    "flatten": flatten,
}
