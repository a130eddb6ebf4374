"""The built parts of a run, what the engine says of them, and what people are told of it.

Shapes: N rows, B batch, K outputs (classes).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn
from torch.amp import GradScaler
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from runner.contracts.data import Batches, Task
from runner.contracts.net import LayerSummary

if TYPE_CHECKING:
    from runner.config.run_config import Reference
    from runner.ranks import Ranks

Status = Literal["finished", "stopped_early", "interrupted", "pruned"]
Stops = Mapping[int, float | None]  # epoch -> what the monitor must have reached for a run to go on; None: it stops
OF_BATCHES = "train/batch_"  # how what is measured since the last log row is called


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
    compiled: nn.Module | None = None  # the model for training batches of full size; its weights are the model's
    autocast: torch.dtype | None = None  # of products in the net; None: that of the weights
    scaler: GradScaler | None = None  # of the loss in fp16, whose small gradients would be 0
    ranks: Ranks | None = None  # the other processes that train the same net on their share of each batch


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
    layers: tuple[LayerSummary, ...]
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
    accumulate_steps: int = 1  # batches of a step
    precision: str = "float32"
    compile: bool = False
    devices: int = 1


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
