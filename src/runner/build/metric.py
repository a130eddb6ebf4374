"""Checked part -> metric; of two classes over the probability of the second: of both of them, or of one alone.

By itself torchmetrics scores class 1 of two, whatever ``average`` says. It takes 2 s to import. Shapes: K classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

import torch
import torchmetrics as tm
from torch import nn
from torchmetrics import Metric

from runner.build import auto
from runner.build.instantiate import faults_of, kind_of, make, parameter_names
from runner.build.two_classes import POSITIVE, OfTwoClasses
from runner.config.catalog import Part
from runner.config.spelling import listed, nearest
from runner.config.types import shown
from runner.contracts import Task
from runner.errors import ConfigError

T = TypeVar("T")
OF_TWO = "is for two classes; this data has"


def build_metrics(
    parts: Sequence[Part], task: Task, class_names: Sequence[str], trusted: Sequence[str] = ()
) -> dict[str, Metric | OfTwoClasses]:
    """Option name -> metric over (scores, y), on the CPU, in the order of ``parts``.

    Scores are probabilities: [B, K] for several classes, [B] of class 1 for two; predictions [B] for regression.
    """
    built = {part.option: _metric(part, task, class_names, trusted) for part in parts}
    for metric in built.values():
        _keep_to_itself(metric)
    return built


def _keep_to_itself(metric: nn.Module) -> None:
    """Of several processes of a run one judges: torchmetrics would wait for the counts of the others."""
    for each in metric.modules():
        if isinstance(each, Metric):
            each.distributed_available_fn = None


def _metric(part: Part, task: Task, class_names: Sequence[str], trusted: Sequence[str]) -> Metric | OfTwoClasses:
    if part.option == "loss":
        raise ConfigError("metric=loss: the run's own loss has this name; rename the option's file")
    kind = kind_of(part, Metric, trusted)  # type: ignore[type-abstract] # its subclasses are meant
    measured = _measured(kind)
    if measured is not None and (measured == "numbers") != (task == "regression"):
        fitting = auto.REGRESSION_METRICS if task == "regression" else auto.CLASS_METRICS
        words = auto.describe(task, len(class_names))
        raise ConfigError(f"metric={part.option} does not fit {words}; what fits: {', '.join(fitting)}")
    if measured == "classes":
        return _class_metric(part, kind, task, class_names)
    metric = _made(part, kind, {"task": task, "num_classes": len(class_names), "num_outputs": 1}, part.knobs)
    with faults_of(part):
        _rehearse_metric(metric, task, len(class_names))
    return metric


def _class_metric(part: Part, kind: type[Metric], task: Task, class_names: Sequence[str]) -> Metric | OfTwoClasses:
    """One of torchmetrics' own for classes; where there are two of them, in the form that ``average`` asks for."""
    made_for, positive = form(part, kind, task, class_names)
    check_labels(part, class_names)
    knobs = {key: value for key, value in part.knobs.items() if key != POSITIVE}
    inner = _made(part, kind, {"task": made_for, "num_classes": len(class_names), "validate_args": True}, knobs)
    metric: Metric | OfTwoClasses = inner
    if made_for != task or positive is not None:
        threshold = knobs.get("threshold", 0.5) if "threshold" in parameter_names(kind) else None
        metric = OfTwoClasses(inner, positive, threshold)
    with faults_of(part):
        _rehearse_metric(metric, task, len(class_names))
    inner.validate_args = False  # most would look for wrong labels in every batch: a host sync each
    return metric


def _made(part: Part, kind: type[T], facts: Mapping[str, Any], knobs: Mapping[str, Any]) -> T:
    """With those of the facts that ``kind`` takes."""
    return make(part, kind, {key: value for key, value in facts.items() if key in parameter_names(kind)}, knobs)


def _measured(kind: type[Metric]) -> Literal["classes", "numbers"] | None:
    """What torchmetrics' own classes are for; None for a class of the user's."""
    if kind.__module__.startswith("torchmetrics.classification."):
        return "classes"
    return "numbers" if kind.__module__.startswith("torchmetrics.regression.") else None


def _rehearse_metric(metric: Metric | OfTwoClasses, task: Task, num_classes: int) -> None:
    """Two rows, forgotten again: only then torchmetrics looks at multidim_average."""
    scores = torch.full((2, num_classes), 1 / num_classes) if task == "multiclass" else torch.zeros(2)
    metric.update(scores, torch.zeros(2) if task == "regression" else torch.zeros(2, dtype=torch.int64))
    metric.reset()


def form(part: Part, kind: type[Metric], task: Task, class_names: Sequence[str]) -> tuple[Task, int | None]:
    """(the task that ``kind`` is to be made for, the class of two that it is then of alone; None: of all alike).

    Raises ConfigError for knobs that the classes do not suit.
    """
    positive = positive_class(part, class_names)
    if task != "binary" and part.knobs.get("max_fpr") is not None:
        raise ConfigError(f"metric.{part.option}.max_fpr={part.knobs['max_fpr']}: {OF_TWO} {len(class_names)}")
    if task != "binary":
        return task, None
    if part.knobs.get("top_k", 1) > 1:
        raise ConfigError(f"metric.{part.option}.top_k={part.knobs['top_k']}: with two classes every row is right")
    if positive is not None:
        return "binary", positive
    if is_of_either_alike(part, kind):
        return "binary", None
    has_no_task = {"num_classes", "task"} & parameter_names(kind) == {"num_classes"}
    return ("multiclass", None) if "average" in part.knobs or has_no_task else ("binary", 1)


def check_labels(part: Part, class_names: Sequence[str]) -> None:
    """Raises ConfigError for knobs that ask for more classes than there are."""
    top_k, ignored, count = part.knobs.get("top_k") or 1, part.knobs.get("ignore_index"), len(class_names)
    if top_k >= count:
        raise ConfigError(
            f"metric.{part.option}.top_k={top_k}: must be 1 to {count - 1}: with all {count} classes every row is right"
        )
    if ignored is not None and ignored >= count:
        raise ConfigError(
            f"metric.{part.option}.ignore_index={ignored}: must be 0 to {count - 1}, the number of a class, or null"
        )


def is_of_either_alike(part: Part, kind: type[Metric]) -> bool:
    """Whether the form for two classes has the same value for one class as for the other."""
    alike = (tm.AUROC, tm.CalibrationError, tm.CohenKappa, tm.ConfusionMatrix, tm.HingeLoss, tm.MatthewsCorrCoef)
    hits = (tm.Accuracy, tm.HammingDistance) if part.knobs.get("average", "micro") == "micro" else ()
    return issubclass(kind, (*alike, *hits)) and part.knobs.get("max_fpr") is None


def positive_class(part: Part, class_names: Sequence[str]) -> int | None:
    """The number of the class that the knob names. Raises ConfigError where the data has not two, or no such class."""
    value = part.knobs.get(POSITIVE)
    if value is None:
        return None
    said = f"metric.{part.option}.{POSITIVE}={shown(value)}"
    if len(class_names) != 2:
        raise ConfigError(f"{said}: {OF_TWO} {len(class_names) or 'none'}")
    if str(value) in class_names:
        return list(class_names).index(str(value))
    meant = nearest(str(value), class_names)
    hint = f"; did you mean {meant}?" if meant else ""
    raise ConfigError(f"{said}: is not one of the classes: {listed(class_names)}{hint}")
