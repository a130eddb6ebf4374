"""How the rows are split, and in which order they come, as the text that draws what this program draws."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from runner.contracts import Data
from runner.experiment.assemble import Experiment


def split_lines(experiment: Experiment) -> Iterator[str]:
    """``train_rows``, ``val_rows`` and ``test_rows``, those there are; before the preparing, which may look at them."""
    data, split, config = experiment.data, experiment.split, experiment.config
    official = data.official_test
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
    return bool(len(split.val)) or (bool(len(split.test)) and not fixed) or is_limited(experiment)


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


def shuffled_lines() -> list[str]:
    """``shuffled``, the order of the rows for a purpose, as this program finds it."""
    return [
        "def shuffled(rows, *purpose):  # in a random order: the same one every time for the same purpose",
        "    seed = int(hashlib.sha256(repr(purpose).encode()).hexdigest()[:16], 16) % 2**63",
        "    return rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))]",
    ]


def drawn(split: str, source: str, data: Data, rows: Tensor) -> str:
    counts = torch.bincount(data.y[rows], minlength=len(data.class_names)).tolist() if data.class_names else len(rows)
    return f'draw({source}, "{split}", {counts})'
