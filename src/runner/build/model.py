"""Checked part -> object. What only the run knows is given here; what torch would refuse later is refused now."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from runner.build import auto, loss, own_net, two_classes
from runner.build.instantiate import faults_of as _faults_of
from runner.build.instantiate import kind_of as _kind_of
from runner.build.instantiate import make as _make
from runner.build.parameters import freeze
from runner.build.signature import parameter_names
from runner.build.target import resolve, resolve_in_file
from runner.build.two_classes import OfTwoClasses
from runner.config.part import Part
from runner.contracts import Architecture, Column, Source, Task
from runner.errors import ConfigError
from runner.losses.embedding import EmbeddingLoss
from runner.models.embeddings import Embeddings

if TYPE_CHECKING:  # 2.4 s to import: only where a metric is built
    from torchmetrics import Metric

T = TypeVar("T")


def build_source(part: Part, trusted: Sequence[str] = ()) -> Source:
    """The data set that ``part`` names, nothing read yet; one that wraps a class of the user's is given the class."""
    if issubclass(_kind_of(part, object, trusted), Dataset):
        raise ConfigError(
            f"dataset._target_={part.target} is a torch Dataset; those go by dataset=module dataset.name={part.target}"
        )
    kind: type[Source] = _kind_of(part, Source, trusted)  # type: ignore[type-abstract] # its subclasses are meant
    if "dataset_class" not in parameter_names(kind):
        return _make(part, kind)
    return _make(part, kind, {"dataset_class": _user_class(part, Dataset, trusted)})


def _user_class(part: Part, role: type[T], trusted: Sequence[str]) -> type[T]:
    """The class ``name`` of the file ``path``, or of a package, that a module option names."""
    path, name = part.knobs["path"], part.knobs["name"]
    if path is None:
        return resolve(name, role, trusted, f"{part.group}.name")
    return resolve_in_file(Path(path).expanduser(), name, role, trusted, part.group)


def build_model(part: Part, in_shape: tuple[int, ...], num_outputs: int, trusted: Sequence[str] = ()) -> nn.Module:
    """A model on the CPU, [B, *in_shape] -> logits_BK. Its weights are drawn from torch's global generator.

    What its ``freeze`` names needs no gradient.
    """
    model = _net(part, {"in_shape": in_shape, "num_outputs": num_outputs}, trusted)
    with _faults_of(part), torch.no_grad():
        _check_outputs(part, model.eval()(torch.zeros(1, *in_shape)), [1, num_outputs])
        if own_net.is_own(model):  # a user's may give more in training
            with torch.random.fork_rng([]), torch.enable_grad():
                copy = deepcopy(model).train()
                outputs = copy(torch.zeros(2, *in_shape))
            _check_outputs(part, outputs, [2, num_outputs])
            own_net.check_gradient(copy, outputs)
    freeze(model, part.knobs.get("freeze", []))
    return model.train()


def without_published_weights(part: Part) -> Part:
    """A model whose weights come from a checkpoint: a net of torchvision is drawn anew, so that no file is needed."""
    if part.target != "runner.models.torchvision.Torchvision":
        return part
    return replace(part, knobs={**part.knobs, "weights": None})


def _net(part: Part, facts: Mapping[str, Any], trusted: Sequence[str]) -> nn.Module:
    knobs = {key: value for key, value in part.knobs.items() if key != "freeze"}
    kind = _kind_of(part, object, trusted)
    if not issubclass(kind, Architecture):
        return _make(part, _kind_of(part, nn.Module, trusted), facts, knobs)
    needs_class = "model_class" in parameter_names(kind)
    own = {"model_class": _user_class(part, nn.Module, trusted)} if needs_class else {}
    architecture = _make(part, kind, own, knobs)
    with _faults_of(part):
        return architecture.build(**facts)


def _check_outputs(part: Part, outputs: object, shape: list[int]) -> None:
    if not isinstance(outputs, torch.Tensor):
        raise ConfigError(f"gives a {type(outputs).__name__}; a model gives one tensor, [rows, outputs]")
    if list(outputs.shape) != shape:
        raise ConfigError(
            f"turns {'one row' if shape[0] == 1 else 'two rows'} into {list(outputs.shape)}, not into {shape}"
        )


def build_embedded_model(
    part: Part, columns: tuple[Column, ...], num_outputs: int, trusted: Sequence[str] = ()
) -> nn.Module:
    """The model behind a learned vector for each category of the ``columns``: category codes and numbers -> logits_BK.

    Raises ConfigError where there is no category.
    """
    if all(column.is_number for column in columns):
        raise ConfigError(
            "dataset.categorical=embedding: this data set has no categories; set dataset.categorical=onehot"
        )
    embeddings = Embeddings(columns)
    net = build_model(part, embeddings.out_shape, num_outputs, trusted)
    return nn.Sequential(OrderedDict(embeddings=embeddings, net=net))


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
    own = _make(part, kind, knobs=loss.knobs_for(part, kind, y_train, num_classes))
    outputs = torch.zeros(2, num_outputs(part, task, num_classes, trusted))
    with _faults_of(part):
        call, readout = loss.adapt(own, fit, y_train), loss.readout(own, fit, task, num_classes, y_train)
        value = call(outputs, y_train[:1].expand(2))
    if not isinstance(value, Tensor) or value.numel() != 1:
        raise ConfigError(f"loss={part.option} gives no single number; an optimizer needs one")
    return call, readout


def build_metrics(
    parts: Sequence[Part], task: Task, class_names: Sequence[str], trusted: Sequence[str] = ()
) -> dict[str, Metric | OfTwoClasses]:
    """Option name -> metric over (scores, y), on the CPU, in the order of ``parts``.

    Scores are probabilities: [B, K] for several classes, [B] of class 1 for two; predictions [B] for regression.
    """
    return {part.option: _metric(part, task, class_names, trusted) for part in parts}


def _metric(part: Part, task: Task, class_names: Sequence[str], trusted: Sequence[str]) -> Metric | OfTwoClasses:
    from torchmetrics import Metric

    if part.option == "loss":
        raise ConfigError("metric=loss: that name is of the run's own loss; give the option's file another")
    kind = _kind_of(part, Metric, trusted)  # type: ignore[type-abstract] # its subclasses are meant
    measured = _measured(kind)
    if measured is not None and (measured == "numbers") != (task == "regression"):
        fitting = auto.REGRESSION_METRICS if task == "regression" else auto.CLASS_METRICS
        words = auto.describe(task, len(class_names))
        raise ConfigError(f"metric={part.option} does not fit {words}; what fits: {', '.join(fitting)}")
    if measured == "classes":
        return _class_metric(part, kind, task, class_names)
    metric = _made(part, kind, {"task": task, "num_classes": len(class_names), "num_outputs": 1}, part.knobs)
    with _faults_of(part):
        _rehearse_metric(metric, task, len(class_names))
    return metric


def _class_metric(part: Part, kind: type[Metric], task: Task, class_names: Sequence[str]) -> Metric | OfTwoClasses:
    """One of torchmetrics' own for classes; where there are two of them, in the form that ``average`` asks for."""
    made_for, positive = two_classes.form(part, kind, task, class_names)
    knobs = {key: value for key, value in part.knobs.items() if key != two_classes.POSITIVE}
    inner = _made(part, kind, {"task": made_for, "num_classes": len(class_names), "validate_args": True}, knobs)
    metric: Metric | OfTwoClasses = inner
    if made_for != task or positive is not None:
        threshold = knobs.get("threshold", 0.5) if "threshold" in parameter_names(kind) else None
        metric = OfTwoClasses(inner, positive, threshold)
    with _faults_of(part):
        _rehearse_metric(metric, task, len(class_names))
    inner.validate_args = False  # most would look for wrong labels in every batch: a host sync each
    return metric


def _made(part: Part, kind: type[T], facts: Mapping[str, Any], knobs: Mapping[str, Any]) -> T:
    """With those of the facts that ``kind`` takes."""
    return _make(part, kind, {key: value for key, value in facts.items() if key in parameter_names(kind)}, knobs)


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
