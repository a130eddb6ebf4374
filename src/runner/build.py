"""Checked part -> object. The only place that resolves a dotted path; what only the run knows is given here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from math import ceil
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import torch
from torch import nn
from torch.optim import SGD, Adagrad, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from runner import auto
from runner.contracts import Part, Schedule, Source, Task
from runner.errors import ConfigError, RunnerError
from runner.losses.single_output import SingleOutput
from runner.signature import arguments, parameter_names

if TYPE_CHECKING:  # 2.4 s to import: only where a metric is built
    from torchmetrics import Metric

T = TypeVar("T")
TRUSTED_ROOTS = ("runner", "torch", "torchvision", "torchmetrics")
# Device types for which torch has a one-kernel step; hydra.md 41: they also skip a step that is not finite
FUSED = {
    SGD: ("cpu", "cuda", "mps"),
    Adam: ("cpu", "cuda", "mps"),
    AdamW: ("cpu", "cuda", "mps"),
    Adagrad: ("cpu", "cuda"),
}


def build_source(part: Part, trusted: Sequence[str] = ()) -> Source:
    """The data set that ``part`` names, nothing read yet."""
    return _make(part, _kind_of(part, Source, trusted))


def build_model(part: Part, in_shape: tuple[int, ...], num_outputs: int, trusted: Sequence[str] = ()) -> nn.Module:
    """A model on the CPU, [B, *in_shape] -> logits_BK. Its weights are drawn from torch's global generator."""
    model = _make(part, _kind_of(part, nn.Module, trusted), {"in_shape": in_shape, "num_outputs": num_outputs})
    return model


def num_outputs(part: Part, task: Task, num_classes: int, trusted: Sequence[str] = ()) -> int:
    """Columns that the loss ``part`` wants of the model. Raises ConfigError where it does not fit the task."""
    return auto.num_outputs(task, _kind_of(part, nn.Module, trusted), num_classes)


def build_loss(part: Part, task: Task, num_classes: int, trusted: Sequence[str] = ()) -> nn.Module:
    """(logits_BK, y_B) -> scalar, the mean over the rows. It may hold weights: move it to the device."""
    outputs = num_outputs(part, task, num_classes, trusted)
    loss = _make(part, _kind_of(part, nn.Module, trusted))
    loss = SingleOutput(loss) if outputs == 1 else loss
    y_B = torch.zeros(2) if task == "regression" else torch.zeros(2, dtype=torch.int64)
    with _faults_of(part):
        value = loss(torch.zeros(2, outputs), y_B)
    if not isinstance(value, torch.Tensor) or value.numel() != 1:
        raise ConfigError(f"loss={part.option} gives no single number; an optimizer needs one")
    return loss


def build_optimizers(
    part: Part, model: nn.Module, device: torch.device, trusted: Sequence[str] = ()
) -> tuple[Optimizer, ...]:
    """The optimizers of the model's weights; ``model`` is on ``device`` already. ``fused: null`` becomes true where
    torch has such a step."""
    kind = _kind_of(part, Optimizer, trusted)
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
    """One schedule an optimizer; () for scheduler=none. ``T_max: null`` becomes all the ticks of the run, ``mode: null``
    the direction in which the monitor gets better."""
    if part.target is None:
        return ()
    kind = _kind_of(part, LRScheduler, trusted)
    knobs = dict(part.knobs)
    interval = _interval(knobs.pop("interval", "epoch"), on_monitor=issubclass(kind, ReduceLROnPlateau))
    ticks = total_steps if interval == "step" else ceil(total_steps / steps_per_epoch)
    knobs |= {key: value for key, value in {"T_max": ticks, "mode": monitor_mode}.items() if knobs.get(key, 0) is None}
    _check_ticks(knobs)
    with _faults_of(part):
        _rehearse_schedule(lambda optimizer: _make(part, kind, {"optimizer": optimizer}, knobs))
    schedulers = [_make(part, kind, {"optimizer": optimizer}, knobs) for optimizer in optimizers]
    return tuple(Schedule(scheduler, interval, issubclass(kind, ReduceLROnPlateau)) for scheduler in schedulers)


def build_metrics(
    parts: Sequence[Part], task: Task, num_classes: int, trusted: Sequence[str] = ()
) -> dict[str, Metric]:
    """Option name -> metric over (scores, y), in the order of ``parts``: scores are probabilities [B, K] for several
    classes, [B] for two (of class 1); predictions [B] for regression."""
    return {part.option: _metric(part, task, num_classes, trusted) for part in parts}


def _metric(part: Part, task: Task, num_classes: int, trusted: Sequence[str]) -> Metric:
    from torchmetrics import Metric

    kind = _kind_of(part, Metric, trusted)
    measures = "classification" if "task" in parameter_names(kind) else kind.__module__.split(".")[1]
    if (task == "regression") == (measures == "classification") or (task != "regression" and measures == "regression"):
        fitting = auto.REGRESSION_METRICS if task == "regression" else auto.CLASS_METRICS
        words = auto.describe(task, num_classes)
        raise ConfigError(f"metric={part.option} does not fit {words}; what fits: {', '.join(fitting)}")
    facts = {"task": task, "num_classes": num_classes, "num_outputs": 1, "validate_args": True}
    metric = _make(part, kind, {key: value for key, value in facts.items() if key in parameter_names(kind)})
    if measures == "classification":
        metric.validate_args = False  # labels were checked when they were read; here it would cost a sync a batch
    return metric


def resolve(path: str, role: type[T], trusted: Sequence[str] = (), key: str = "_target_") -> type[T]:
    """The class that ``path`` names. Imports modules under the root of the path, calls nothing.

    Raises ConfigError for a root that is not trusted, a name that is not there, and anything but a class of ``role``.
    """
    refused = f"{key}={path} is refused"
    roots = (*TRUSTED_ROOTS, *trusted)
    if not re.fullmatch(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", path, re.ASCII) or path.split(".")[0] not in roots:
        raise ConfigError(f"{refused}: a target is a class in {', '.join(roots)}, or in a package named by trusted=[..]")
    *parents, name = path.split(".")
    found = _attribute(_module(parents, refused), name, refused)
    if not isinstance(found, type) or not issubclass(found, role) or found.__module__.split(".")[0] not in roots:
        raise ConfigError(f"{refused}: it is no class of the kind {role.__module__}.{role.__qualname__}")
    return found


def _module(parents: Sequence[str], refused: str) -> ModuleType:
    """The module at ``parents``, each step a module of the same root: torch.os is os, and no way through."""
    module = _import(parents[0], refused)
    for depth, name in enumerate(parents[1:], start=2):
        inner = getattr(module, name, None) or _import(".".join(parents[:depth]), refused)
        if not isinstance(inner, ModuleType) or inner.__name__.split(".")[0] != parents[0]:
            raise ConfigError(f"{refused}: {'.'.join(parents[:depth])} is no module of {parents[0]}")
        module = inner
    return module


def _import(path: str, refused: str) -> ModuleType:
    try:
        return import_module(path)
    except Exception as error:  # a module of the user's may raise anything; the cause stays attached
        raise ConfigError(f"{refused}: {path} cannot be imported ({type(error).__name__}: {error})") from error


def _attribute(module: ModuleType, name: str, refused: str) -> object:
    if not hasattr(module, name):
        near = get_close_matches(name, dir(module), n=1)
        hint = f"; did you mean {module.__name__}.{near[0]}?" if near else ""
        raise ConfigError(f"{refused}: {module.__name__} has no {name}{hint}")
    return getattr(module, name)


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
    """One step on a weight of its own: torch looks at several knobs (capturable, differentiable, line_search_fn) and at
    the kind of gradient only then."""
    (weight,) = optimizer.param_groups[0]["params"]

    def closure() -> torch.Tensor:
        weight.grad = torch.ones_like(weight)
        return weight.detach().sum()

    closure()
    optimizer.step(closure)


def _rehearse_schedule(make: Callable[[Optimizer], LRScheduler]) -> None:
    """Two ticks on an optimizer of its own."""
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = make(optimizer)
    for _ in range(2):
        optimizer.step()
        scheduler.step(*([0.0] if isinstance(scheduler, ReduceLROnPlateau) else []))


def _interval(value: object, on_monitor: bool) -> Literal["step", "epoch"]:
    if value not in ("step", "epoch"):
        raise ConfigError(f"scheduler.interval={value} is no interval; choices: epoch, step")
    if on_monitor and value == "step":
        raise ConfigError("scheduler.interval=step: the monitor is measured once an epoch; choose interval=epoch")
    return value  # type: ignore[return-value]


def _check_ticks(knobs: Mapping[str, Any]) -> None:
    """torch divides by these at a later step, and takes a negative rate."""
    wrong = [key for key in ("step_size", "T_max") if isinstance(knobs.get(key), int) and knobs[key] < 1]
    faults = [f"scheduler.{key}={knobs[key]}: at least 1" for key in wrong]
    if isinstance(knobs.get("gamma"), int | float) and knobs["gamma"] <= 0:
        faults.append(f"scheduler.gamma={knobs['gamma']}: above 0")
    if faults:
        raise ConfigError(faults)
