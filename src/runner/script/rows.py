"""The rows of a data set as the text that reads, prepares and splits them, with libraries that everybody has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from runner.config.part import Part
from runner.contracts import Data
from runner.errors import ConfigError
from runner.experiment import Experiment

SKLEARN = {
    "iris": "load_iris()",
    "wine": "load_wine()",
    "breast_cancer": "load_breast_cancer()",
    "diabetes": "load_diabetes(scaled=False)",
}
TORCHVISION = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST"}
SUPPORTED = ("digits", *SKLEARN, *TORCHVISION, "random")


def import_lines(option: str) -> list[str]:
    """What reading it imports, besides torch."""
    if option in TORCHVISION:
        return ["from torchvision import datasets"]
    function = "load_digits" if option == "digits" else SKLEARN.get(option, "").partition("(")[0]
    return [f"from sklearn.datasets import {function}"] if function else []


def reading_lines(experiment: Experiment) -> list[str]:
    """``x`` [N, ...] and ``y`` [N], raw. Raises ConfigError for a data set that a few lines cannot read."""
    part, data = experiment.config.dataset, experiment.data
    if part.option not in SUPPORTED:
        raise ConfigError(f"dataset={part.option}: a script can read {', '.join(SUPPORTED)}")
    if part.option in TORCHVISION:
        return published(TORCHVISION[part.option], Path(experiment.config.data_dir), data)
    lines = {"digits": digits, "random": random}.get(part.option, bundled)(part, data)
    as_numbers = single_output(experiment) and not data.y.is_floating_point()
    return [*lines, *["y = y.float()  # the loss compares numbers"] * as_numbers]


def single_output(experiment: Experiment) -> bool:
    """Whether the net gives one number a row: regression, or the logit of the second of two classes."""
    return experiment.data.task == "regression" or experiment.config.loss.option == "bce_with_logits"


def digits(part: Part, data: Data) -> list[str]:
    return [
        "digits = load_digits()",
        "x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)  # [1797, 1, 8, 8], pixels 0..16",
        "y = torch.tensor(digits.target)",
    ]


def bundled(part: Part, data: Data) -> list[str]:
    dtype = ", dtype=torch.float32" if data.task == "regression" else ""
    return [
        f"table = {SKLEARN[part.option]}",
        f"x = torch.tensor(table.data, dtype=torch.float32)  # {list(data.x.shape)}",
        f"y = torch.tensor(table.target{dtype})",
    ]


def published(name: str, data_dir: Path, data: Data) -> list[str]:
    folder = data_dir.relative_to(Path.cwd()) if data_dir.is_relative_to(Path.cwd()) else data_dir
    return [
        f'train_set = datasets.{name}("{folder}", train=True, download=True)',
        f'test_set = datasets.{name}("{folder}", train=False)',
        f"x = torch.cat([train_set.data, test_set.data]).unsqueeze(1).float()  # {list(data.x.shape)}, pixels 0..255",
        "y = torch.cat([train_set.targets, test_set.targets])",
    ]


def random(part: Part, data: Data) -> list[str]:
    shape = ", ".join(map(str, data.x.shape[1:]))
    seed, num_rows, num_classes = part.knobs["seed"], len(data.y), part.knobs["num_classes"]
    if num_classes == 0:
        raise ConfigError("dataset.num_classes=0: a script can make up rows with classes only")
    return [
        f'noise = generator({seed}, "random rows")  # around a mean of its own for each class',
        f"means = torch.randn({num_classes}, {shape}, generator=noise)",
        f"y = (torch.arange({num_rows}) % {num_classes})[torch.randperm({num_rows}, generator=noise)]",
        f"x = means[y] + torch.randn({num_rows}, {shape}, generator=noise)",
    ]


def split_lines(experiment: Experiment) -> Iterator[str]:
    """``train_rows``, ``val_rows`` and ``test_rows``, those there are; before the preparing, which may look at them."""
    data = experiment.data
    rows = f"torch.arange({len(data.y)})"
    if data.official_test is not None:
        first = int(data.official_test[0])
        yield f"train_rows, test_rows = torch.arange({first}), torch.arange({first}, {len(data.y)})  # as published"
    elif len(experiment.split.test):
        yield drawn("test", rows, data, experiment.split.test)
    else:
        yield f"train_rows = {rows}"
    if len(experiment.split.val):
        yield drawn("val", "train_rows", data, experiment.split.val)


def draws(experiment: Experiment) -> bool:
    """Whether rows are drawn at random for validation or test."""
    split, official = experiment.split, experiment.data.official_test is not None
    return bool(len(split.val)) or (bool(len(split.test)) and not official)


def draw_lines(experiment: Experiment) -> list[str]:
    """``draw``, which takes rows of every class."""
    if experiment.data.task == "regression":
        count, says, taken = "count", "so many for the split, drawn at random", "shuffled[:count]"
    else:
        count, says = "counts", "for the split so many of each class, drawn at random"
        taken = "torch.cat([shuffled[y[shuffled] == k][:count] for k, count in enumerate(counts)])"
    seed = experiment.config.split_seed
    return [
        f"def draw(rows, split, {count}):",
        f'    """The rows that are left, and {says}."""',
        f"    shuffled = rows[torch.randperm(len(rows), generator=generator({seed}, split))]",
        f"    drawn = {taken}.sort().values",
        "    return rows[~torch.isin(rows, drawn)], drawn",
    ]


def generator_lines() -> list[str]:
    """``generator``: what the split and the order of the rows are drawn from."""
    return [
        "def generator(*purpose):",
        '    """Random numbers for one purpose: the same every time, whatever else is drawn."""',
        "    digest = hashlib.sha256(repr(purpose).encode()).digest()",
        '    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") & (2**63 - 1))',
    ]


def drawn(split: str, source: str, data: Data, rows: Tensor) -> str:
    counts = torch.bincount(data.y[rows], minlength=len(data.class_names)).tolist() if data.class_names else len(rows)
    return f'train_rows, {split}_rows = draw({source}, "{split}", {counts})'


def preparing_lines(experiment: Experiment) -> list[str]:
    """The transforms, in their order. Raises ConfigError for one that takes more than a line."""
    lines: list[str] = []
    for spec in experiment.config.dataset.knobs["transforms"]:
        (name, knobs), *others = spec.items() if isinstance(spec, Mapping) else [(spec, {})]
        if others or name not in PREPARING:
            raise ConfigError(f"dataset.transforms: {name}: a script can show {', '.join(PREPARING)}")
        lines += PREPARING[name](knobs or {}, experiment.data)
    return [*lines, *target_lines(experiment)]


def target_lines(experiment: Experiment) -> list[str]:
    """Numbers to predict, brought to mean 0 and deviation 1."""
    if experiment.data.task != "regression":
        return []
    return [
        "target = y[train_rows].double()",
        "y = (y - target.mean().float()) / target.std(correction=0).float()  # the loss is in deviations of the target",
    ]


def scale(knobs: Mapping[str, Any], data: Data) -> list[str]:
    return [f"x = x / {knobs['divisor']}"]


def flatten(knobs: Mapping[str, Any], data: Data) -> list[str]:
    return ["x = x.flatten(1)"]


def normalise(knobs: Mapping[str, Any], data: Data) -> list[str]:
    """By given numbers, or by those of the train rows."""
    if any(column.categories for column in data.columns):
        raise ConfigError("dataset.transforms: normalise: a script can show it for columns of numbers only")
    mean, std = knobs.get("mean"), knobs.get("std")
    if mean is None and std is None:
        return fitted(data)
    if mean is None or std is None:
        raise ConfigError("dataset.transforms: normalise: a script needs mean and std, or neither")
    return [f"x = (x - {constant(mean, data)}) / {constant(std, data)}"]


def fitted(data: Data) -> list[str]:
    places = (0, *range(2, len(data.x.shape)))
    dims = "0" if len(places) == 1 else f"{places}, keepdim=True"
    constant_columns = isinstance(data.x, Tensor) and bool((data.x == data.x[:1]).flatten(1).all(0).any())
    if constant_columns and len(places) == 1:
        raise ConfigError("dataset.transforms: normalise: a column is constant; a script cannot show it")
    return [
        f"var, mean = torch.var_mean(x[train_rows], {dims}, correction=0)  # the other rows stay unseen",
        "x = (x - mean) / var.sqrt()",
    ]


def constant(numbers: float | list[float], data: Data) -> str:
    values = numbers if isinstance(numbers, list) else [numbers]
    if len(values) == 1:
        return str(values[0])
    shape = "" if len(data.x.shape) == 2 else f".view({', '.join(['-1', *['1'] * (len(data.x.shape) - 2)])})"
    return f"torch.tensor({values}){shape}"


PREPARING: dict[str, Callable[[Mapping[str, Any], Data], list[str]]] = {
    "scale": scale,
    "normalise": normalise,
    "flatten": flatten,
}
