"""What travels from room to room: small frozen dataclasses and abstract classes, no logic.

Shapes: N rows, B batch, C channels, H W pixels, F features, K outputs (classes).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

if TYPE_CHECKING:
    from runner.config.run_config import Reference

Task = Literal["binary", "multiclass", "regression"]
TargetTransform = Literal["log1p"]  # of a number to predict: what the net learns instead of it
Status = Literal["finished", "stopped_early", "interrupted"]
# An empty cell (NaN, or code -1) is filled with the mean of the train rows, or of no category; marked: by a column, too
Missing = Literal["refused", "filled", "marked"]
DatePart = Literal["", "year", "month", "weekday", "hour"]  # weekday 0 is Monday
SPLITS = ("train", "val", "test")
OF_BATCHES = "train/batch_"  # how what is measured since the last log row is called


@dataclass(frozen=True)
class Notation:
    """How the cells of a column spell its numbers; what is "" or empty is as in the rest of the file."""

    decimal: str = ""  # what parts the fraction, . or ,; the other one parts thousands
    markers: tuple[str, ...] = ()  # texts that say that there is no value, beside the usual ones
    unit: str = ""  # what stands behind each number, as kg
    date_format: str = ""  # of strptime, or iso: the cells are dates ...
    date_part: DatePart = ""  # ... and this is the number


@dataclass(frozen=True)
class Column:
    """One feature of a table."""

    name: str
    categories: tuple[str, ...] = ()  # the names of the codes 0, 1, ...; () for a number
    ordered: bool = False  # the codes count as a number: of categories in their order, or of two
    missing: Missing = "refused"
    takes_unknown: bool = False  # a text that is none of the categories is code -1
    notation: Notation = Notation()
    source: str = ""  # the column of the file, where several features come from one
    also: tuple[str, ...] = field(
        default=(), compare=False
    )  # what others call it, taken where its own name is not there

    @property
    def in_file(self) -> str:
        """The column of the file that it is read from."""
        return self.source or self.name

    @property
    def is_number(self) -> bool:
        """Whether it goes into a net as one number; else its codes are names, -1 an unknown or missing one."""
        return self.ordered or not self.categories


@dataclass(frozen=True)
class LeftOut:
    """Why a column of a table is no feature, and what to type to use it; all "" where a user left it out."""

    holds: str = ""  # text, date, row number, one value, nothing
    why: str = ""
    use: str = ""

    def note(self, name: str) -> str:
        """Of the column of that name in a line, as it stands among the notes of the data; "" where a user did it."""
        how = "as year, month, weekday and hour" if self.holds == "date" else "to use it"
        return f"column {name} is left out: {self.why}; {how}: {self.use}" if self.why else ""


class Rows(ABC):
    """Rows that are read when they are asked for: more than memory holds, or made anew each time."""

    shape: tuple[int, ...]  # N, and the shape of one row
    dtype: torch.dtype  # uint8 or float32
    draws: bool  # whether reading a row draws from the global generators

    @abstractmethod
    def __getitem__(self, rows: Tensor) -> Tensor:
        """[n, ...] the rows of these numbers, read in this process. Raises DataError naming what cannot be read."""

    @abstractmethod
    def fingerprint(self) -> str:
        """What stays the same for as long as the rows do."""


@dataclass(frozen=True)
class Data:
    """Every row of a data set, on the host, untouched by scaling."""

    x: Tensor | Rows  # [N, C, H, W] uint8 or float32, or [N, F] float32 (a category is its code, NaN is missing)
    y: Tensor  # [N] int64 in 0..K-1, or [N] float32 for regression
    task: Task
    class_names: tuple[str, ...] = ()  # K names; () for regression
    columns: tuple[Column, ...] = ()  # F of them for a table; () for images
    official_val: Tensor | None = None  # [V] int64 row numbers, where the publisher fixed them
    official_test: Tensor | None = None  # [T] int64 row numbers
    target: str = ""  # the column that y comes from, where it has a name
    ignored: Mapping[str, LeftOut] = field(default_factory=dict)  # columns of the file that are no features
    in_time: Tensor | None = None  # [N] the row numbers from the earliest to the latest: the latest are for the test
    unknown: Mapping[str, int] = field(default_factory=dict)  # column -> its cells of no category that train rows have
    notes: tuple[str, ...] = ()  # what a user should know of how it was read


class Unfitted(Rows):
    """Rows whose columns and classes get their meaning from the train rows; y and names are of all: enough to split."""

    dtype = torch.float32
    draws = False

    def __getitem__(self, rows: Tensor) -> Tensor:
        raise AssertionError("rows that are not fitted yet have no numbers")

    def fingerprint(self) -> str:
        raise AssertionError("rows that are not fitted yet have no numbers")

    @abstractmethod
    def fitted(self, split: Split) -> Data:
        """The same rows in numbers. Raises DataError where val or test hold what the train rows have no meaning for."""


class Source(ABC):
    """The kind of every dataset part: its constructor takes the knobs of the option file, ``load`` reads the rows."""

    @abstractmethod
    def load(self, data_dir: Path) -> Data:
        """The rows. Raises DataError where files are missing or wrong."""

    def blank(self) -> Data | None:
        """One row of zeros with everything but the numbers as ``load`` gives it; None where only the files know."""
        return None


class Architecture(ABC):
    """A model part that makes its net, instead of being it: its constructor takes the knobs of the option file."""

    @abstractmethod
    def build(self, in_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
        """The net, [B, *in_shape] -> logits_BK, on the CPU. Raises ConfigError where the rows do not suit it."""


class Ensemble(nn.Module):
    """A net for tables of M members that are trained at once, each on a batch of its own, and that answer as one.

    In training x_AF -> logits_AK of the A = M * B rows of M batches, one member's behind another's; in evaluation
    x_BF -> logits_BK.
    """

    num_members: int
    shares_batches: bool  # whether the batches of a step hold the same rows
    two_valued: Tensor  # [F] bool, a buffer: columns that are not embedded, for the train rows hold two values at most


class Selection(Ensemble):
    """An ensemble that answers by the members that were picked, each with the weights that were kept of it.

    Before the first pick all members answer as they are. What is kept and picked are buffers.
    """

    kept_losses: Tensor  # [M] on the validation rows, of the weights kept; inf where none are

    @abstractmethod
    def outputs(self, x_BF: Tensor, *, kept: bool) -> Tensor:
        """[B, M, K] what each member says, by its kept weights or as it is."""

    @abstractmethod
    def keep(self, losses_M: Tensor, is_better_M: Tensor) -> None:
        """Copy the weights of the members that are better, and note their losses."""

    @abstractmethod
    def pool(self, outputs_BMK: Tensor, picks_M: Tensor) -> Tensor:
        """logits_BK of the mean answer, in which a member counts as often as it was picked."""

    @abstractmethod
    def pick(self, picks_M: Tensor) -> None:
        """Answer by members picked so many times from now on."""

    @abstractmethod
    def picked(self) -> dict[str, int]:
        """How many times each member was picked, by what sets it apart: {"periodic 0.4": 3, "plain": 0}; {} before."""


@dataclass(frozen=True)
class Split:
    """Row numbers of each split: int64, disjoint; ``val`` and ``test`` may be empty."""

    train: Tensor
    val: Tensor
    test: Tensor


@dataclass(frozen=True)
class Batching:
    """How the rows of a split become batches, however the rows are kept."""

    device: torch.device
    batch_size: int  # of training
    eval_batch_size: int  # of the splits in their own order
    order_seed: int | None  # draws the order of the train batches anew each epoch; None keeps the order of the split
    num_members: int = 1  # that take a train batch each in a step
    shares_batches: bool = False  # whether these hold the same rows


@dataclass(frozen=True)
class Chunk:
    """Several consecutive batches, gathered at once; the last batch may be short."""

    first_batch: int  # number of its first batch in the epoch
    x: Tensor  # [n, ...] on the device, n <= batches * batch_size
    y: Tensor  # [n]
    batch_size: int
    rows: Tensor  # [n] int64 their row numbers in Data, on the device


class Batches(Protocol):
    """What the engine iterates, however the rows are kept. Reading it leaves torch's global generator alone."""

    @property
    def num_rows(self) -> int:
        """Rows in one epoch."""

    def __len__(self) -> int:
        """Batches in one epoch."""

    def chunks(self, epoch: int, from_batch: int = 0) -> Iterator[Chunk]:
        """The chunks of ``epoch`` from the one that holds ``from_batch`` on, which is whole.

        Their borders depend on the batch number alone: its place in memory decides the last bits of a matrix product.
        """


@dataclass(frozen=True)
class Schedule:
    """A scheduler and when it is stepped."""

    scheduler: LRScheduler
    interval: Literal["step", "epoch"]


@dataclass(frozen=True)
class Parts:
    """The built objects of one run, all on one device."""

    preprocess: nn.Module  # raw rows -> float32, constants as buffers, nothing to learn
    model: nn.Module  # -> logits_BK
    loss: nn.Module  # (logits_BK, y_B) -> scalar
    readout: nn.Module  # logits_NK -> scores: [N, K] or [N] probabilities, or [N] values in the target's own unit
    optimizers: tuple[Optimizer, ...]
    schedules: tuple[Schedule, ...]
    metrics: Mapping[str, Any]  # name -> torchmetrics.Metric over (scores, y)
    task: Task
    max_eval_batch: int | None = None  # rows the model is given at once in evaluation, at most; None: no such bound
    augment: Callable[[Tensor, Tensor, int], Tensor] | None = None  # (x, rows, epoch from 0) -> x, of train rows only
    reference: Batches | None = None  # the train rows, where the readout compares with them


@dataclass(frozen=True)
class Progress:
    """How far a run has come, and the sums of the epoch and of the log window it is in; Progress() is a fresh run."""

    step: int = 0  # optimizer steps
    epoch: int = 0  # epochs completed
    batch: int = 0  # batches of the current epoch already trained on
    loss_sum: float = 0.0  # over the rows of the current epoch
    hits: int = 0
    seen: int = 0
    window_loss_sum: float = 0.0  # over the rows since the last log row
    window_seen: int = 0
    window_hits: int | None = 0  # None: not counted
    unjudged: Mapping[str, float] = field(default_factory=dict)  # of an ended epoch whose evaluation was cut short


@dataclass(frozen=True)
class Report:
    """What the engine says at a yield. ``values`` is empty at a mere sign of life."""

    progress: Progress
    epoch: int  # under way or just ended, counted from 1
    values: Mapping[str, float] = field(default_factory=dict)
    epoch_end: bool = False


@dataclass(frozen=True)
class Layer:
    """One row of a model's summary."""

    name: str  # dotted path of the module, "" for the model itself
    kind: str  # class name, with its salient numbers: Conv2d(1, 32, kernel 3)
    out_shape: tuple[int, ...]  # without the batch
    num_parameters: int
    flops: int  # multiply-adds counted twice, forward, one example


@dataclass(frozen=True)
class Outline:
    """What will run: the console's panel, TensorBoard's text and summary.json all show this."""

    name: str
    options: Mapping[str, str]  # group -> chosen option, "auto" already resolved: {"dataset": "digits", ...}
    task: Task
    in_shape: tuple[int, ...]
    class_names: tuple[str, ...]
    class_counts: tuple[int, ...]  # in the train split; () for regression
    split_sizes: Mapping[str, int]  # train, val, test
    split_note: str  # "10 % of train by seed 0, stratified; official test set" ...
    layers: tuple[Layer, ...]
    num_parameters: int
    loss: str  # "cross_entropy label_smoothing 0.1": the option, and its knobs that are not as its file has them
    optimizer: str  # "adam lr 0.001", and so on
    scheduler: str  # "none" or "step_lr step_size 30 gamma 0.1, per epoch"
    device: str
    device_reason: str
    epochs: int
    batch_size: int
    steps_per_epoch: int
    total_steps: int
    monitor: str
    higher_is_better: Mapping[str, bool | None]  # by the name of a metric without the split; None where nobody says
    reference: Reference
    run_dir: Path
    weight_groups: tuple[str, ...] = ()  # "AdamW lr 0.001: 0.bias, 2.bias"; () where all weights are trained alike
    notes: tuple[str, ...] = ()  # of how the data was read
    shuffle: bool = True
    auto_model: str = ""  # for which rows model=auto took the net: pictures; "" where it was chosen
    hint: str = ""  # what else could be tried
    print_every_steps: int | None = None


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the console's last table and summary.json show this."""

    status: Status
    best: Mapping[str, float] = field(default_factory=dict)  # of the checkpoint eval uses: step, epoch, test/...
    final: Mapping[str, float] = field(default_factory=dict)  # metrics at the last epoch's end
    baseline: Mapping[str, float] = field(default_factory=dict)  # the commonest class, or the mean, on the judged split
    linear: Mapping[str, float] = field(default_factory=dict)  # a linear model of the same train rows, likewise
    linear_left_out: str = ""  # why there is none
    trees: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # hist, ... -> likewise
    trees_seconds: Mapping[str, float] = field(default_factory=dict)  # that each took to be fitted and scored
    trees_left_out: Sequence[str] = ()  # which are not there, and why
    confusion: tuple[tuple[int, ...], ...] = ()  # [true][predicted] on the judged split
    judged_split: str = ""  # test; val where there is no test
    seconds: float = 0.0
    remarks: tuple[str, ...] = ()  # lines on what the net was found to do
    calibration: Mapping[str, float] = field(default_factory=dict)  # temperature, reliability before and after
    picked: Mapping[str, int] = field(default_factory=dict)  # how often each member of the net was picked to answer
