"""The transforms of a run as one module, from the raw rows to what the net gets."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from runner.config.steps import read_transforms
from runner.contracts import Column, Data, Rows
from runner.data.transforms import TRANSFORMS, Float32, Impute, Transform
from runner.data.workers import Reader, read_batches
from runner.errors import ConfigError

ROWS_TO_FIT = 256  # of those that stream, in memory at once
RESIDENT_ROWS_TO_FIT = 8192  # as float32 at once, of those that lie in memory as bytes


def build_preprocess(transforms: list[Any], data: Data, train_rows: Tensor, num_workers: int = 0) -> nn.Sequential:
    """The transforms as one module, raw rows -> float32, each fitted on the train rows as the previous ones leave them.

    Rows that stream are read once for each transform to fit, by ``num_workers`` processes. Raises ConfigError where a
    transform does not exist or does not suit the data.
    """
    preprocess = blank_preprocess(transforms, tuple(data.x.shape[1:]), data.columns)
    for i, step in enumerate(preprocess):
        if isinstance(step, Transform) and step.needs_fit:
            step.fit(map(preprocess[:i], _chunks(data.x, train_rows, num_workers)))
    return preprocess


def blank_preprocess(transforms: list[Any], in_shape: tuple[int, ...], columns: tuple[Column, ...]) -> nn.Sequential:
    """The same module before it is fitted: for constants that come from a checkpoint, with no data at hand."""
    steps: OrderedDict[str, nn.Module] = OrderedDict(float32=Float32(columns))
    x = torch.zeros(1, *in_shape)
    for i, spec in enumerate(read_transforms(transforms)):
        step = TRANSFORMS[spec.name](tuple(x.shape[1:]), columns, **spec.knobs)
        x, columns = step(x), step.columns
        steps[f"{i}_{spec.name}"] = step
    if not any(isinstance(step, Impute) for step in steps.values()):
        _check_nothing_missing(columns)
    return nn.Sequential(steps)


def _check_nothing_missing(columns: tuple[Column, ...]) -> None:
    lacking = [column.name for column in columns if column.is_number and column.missing != "refused"]
    if lacking:
        raise ConfigError(
            f"dataset.transforms: empty cells, as of column {lacking[0]}, need impute among the transforms"
        )


def out_shape(preprocess: nn.Module, data: Data) -> tuple[int, ...]:
    """The shape of one row as the model gets it."""
    return tuple(preprocess(torch.zeros(1, *data.x.shape[1:])).shape[1:])


def columns(preprocess: nn.Module) -> tuple[Column, ...]:
    """The columns of a table as the model gets them; () of images."""
    *_, last = preprocess.children()
    return last.columns if isinstance(last, Transform) else ()


def _chunks(x: Tensor | Rows, rows: Tensor, num_workers: int) -> Iterable[Tensor]:
    if isinstance(x, Tensor):
        return (x[some] for some in torch.split(rows, RESIDENT_ROWS_TO_FIT))
    return read_batches(Reader(x, draw_seed=0, epoch=0), torch.split(rows, ROWS_TO_FIT), num_workers)
