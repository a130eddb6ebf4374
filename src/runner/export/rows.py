"""The rows of a data set as the text that reads, splits and transforms them, with libraries that everybody has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from runner.build.loss import num_outputs
from runner.config.catalog import Part
from runner.contracts import Data
from runner.data import splits
from runner.data.car import CLASS, CLASS_NAMES, COLUMNS, TECH, comfort, price
from runner.data.transforms import Impute
from runner.errors import ConfigError
from runner.experiment.assemble import Experiment, split_settings, transforms
from runner.export.net import code, joined
from runner.export.numeric import has_categories, normalise, quantile, robust
from runner.export.table import table_lines
from runner.seed import derive
from runner.text import here

SKLEARN = {  # option -> what it is called with, besides return_X_y
    "digits": "",
    "iris": "",
    "wine": "",
    "breast_cancer": "",
    "diabetes": "scaled=False, ",
}
TORCHVISION = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST"}
SUPPORTED = (*SKLEARN, *TORCHVISION, "car", "csv", "random")


def import_lines(option: str) -> list[str]:
    """What reading it imports, besides torch."""
    if option in TORCHVISION:
        return ["from torchvision import datasets"]
    if option == "csv":
        return ["import pandas as pd"]
    return [f"from sklearn.datasets import load_{option}"] if option in SKLEARN else []


def reading_lines(experiment: Experiment) -> list[str]:
    """``x`` [N, ...] and ``y`` [N], raw, of one of the ``SUPPORTED`` data sets."""
    part, data = experiment.config.dataset, experiment.data
    if part.option in TORCHVISION:
        return published(TORCHVISION[part.option], Path(experiment.config.data_dir), data)
    if part.option in SKLEARN:
        return bundled(part, data, as_numbers=single_output(experiment))
    if part.option == "csv":
        return table_lines(experiment, as_numbers=single_output(experiment))
    lines = car(data) if part.option == "car" else random(part, data)
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
    folder = code(here(data_dir))
    return [
        f"train_set, test_set = (datasets.{name}({folder}, train=train, download=True) for train in (True, False))",
        f"x = torch.cat([train_set.data, test_set.data]).unsqueeze(1).float()  # {list(data.x.shape)}, pixels 0..255",
        "y = torch.cat([train_set.targets, test_set.targets])",
    ]


def car(data: Data) -> list[str]:
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


def split_lines(experiment: Experiment) -> Iterator[str]:
    """``train_rows``, ``val_rows`` and ``test_rows``, those there are; before the preparing, which may look at them."""
    data, config = experiment.data, experiment.config
    split, official = splits.split(data, split_settings(config)), data.official_test
    first = len(data.y) if official is None else int(official[0])
    if config.folds is not None:
        yield from fold_lines(experiment, first)
    elif official is not None:
        yield f"train_rows, test_rows = torch.arange({first}), torch.arange({first}, {len(data.y)})  # as published"
    elif len(split.test):
        yield f"train_rows, test_rows = {drawn('test', f'torch.arange({first})', data, split.test)}"
    else:
        yield f"train_rows = torch.arange({first})"
    if len(split.val):
        yield f"train_rows, val_rows = {drawn('val', 'train_rows', data, split.val)}"
    if is_limited(experiment):
        yield f"_, train_rows = {drawn('limit', 'train_rows', data, split.train)}"
    for name, whole, few in (("val", split.val, experiment.split.val), ("test", split.test, experiment.split.test)):
        if len(few) < len(whole):  # max_eval_rows
            yield f"_, {name}_rows = {drawn('limit', f'{name}_rows', data, few)}"


def fold_lines(experiment: Experiment, num_rows: int) -> Iterator[str]:
    """One fold of the rows for the test, the others for training."""
    config = experiment.config
    yield f'by_class = shuffled(torch.arange({num_rows}), {config.split_seed}, "folds")'
    if experiment.data.task != "regression":
        yield "by_class = by_class[y[by_class].argsort(stable=True)]"
    yield f"in_fold = torch.arange({num_rows}) % {config.folds} == {config.fold}  # as many of each class in every fold"
    yield "train_rows, test_rows = by_class[~in_fold].sort().values, by_class[in_fold].sort().values"


def is_limited(experiment: Experiment) -> bool:
    return experiment.config.dataset.knobs.get("limit") is not None


def draws(experiment: Experiment) -> bool:
    """Whether rows of every class are drawn at random: for validation, for the test, or to train on few."""
    split, fixed = experiment.split, experiment.data.official_test is not None or experiment.config.folds is not None
    is_drawn = bool(len(split.val)) or (bool(len(split.test)) and not fixed)
    return is_drawn or is_limited(experiment) or experiment.config.max_eval_rows is not None


def draw_lines(experiment: Experiment) -> list[str]:
    """``draw``, which takes rows of every class."""
    if experiment.data.task == "regression":
        count, says, taken = "count", "so many for the split", "order[:count]"
    else:
        count, says = "counts", "for the split so many of each class"
        taken = "torch.cat([order[y[order] == k][:count] for k, count in enumerate(counts)])"
    return [
        f"def draw(rows, split, {count}):  # the rows that are left, and {says}, drawn at random",
        f"    order = shuffled(rows, {experiment.config.split_seed}, split)",
        f"    drawn = {taken}.sort().values",
        "    return rows[~torch.isin(rows, drawn)], drawn",
    ]


def drawn(split: str, source: str, data: Data, rows: Tensor) -> str:
    counts = torch.bincount(data.y[rows], minlength=len(data.class_names)).tolist() if data.class_names else len(rows)
    return f'draw({source}, "{split}", {counts})'


# Which step has to come before which, where there are categories
BEFORE = {"normalise": "one_hot", "quantile": "one_hot", "robust": "one_hot", "one_hot": "scale"}


def preparing_lines(experiment: Experiment) -> list[str]:
    """The transforms, in their order, and the target as the loss wants it. Raises ConfigError for what takes more."""
    data, train_rows = experiment.data, experiment.split.train
    lines: list[str] = []
    names: list[str] = []
    for spec in transforms(experiment.config):
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
        data = imputed(experiment, data) if name == "impute" else data
    if experiment.config.dataset.option == "car" and "one_hot" not in names:
        lines = ["x = x.float()", *lines]
    return [*lines, *target_lines(experiment)]


def target_lines(experiment: Experiment) -> list[str]:
    """Numbers to predict, brought to mean 0 and deviation 1; two classes as signs where the loss wants them."""
    if experiment.config.loss.target == "torch.nn.SoftMarginLoss":
        return ["y = 2 * y - 1  # the loss wants -1 and 1"]
    if experiment.data.task != "regression":
        return []
    logged = ["y = torch.log1p(y)"] * (experiment.config.dataset.knobs.get("target_transform") is not None)
    return [
        *logged,
        "target = y[train_rows].double()",
        "y = (y - target.mean().float()) / target.std(correction=0).float()  # the loss is in deviations of the target",
    ]


def scale(knobs: Mapping[str, Any], data: Data, train_rows: Tensor) -> list[str]:
    return [f"x = x / {knobs['divisor']}"]


def to_unit(knobs: Mapping[str, Any], data: Data, train_rows: Tensor) -> list[str]:
    return ["x = x / 255"] if data.x.dtype == torch.uint8 else []


def flatten(knobs: Mapping[str, Any], data: Data, train_rows: Tensor) -> list[str]:
    return ["x = x.flatten(1)"] * (len(data.x.shape) > 2)


def impute(knobs: Mapping[str, Any], data: Data, train_rows: Tensor) -> list[str]:
    """The mean of the train rows in the place of what is missing, and for each column that may lack cells a mark."""
    if not (isinstance(data.x, Tensor) and data.x.isnan().any()):
        return []
    marked = [i for i, column in enumerate(data.columns) if column.is_number and column.missing == "marked"]
    return [
        f"marked = {marked}  # the columns that lack values",
        "mean = x[train_rows].double().nanmean(0).float()  # the other rows stay unseen",
        "x = torch.cat([torch.where(x.isnan(), mean, x), x[:, marked].isnan().float()], 1)  # 1: it was empty",
    ]


def imputed(experiment: Experiment, data: Data) -> Data:
    """The data as the transform ``impute`` leaves it, for the steps behind it."""
    step = next(step for step in experiment.parts.preprocess.children() if isinstance(step, Impute))
    return replace(data, x=step(data.x), columns=step.columns) if step.needs_fit else data


def one_hot(knobs: Mapping[str, Any], data: Data, train_rows: Tensor) -> list[str]:
    """Columns of 0 and 1 in the place of each category; numbers stay."""
    if not has_categories(data):
        return []
    sizes = [0 if column.is_number else len(column.categories) for column in data.columns]
    if all(sizes) and not lacks_category(data):
        one = "nn.functional.one_hot(column.long())"
        return [f"x = torch.cat([{one} for column in x.T], 1).float()  # {sum(sizes)} columns of 0 and 1"]
    one = "nn.functional.one_hot(column.long(), size)"
    if lacks_category(data):
        one = "nn.functional.one_hot(column.long() + 1, size + 1)[:, 1:]"
    return [
        f"sizes = {sizes}  # how many categories a column has, 0 of a number",
        f"parts = [{one} if size else column[:, None] for column, size in zip(x.T, sizes)]",
        "x = torch.cat(parts, 1)",
    ]


def lacks_category(data: Data) -> bool:
    """Whether a cell of a category is empty, or of a category that no train row has: its code is -1."""
    places = [i for i, column in enumerate(data.columns) if not column.is_number]
    return isinstance(data.x, Tensor) and bool((data.x[:, places] < 0).any())


PREPARING: dict[str, Callable[[Mapping[str, Any], Data, Tensor], list[str]]] = {
    "scale": scale,
    "ToTensor": to_unit,
    "Normalize": normalise,
    "impute": impute,
    "normalise": normalise,
    "quantile": quantile,
    "robust": robust,
    "one_hot": one_hot,
    "flatten": flatten,
}
