"""The rows of a data set as the text that reads and prepares them, with libraries that everybody has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from runner.config.part import Part
from runner.contracts import Data
from runner.data.car import CLASS, CLASS_NAMES, COLUMNS, TECH, comfort, price
from runner.errors import ConfigError
from runner.experiment import Experiment
from runner.parts.build import num_outputs
from runner.script.words import joined
from runner.seed import derive

SKLEARN = {  # option -> what it is called with, besides return_X_y
    "digits": "",
    "iris": "",
    "wine": "",
    "breast_cancer": "",
    "diabetes": "scaled=False, ",
}
TORCHVISION = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST"}
SUPPORTED = (*SKLEARN, *TORCHVISION, "car", "random")


def import_lines(option: str) -> list[str]:
    """What reading it imports, besides torch."""
    if option in TORCHVISION:
        return ["from torchvision import datasets"]
    return [f"from sklearn.datasets import load_{option}"] if option in SKLEARN else []


def reading_lines(experiment: Experiment) -> list[str]:
    """``x`` [N, ...] and ``y`` [N], raw. Raises ConfigError for a data set that a few lines cannot read."""
    part, data = experiment.config.dataset, experiment.data
    if part.option not in SUPPORTED:
        raise ConfigError(
            f"dataset={part.option}: takes more than a few lines to read; a script can read {', '.join(SUPPORTED)}"
        )
    if part.option in TORCHVISION:
        return published(TORCHVISION[part.option], Path(experiment.config.data_dir), data)
    if part.option in SKLEARN:
        return bundled(part, data, as_numbers=single_output(experiment))
    lines = car(part, data) if part.option == "car" else random(part, data)
    return [*lines, *["y = y.float()  # the loss compares numbers"] * single_output(experiment)]


def single_output(experiment: Experiment) -> bool:
    """Whether the net gives one number a row: regression, or the logit of the second of two classes."""
    config, data = experiment.config, experiment.data
    return num_outputs(config.loss, data.task, len(data.class_names), config.trusted) == 1


def bundled(part: Part, data: Data, *, as_numbers: bool) -> list[str]:
    loaded, shape = f"load_{part.option}({SKLEARN[part.option]}return_X_y=True)", list(data.x.shape)
    if as_numbers:
        return [f"x, y = (torch.tensor(each).float() for each in {loaded})  # {shape} and {shape[:1]}"]
    view, says = (".view(-1, 1, 8, 8)", ", pixels 0..16") if part.option == "digits" else ("", "")
    return [f"x, y = map(torch.tensor, {loaded})", f"x = x.float(){view}  # {shape}{says}"]


def published(name: str, data_dir: Path, data: Data) -> list[str]:
    folder = data_dir.relative_to(Path.cwd()) if data_dir.is_relative_to(Path.cwd()) else data_dir
    return [
        f'train_set, test_set = (datasets.{name}("{folder}", train=train, download=True) for train in (True, False))',
        f"x = torch.cat([train_set.data, test_set.data]).unsqueeze(1).float()  # {list(data.x.shape)}, pixels 0..255",
        "y = torch.cat([train_set.targets, test_set.targets])",
    ]


def car(part: Part, data: Data) -> list[str]:
    """Every combination of the categories, and what the decision model makes of each."""
    buying, maint, doors, persons, lug_boot, _ = (column.categories for column in COLUMNS)
    sizes = [len(column.categories) for column in COLUMNS]
    shape = joined(*map(str, sizes[2:5]))
    prices = [[price(b, m) for m in maint] for b in buying]
    comforts = "".join(str(comfort(d, p, boot)) for d in doors for p in persons for boot in lug_boot)
    return [
        f"x = torch.cartesian_prod(*map(torch.arange, {tuple(sizes)}))  # every combination of categories",
        f"{', '.join(column.name for column in COLUMNS)} = x.T",
        f"price = torch.tensor({prices})[buying, maint]  # 0 dear, 3 cheap",
        f'comfort = torch.tensor([*map(int, "{comforts}")]).view({shape})[doors, persons, lug_boot]',
        f"tech = torch.tensor({[list(TECH[c]) for c in TECH]})[comfort, safety]  # of both, 0 is the poorest",
        f"y = torch.tensor({grades()})[price, tech]  # {', '.join(CLASS_NAMES)}",
    ]


def grades() -> list[list[int]]:
    """[price][tech] the number of the class."""
    return [[CLASS_NAMES.index(name) for name in CLASS[of_price]] for of_price in CLASS]


def random(part: Part, data: Data) -> list[str]:
    shape = ", ".join(map(str, data.x.shape[1:]))
    seed, num_rows, num_classes = part.knobs["seed"], len(data.y), part.knobs["num_classes"]
    if num_classes == 0:
        raise ConfigError("dataset.num_classes=0: a script can make up rows with classes only; give 2 or more")
    return [
        f"noise = torch.Generator().manual_seed({derive(seed, 'random rows')})",
        f"means = torch.randn({num_classes}, {shape}, generator=noise)  # of each class",
        f"y = (torch.arange({num_rows}) % {num_classes})[torch.randperm({num_rows}, generator=noise)]",
        f"x = means[y] + torch.randn({num_rows}, {shape}, generator=noise)",
    ]


def preparing_lines(experiment: Experiment) -> list[str]:
    """The transforms, in their order, and the target as the loss wants it. Raises ConfigError for what takes more."""
    lines: list[str] = []
    for place, spec in enumerate(experiment.config.dataset.knobs["transforms"]):
        (name, knobs), *others = spec.items() if isinstance(spec, Mapping) else [(spec, {})]
        if others or name not in PREPARING:
            raise ConfigError(f"dataset.transforms: {name}: a script can show {', '.join(PREPARING)}; leave it out")
        if name == "one_hot" and place > 0:
            raise ConfigError("dataset.transforms: one_hot: a script can show it as the first step only; put it there")
        written = PREPARING[name](knobs or {}, experiment.data)
        if name == "normalise" and len(written) == 1 and lines and lines[-1].startswith("x = x / "):
            written = [written[0].replace("(x - ", f"({lines.pop().removeprefix('x = ')} - ")]  # one formula for both
        lines += written
    if has_categories(experiment.data) and not any("one_hot" in line for line in lines):
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


def scale(knobs: Mapping[str, Any], data: Data) -> list[str]:
    return [f"x = x / {knobs['divisor']}"]


def flatten(knobs: Mapping[str, Any], data: Data) -> list[str]:
    return ["x = x.flatten(1)"]


def one_hot(knobs: Mapping[str, Any], data: Data) -> list[str]:
    """Of a table that has nothing but categories, or none."""
    if not has_categories(data):
        return []
    width = sum(len(column.categories) for column in data.columns)
    one = "nn.functional.one_hot(column)"
    return [f"x = torch.cat([{one} for column in x.T], 1).float()  # {width} columns of 0 and 1"]


def normalise(knobs: Mapping[str, Any], data: Data) -> list[str]:
    """By given numbers, or by those of the train rows."""
    if has_categories(data):
        raise ConfigError("dataset.transforms: normalise: a script can show it of numbers only; leave it out")
    mean, std = knobs.get("mean"), knobs.get("std")
    if mean is None and std is None:
        return fitted(data)
    if mean is None or std is None:
        raise ConfigError("dataset.transforms: normalise: a script needs mean and std, or neither; give both")
    return [f"x = (x - {constant(mean, data)}) / {constant(std, data)}"]


def fitted(data: Data) -> list[str]:
    places = (0, *range(2, len(data.x.shape)))
    dims = "0" if len(places) == 1 else f"{places}, keepdim=True"
    constant_columns = isinstance(data.x, Tensor) and bool((data.x == data.x[:1]).flatten(1).all(0).any())
    if constant_columns and len(places) == 1:
        raise ConfigError(
            "dataset.transforms: normalise: a column is constant: no deviation to divide by; leave it out"
        )
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
    "one_hot": one_hot,
    "flatten": flatten,
}
