"""Checked part -> object. What only the run knows is given here; what torch would refuse later is refused now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adagrad, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from torch.utils.data import Dataset

from runner.config.part import Part
from runner.contracts import Schedule, Source, Task
from runner.errors import ConfigError, RunnerError
from runner.losses.embedding import EmbeddingLoss
from runner.parts import auto, fitting
from runner.parts.signature import arguments, parameter_names
from runner.parts.target import resolve, resolve_in_file

if TYPE_CHECKING:  # 2.4 s to import: only where a metric is built
    from torchmetrics import Metric

T = TypeVar("T")
# Device types for which torch has a one-kernel step
FUSED = {
    SGD: ("cpu", "cuda", "mps"),
    Adam: ("cpu", "cuda", "mps"),
    AdamW: ("cpu", "cuda", "mps"),
    Adagrad: ("cpu", "cuda"),
}


def build_source(part: Part, trusted: Sequence[str] = ()) -> Source:
    """The data set that ``part`` names, nothing read yet; one that wraps a class of the user's is given the class."""
    kind: type[Source] = _kind_of(part, Source, trusted)  # type: ignore[type-abstract] # its subclasses are meant
    if "dataset_class" not in parameter_names(kind):
        return _make(part, kind)
    return _make(part, kind, {"dataset_class": _user_class(part.knobs["path"], part.knobs["name"], trusted)})


def _user_class(path: str | None, name: str, trusted: Sequence[str]) -> type[Dataset[Any]]:
    if path is None:
        return resolve(name, Dataset, trusted, "dataset.name")
    return resolve_in_file(Path(path).expanduser(), name, Dataset, trusted, "dataset")


def build_model(part: Part, in_shape: tuple[int, ...], num_outputs: int, trusted: Sequence[str] = ()) -> nn.Module:
    """A model on the CPU, [B, *in_shape] -> logits_BK. Its weights are drawn from torch's global generator."""
    model = _make(part, _kind_of(part, nn.Module, trusted), {"in_shape": in_shape, "num_outputs": num_outputs})
    with _faults_of(part), torch.no_grad():
        out_shape = list(model.eval()(torch.zeros(1, *in_shape)).shape)
    if out_shape != [1, num_outputs]:
        raise ConfigError(f"model={part.option} turns one row into {out_shape}, not into [1, {num_outputs}]")
    return model.train()


def num_outputs(part: Part, task: Task, num_classes: int, trusted: Sequence[str] = ()) -> int:
    """Columns that the loss ``part`` wants of the model. Raises ConfigError where it does not fit the task."""
    return auto.num_outputs(_kind_of(part, nn.Module, trusted), task, num_classes, part.knobs)


def is_embedding(part: Part, trusted: Sequence[str] = ()) -> bool:
    """Whether the loss ``part`` learns where rows lie, which only their neighbours can judge."""
    return issubclass(_kind_of(part, nn.Module, trusted), EmbeddingLoss)


def build_loss(
    part: Part, task: Task, num_classes: int, y_train: Tensor, trusted: Sequence[str] = ()
) -> tuple[nn.Module, nn.Module]:
    """The loss, (outputs, y_B) -> scalar, the mean over the rows; and its readout, outputs -> scores.

    ``y_train`` are the labels or numbers of the train rows, for balanced weights and the target's unit. Both may hold
    numbers: move them to the device. Raises ConfigError for a loss that cannot learn the task.
    """
    kind = _kind_of(part, nn.Module, trusted)
    fit = auto.fit_of(kind, task, num_classes)
    own = _make(part, kind, knobs=fitting.knobs_for(part, kind, y_train, num_classes))
    outputs = torch.zeros(2, num_outputs(part, task, num_classes, trusted))
    with _faults_of(part):
        loss, readout = fitting.adapt(own, fit, y_train), fitting.readout(own, fit, task, num_classes, y_train)
        value = loss(outputs, y_train[:1].expand(2))
    if not isinstance(value, Tensor) or value.numel() != 1:
        raise ConfigError(f"loss={part.option} gives no single number; an optimizer needs one")
    return loss, readout


def build_optimizers(
    part: Part, model: nn.Module, device: torch.device, trusted: Sequence[str] = ()
) -> tuple[Optimizer, ...]:
    """The optimizers of the model's weights, which are on ``device`` already.

    ``fused: null`` becomes true where torch has such a step. Raises ConfigError also for what torch would refuse at
    the first step.
    """
    kind = _kind_of(part, Optimizer, trusted)
    _check_counts(part, part.knobs)
    knobs = {**part.knobs, "fused": True} if _can_fuse(kind, part.knobs, device) else part.knobs
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    if not weights:
        raise ConfigError(f"optimizer={part.option} has nothing to do: the model has no weights to learn")
    with _faults_of(part):
        _rehearse(_make(part, kind, {"params": [torch.ones(2, 2, device=device, requires_grad=True)]}, knobs))
    return (_make(part, kind, {"params": weights}, knobs),)


def build_schedules(
    part: Part,
    optimizers: Sequence[Optimizer],
    *,
    total_steps: int,
    steps_per_epoch: int,
    monitor_mode: Literal["min", "max"],
    trusted: Sequence[str] = (),
) -> tuple[Schedule, ...]:
    """One schedule an optimizer; () for scheduler=none.

    ``T_max: null`` becomes all the ticks of the run, ``mode: null`` the direction in which the monitor gets better.
    """
    if part.target is None:
        return ()
    kind = _kind_of(part, LRScheduler, trusted)
    knobs = dict(part.knobs)
    interval = _interval(knobs.pop("interval", "epoch"), on_monitor=issubclass(kind, ReduceLROnPlateau))
    ticks = total_steps if interval == "step" else ceil(total_steps / steps_per_epoch)
    knobs |= {key: value for key, value in {"T_max": ticks, "mode": monitor_mode}.items() if knobs.get(key, 0) is None}
    _check_counts(part, knobs)
    with _faults_of(part):
        _rehearse_schedule(lambda optimizer: _scheduler(part, kind, optimizer, knobs))
    schedulers = [_scheduler(part, kind, optimizer, knobs) for optimizer in optimizers]
    return tuple(Schedule(scheduler, interval) for scheduler in schedulers)


def _scheduler(part: Part, kind: type[LRScheduler], optimizer: Optimizer, knobs: Mapping[str, Any]) -> LRScheduler:
    start = {"last_epoch": -1} if "last_epoch" in parameter_names(kind) else {}  # a resumed one loads its state
    return _make(part, kind, {"optimizer": optimizer, **start}, knobs)


def build_metrics(
    parts: Sequence[Part], task: Task, num_classes: int, trusted: Sequence[str] = ()
) -> dict[str, Metric]:
    """Option name -> metric over (scores, y), on the CPU, in the order of ``parts``.

    Scores are probabilities: [B, K] for several classes, [B] of class 1 for two; predictions [B] for regression.
    """
    return {part.option: _metric(part, task, num_classes, trusted) for part in parts}


def _metric(part: Part, task: Task, num_classes: int, trusted: Sequence[str]) -> Metric:
    from torchmetrics import Metric

    kind = _kind_of(part, Metric, trusted)  # type: ignore[type-abstract] # its subclasses are meant
    measured = _measured(kind)
    if measured is not None and (measured == "numbers") != (task == "regression"):
        fitting = auto.REGRESSION_METRICS if task == "regression" else auto.CLASS_METRICS
        words = auto.describe(task, num_classes)
        raise ConfigError(f"metric={part.option} does not fit {words}; what fits: {', '.join(fitting)}")
    facts = {"task": task, "num_classes": num_classes, "num_outputs": 1, "validate_args": True}
    metric = _make(part, kind, {key: value for key, value in facts.items() if key in parameter_names(kind)})
    with _faults_of(part):
        _rehearse_metric(metric, task, num_classes)
    if measured == "classes":
        metric.validate_args = False  # most would look for wrong labels in every batch: a host sync each
    return metric


def _measured(kind: type[Metric]) -> Literal["classes", "numbers"] | None:
    """What torchmetrics' own classes are for; None for a class of the user's."""
    if kind.__module__.startswith("torchmetrics.classification."):
        return "classes"
    return "numbers" if kind.__module__.startswith("torchmetrics.regression.") else None


def _kind_of(part: Part, role: type[T], trusted: Sequence[str]) -> type[T]:
    assert part.target is not None, f"{part.group}={part.option} was to be chosen before it is built"
    return resolve(part.target, role, trusted, f"{part.group}._target_")


def _make(part: Part, kind: type[T], facts: Mapping[str, Any] = {}, knobs: Mapping[str, Any] | None = None) -> T:
    given = arguments(part, kind, facts, part.knobs if knobs is None else knobs)
    with _faults_of(part):
        return kind(**given)


@contextmanager
def _faults_of(part: Part) -> Iterator[None]:
    """Says which part an error comes from. A class named in a config may raise anything: the cause stays attached."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError([_named(part, fault) for fault in error.faults]) from error
    except RunnerError:
        raise
    except Exception as error:
        words = str(error).strip().split("\n")[0] or type(error).__name__
        raise ConfigError(_named(part, words)) from error


def _named(part: Part, fault: str) -> str:
    prefix = f"{part.group}={part.option}: "
    return fault if fault.startswith((prefix, f"{part.group}.")) else prefix + fault


def _can_fuse(kind: type[Optimizer], knobs: Mapping[str, Any], device: torch.device) -> bool:
    unset = knobs.get("fused") is None and not knobs.get("foreach") and not knobs.get("differentiable")
    return unset and device.type in FUSED.get(kind, ())


def _rehearse(optimizer: Optimizer) -> None:
    """One step on a weight of its own: only then torch looks at the gradient, capturable, line_search_fn and others."""
    (weight,) = optimizer.param_groups[0]["params"]

    def closure() -> float:
        weight.grad = weight.detach().clone()
        return float(weight.grad.square().sum() / 2)

    closure()
    optimizer.step(closure)


def _rehearse_schedule(make: Callable[[Optimizer], LRScheduler]) -> None:
    """Two ticks on an optimizer of its own."""
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = make(optimizer)
    for _ in range(2):
        optimizer.step()
        if isinstance(scheduler, ReduceLROnPlateau):
            scheduler.step(0.0)
        else:
            scheduler.step()


def _rehearse_metric(metric: Metric, task: Task, num_classes: int) -> None:
    """Two rows, forgotten again: only then torchmetrics looks at multidim_average."""
    scores = torch.full((2, num_classes), 1 / num_classes) if task == "multiclass" else torch.zeros(2)
    metric.update(scores, torch.zeros(2) if task == "regression" else torch.zeros(2, dtype=torch.int64))
    metric.reset()


def _interval(value: object, on_monitor: bool) -> Literal["step", "epoch"]:
    if value == "epoch":
        return "epoch"
    if value == "step" and not on_monitor:
        return "step"
    why = "the monitor is measured once an epoch" if value == "step" else "no interval"
    raise ConfigError(f"scheduler.interval={value}: {why}; choices: {'epoch' if on_monitor else 'epoch, step'}")


def _check_counts(part: Part, knobs: Mapping[str, Any]) -> None:
    """What torch would divide by, or trip over, at a later step only."""
    counts = ("step_size", "T_max", "max_iter", "history_size")
    wrong = [key for key in counts if isinstance(knobs.get(key), int) and knobs[key] < 1]
    faults = [f"{part.group}.{key}={knobs[key]}: a whole number of at least 1" for key in wrong]
    if isinstance(knobs.get("gamma"), int | float) and knobs["gamma"] <= 0:
        faults.append(f"{part.group}.gamma={knobs['gamma']}: a number above 0")
    if faults:
        raise ConfigError(faults)
