"""Fixed steps between the raw rows and the net: modules whose constants are buffers, so they travel with the weights.

A new one is a class or a function here, its knobs in runner.config.steps. N rows, C channels, H W pixels, F features.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from runner.config.steps import read_transforms
from runner.contracts import Column, Data, Rows
from runner.data import torchvision_transforms
from runner.data.numeric import Normalise, Quantile, Robust, Scaled
from runner.data.torchvision_transforms import ToUnit
from runner.data.transform import Columns, Shape, Transform
from runner.data.workers import Reader, read_batches
from runner.errors import ConfigError
from runner.text import figure

ROWS_TO_FIT = 256  # of those that stream, in memory at once
RESIDENT_ROWS_TO_FIT = 8192  # as float32 at once, of those that lie in memory as bytes
LUMA = (0.299, 0.587, 0.114)  # how bright red, green and blue look: ITU-R BT.601, what Pillow and torchvision take


def build_preprocess(transforms: list[Any], data: Data, train_rows: Tensor, num_workers: int = 0) -> nn.Sequential:
    """The transforms as one module, raw rows -> float32, each fitted on the train rows as the previous ones leave them.

    Rows that stream are read by ``num_workers`` processes, once for each to fit. Raises ConfigError where one is wrong.
    """
    preprocess = blank_preprocess(transforms, tuple(data.x.shape[1:]), data.columns)
    for i, step in enumerate(preprocess):
        if isinstance(step, ToUnit) and data.x.dtype != torch.uint8:
            step.divisor.fill_(1)
        if isinstance(step, Transform) and step.needs_fit:
            step.fit(map(preprocess[:i], _chunks(data.x, train_rows, num_workers)))
    return preprocess


def blank_preprocess(transforms: list[Any], in_shape: Shape, columns: Columns) -> nn.Sequential:
    """The same module before it is fitted: for constants that come from a checkpoint, with no data at hand."""
    steps: OrderedDict[str, Transform] = OrderedDict(float32=Float32(in_shape, columns))
    x = torch.zeros(1, *in_shape)
    for i, spec in enumerate(read_transforms(transforms)):
        kind, in_shape = TRANSFORMS[spec.name], tuple(x.shape[1:])
        if spec.name in CHANNELS:
            _check_images(spec.name, in_shape)
        step = kind(in_shape, columns, **spec.knobs)
        x, columns = step(x), step.columns
        steps[f"{i}_{spec.name}"] = step
    empty = [column.name for column in columns if column.is_number and column.missing != "refused"]
    if empty and not any(isinstance(step, Impute) for step in steps.values()):
        raise ConfigError(f"dataset.transforms: empty cells, as of column {empty[0]}, need impute among the transforms")
    return nn.Sequential(OrderedDict[str, nn.Module](steps))


def out_shape(preprocess: nn.Module, data: Data) -> Shape:
    """The shape of one row as the model gets it."""
    return tuple(preprocess(torch.zeros(1, *data.x.shape[1:])).shape[1:])


def columns(preprocess: nn.Module) -> Columns:
    """The columns of a table as the model gets them; () of images."""
    *_, last = preprocess.children()
    return last.columns if isinstance(last, Transform) else ()


def of_two_values(preprocess: nn.Module) -> Tensor:
    """[G] which columns of a table, as the model gets them, hold two values on the train rows, as those of one-hot."""
    known = torch.zeros(0, dtype=torch.bool)
    for step in preprocess.children():
        if isinstance(step, Scaled):
            known = step.of_two_values
        elif isinstance(step, OneHot):
            known = known[step.source] | ~step.numeric if len(known) else ~step.numeric
    return known if len(known) else torch.zeros(len(columns(preprocess)), dtype=torch.bool)


def _chunks(x: Tensor | Rows, rows: Tensor, num_workers: int) -> Iterable[Tensor]:
    if isinstance(x, Tensor):
        return (x[some] for some in torch.split(rows, RESIDENT_ROWS_TO_FIT))
    return read_batches(Reader(x, draw_seed=0, epoch=0), torch.split(rows, ROWS_TO_FIT), num_workers)


def _check_images(name: str, in_shape: Shape) -> None:
    if len(in_shape) != 3:
        raise ConfigError(f"dataset.transforms: {name} needs images [C, H, W] and gets rows of shape {list(in_shape)}")
    if CHANNELS[name] and in_shape[0] not in CHANNELS[name]:
        raise ConfigError(f"dataset.transforms: {name} needs 1 or 3 channels and gets {in_shape[0]}")


class Float32(Transform):
    """Bytes become float32, unscaled: a copy, into which the next steps may write."""

    def forward(self, x: Tensor) -> Tensor:
        return x.to(torch.float32, copy=True)


class Scale(Transform):
    """Every value divided by ``divisor``."""

    divisor: Tensor

    def __init__(self, in_shape: Shape, columns: Columns, *, divisor: float):
        super().__init__(in_shape, columns)
        self.register_buffer("divisor", torch.tensor(float(divisor)))

    def forward(self, x: Tensor) -> Tensor:
        return x.div_(self.divisor)  # in place: a new tensor for every chunk costs as much as the division


class Impute(Transform):
    """An empty cell of a number becomes the mean of the column's train rows.

    Columns that are marked get another one behind all others: 1 where the cell was empty, else 0. Categories that are
    no numbers are left as they are: an empty one is code -1.
    """

    mean: Tensor  # [F]
    marked: Tensor  # [M] the columns that get a mark

    def __init__(self, in_shape: Shape, columns: Columns):
        marked = [i for i, column in enumerate(columns) if column.is_number and column.missing == "marked"]
        whole = (replace(column, missing="refused") if column.is_number else column for column in columns)
        super().__init__(in_shape, (*whole, *(Column(f"{columns[i].name} missing") for i in marked)))
        self.needs_fit = any(column.missing != "refused" for column in columns)
        self.register_buffer("mean", torch.zeros(in_shape[0]))
        self.register_buffer("marked", torch.tensor(marked, dtype=torch.int64))

    def fit(self, chunks: Iterable[Tensor]) -> None:
        total, count = torch.zeros(len(self.mean), dtype=torch.float64), torch.zeros(len(self.mean))
        for x_NF in chunks:
            total += x_NF.nansum(0, dtype=torch.float64)
            count += (~x_NF.isnan()).sum(0)
        self.mean.copy_(total / count.clamp(min=1))

    def forward(self, x_NF: Tensor) -> Tensor:
        if not self.needs_fit:  # there is nothing to fill
            return x_NF
        missing_NF = x_NF.isnan()
        marks_NM = missing_NF.index_select(1, self.marked).float()
        return torch.cat([torch.where(missing_NF, self.mean, x_NF), marks_NM], 1)


def fill_of(preprocess: nn.Module, place: int) -> str:
    """What an empty cell of a number becomes; in words where other steps have changed the column before."""
    first = next(islice(preprocess.children(), 1, None), None)  # behind float32
    return figure(float(first.mean[place]), is_short=True) if isinstance(first, Impute) else "the mean"


class OneHot(Transform):
    """Each categorical column [N] becomes one column of 0 and 1 per category, in its place; numbers stay.

    A code that is no category gives all zeros. Categories in order are numbers.
    """

    source: Tensor  # [G] the column each of the G new columns reads
    code: Tensor  # [G] the code that makes it 1
    numeric: Tensor  # [G] whether it is a number, and passes through

    def __init__(self, in_shape: Shape, columns: Columns):
        if not columns:
            raise ConfigError("dataset.transforms: one_hot needs the columns of a table and this data set has none")
        made = [
            (column,) if column.is_number else [Column(f"{column.name}={category}") for category in column.categories]
            for column in columns
        ]
        super().__init__(in_shape, tuple(column for of_one in made for column in of_one))
        source = [i for i, of_one in enumerate(made) for _ in of_one]
        self.register_buffer("source", torch.tensor(source))
        self.register_buffer("code", torch.tensor([float(code) for of_one in made for code in range(len(of_one))]))
        self.register_buffer("numeric", torch.tensor([columns[i].is_number for i in source]))

    def forward(self, x_NF: Tensor) -> Tensor:
        x_NG = x_NF.index_select(1, self.source)
        return torch.where(self.numeric, x_NG, (x_NG == self.code).float())


class Plain(Transform):
    """A step without constants: ``change`` of the rows, with the knobs of its option."""

    def __init__(self, in_shape: Shape, columns: Columns, *, change: Callable[..., Tensor], **knobs: Any):
        super().__init__(in_shape, columns)
        self.change = partial(change, **knobs)

    def forward(self, x: Tensor) -> Tensor:
        return self.change(x)


def resize(x_NCHW: Tensor, size: list[int] | int) -> Tensor:
    """[N, C, H, W] -> [N, C, *size], bilinear; where it shrinks, every pixel is an average of all it stands for.

    A number alone is the shorter side, as in torchvision; the other keeps its ratio to it.
    """
    if isinstance(size, int):
        sides = x_NCHW.shape[2:]
        size = [size * side // min(sides) for side in sides]
    # contiguous: another memory layout takes another kernel, whose last bits differ
    return functional.interpolate(x_NCHW.contiguous(), (size[0], size[1]), mode="bilinear", antialias=True)


def grey(x_NCHW: Tensor) -> Tensor:
    """[N, 3, H, W] -> [N, 1, H, W], the brightness; images that are grey already stay as they are."""
    if x_NCHW.shape[1] == 1:
        return x_NCHW
    red, green, blue = x_NCHW.unbind(1)
    return (LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue).unsqueeze(1)


def colour(x_NCHW: Tensor) -> Tensor:
    """[N, 1, H, W] -> [N, 3, H, W], the same three times; images that have colours already stay as they are."""
    return x_NCHW if x_NCHW.shape[1] == 3 else x_NCHW.repeat(1, 3, 1, 1)


def pad(x_NCHW: Tensor, pixels: int) -> Tensor:
    """[N, C, H, W] -> [N, C, H + 2 pixels, W + 2 pixels], zeros around."""
    return functional.pad(x_NCHW, [pixels] * 4)


CHANNELS: Mapping[str, Shape] = {  # of images; (): any
    **{"resize": (), "pad": (), "grey": (1, 3), "colour": (1, 3)},
    **torchvision_transforms.CHANNELS,
}
TRANSFORMS: Mapping[str, Any] = {
    "scale": Scale,
    "normalise": Normalise,
    "quantile": Quantile,
    "robust": Robust,
    "impute": Impute,
    "one_hot": OneHot,
    "flatten": partial(Plain, change=partial(torch.flatten, start_dim=1)),
    "resize": partial(Plain, change=resize),
    "grey": partial(Plain, change=grey),
    "colour": partial(Plain, change=colour),
    "pad": partial(Plain, change=pad),
    **torchvision_transforms.TRANSFORMS,
}
