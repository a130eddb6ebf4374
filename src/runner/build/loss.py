"""Checked part -> loss and readout, fitted to the train rows: balanced weights, the target's unit.

A loss of torch's has a row in ``LOSSES``. Shapes: B batch, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from runner.build import auto
from runner.build.instantiate import faults_of, kind_of, make
from runner.config.catalog import Part
from runner.config.types import shown
from runner.contracts import TargetTransform, Task
from runner.errors import ConfigError
from runner.losses import adapted
from runner.losses.adapted import Adapted, Call, Counted, OfLog, Standardised
from runner.losses.embedding import CosineEmbedding, EmbeddingLoss, HingeEmbedding, TripletMargin
from runner.losses.readout import FromLog, NearestNeighbour, OneVersusRest, Probabilities, Ranking, Rate, Values
from runner.text import counted, figure

BALANCED = "balanced"
OF_MARGINS = (nn.MultiMarginLoss, nn.MultiLabelMarginLoss, nn.MarginRankingLoss)
OF_CLASSES = (nn.CrossEntropyLoss, nn.NLLLoss, nn.MultiMarginLoss, nn.MultiLabelSoftMarginLoss)
OF_ONE_OUTPUT = (nn.BCELoss, nn.BCEWithLogitsLoss)
CLASSES: tuple[Task, ...] = ("multiclass", "binary")
TWO_CLASSES: tuple[Task, ...] = ("binary",)
NUMBERS: tuple[Task, ...] = ("regression",)


@dataclass(frozen=True)
class Fit:
    """How a loss learns a task."""

    option: str  # of group loss
    tasks: tuple[Task, ...]
    num_outputs: int | None = None  # columns of the model; None: one a class
    call: Call | None = None  # None: with the outputs and the labels as they are
    standardised: bool = False  # targets are brought to mean 0 and deviation 1


LOSSES: Mapping[type[nn.Module], Fit] = {
    nn.CrossEntropyLoss: Fit("cross_entropy", CLASSES),
    nn.NLLLoss: Fit("nll", CLASSES, call=adapted.with_log_softmax),
    nn.MultiMarginLoss: Fit("multi_margin", CLASSES),
    nn.MultiLabelMarginLoss: Fit("multi_label_margin", CLASSES, call=adapted.with_label_list),
    nn.MultiLabelSoftMarginLoss: Fit("multi_label_soft_margin", CLASSES, call=adapted.with_one_hot),
    nn.MarginRankingLoss: Fit("margin_ranking", CLASSES, call=adapted.with_ranks),
    TripletMargin: Fit("triplet_margin", CLASSES),
    HingeEmbedding: Fit("hinge_embedding", CLASSES),
    CosineEmbedding: Fit("cosine_embedding", CLASSES),
    nn.BCEWithLogitsLoss: Fit("bce_with_logits", TWO_CLASSES, 1, adapted.with_one_output),
    nn.BCELoss: Fit("bce", TWO_CLASSES, 1, adapted.with_probability),
    nn.SoftMarginLoss: Fit("soft_margin", TWO_CLASSES, 1, adapted.with_signs),
    nn.MSELoss: Fit("mse", NUMBERS, 1, adapted.with_one_output, standardised=True),
    nn.L1Loss: Fit("l1", NUMBERS, 1, adapted.with_one_output, standardised=True),
    nn.SmoothL1Loss: Fit("smooth_l1", NUMBERS, 1, adapted.with_one_output, standardised=True),
    nn.HuberLoss: Fit("huber", NUMBERS, 1, adapted.with_one_output, standardised=True),
    nn.GaussianNLLLoss: Fit("gaussian_nll", NUMBERS, 2, adapted.with_variance, standardised=True),
    nn.PoissonNLLLoss: Fit("poisson_nll", NUMBERS, 1),
}
NEEDS = {CLASSES: "classes", TWO_CLASSES: "two classes", NUMBERS: "numbers to predict"}


def num_outputs(part: Part, task: Task, num_classes: int, trusted: Sequence[str] = ()) -> int:
    """Columns that the loss ``part`` wants of the model. Raises ConfigError where it does not fit the task."""
    return outputs_of(kind_of(part, nn.Module, trusted), task, num_classes, part.knobs)


def is_embedding(part: Part, trusted: Sequence[str] = ()) -> bool:
    """Whether the loss ``part`` learns where rows lie, which only their neighbours can judge."""
    return issubclass(kind_of(part, nn.Module, trusted), EmbeddingLoss)


def build_loss(
    part: Part,
    task: Task,
    num_classes: int,
    y_train: Tensor,
    trusted: Sequence[str] = (),
    *,
    transform: TargetTransform | None = None,
) -> tuple[nn.Module, nn.Module]:
    """The loss, (outputs, y_B) -> scalar, the mean over the rows; and its readout, outputs -> scores.

    ``y_train`` are the labels or numbers of the train rows, for balanced weights and the target's unit. Both may hold
    numbers: move them to the device. With ``transform`` the loss is of the transformed target; the readout undoes it.
    Raises ConfigError for a loss that cannot learn the task.
    """
    kind = kind_of(part, nn.Module, trusted)
    fit = fit_of(kind, task, num_classes)
    words = [key for key in ("weight", "pos_weight") if part.knobs.get(key) == BALANCED]
    numbers = {key: balanced(part, kind, key, y_train, num_classes) for key in words}
    _check_weight(part, kind, num_classes)
    _check_ignored(part, num_classes)
    own = make(part, kind, knobs={**part.knobs, **numbers})
    outputs = torch.zeros(2, num_outputs(part, task, num_classes, trusted))
    with faults_of(part):
        learned = y_train if transform is None else y_train.log1p()
        call, readout = adapt(own, fit, learned), readout_of(own, fit, task, num_classes, learned)
        if transform is not None:
            call, readout = of_log(call, readout, transform)
        value = call(outputs, y_train[:1].expand(2))
    if not isinstance(value, Tensor) or value.numel() != 1:
        raise ConfigError(f"loss={part.option} does not give one number; an optimizer needs one")
    return call, readout


def of_log(call: nn.Module, readout: nn.Module, transform: TargetTransform) -> tuple[nn.Module, nn.Module]:
    """The loss over the logarithm of targets, and the readout back from it. Raises ConfigError for a loss of counts."""
    if isinstance(call, Counted):
        raise ConfigError(
            f"takes counts as they are; leave out dataset.target_transform={transform}, or choose loss=mse"
        )
    return OfLog(call), FromLog(readout)


def fit_of(loss: type[nn.Module], task: Task, num_classes: int) -> Fit:
    """How ``loss`` learns the task; a user's own is taken at its word. Raises ConfigError where it cannot."""
    own_call = adapted.with_one_output if task == "regression" else None
    fit = LOSSES.get(loss) or Fit(loss.__name__, (task,), 1 if task == "regression" else None, own_call)
    if task not in fit.tasks:
        fitting = [known.option for known in LOSSES.values() if task in known.tasks]
        raise ConfigError(
            f"loss={fit.option} does not fit {auto.describe(task, num_classes)}: it needs {NEEDS[fit.tasks]}\n"
            f"  what fits: {', '.join(fitting)}"
        )
    return fit


def outputs_of(loss: type[nn.Module], task: Task, num_classes: int, knobs: Mapping[str, Any]) -> int:
    """Columns of the model's output. Raises ConfigError for a loss that cannot learn the task."""
    fit = fit_of(loss, task, num_classes)
    if issubclass(loss, EmbeddingLoss):
        return int(knobs["embedding_size"])
    return num_classes if fit.num_outputs is None else fit.num_outputs


def balanced(part: Part, kind: type[nn.Module], key: str, y_train: Tensor, num_classes: int) -> list[float]:
    """A factor for each class, so that each has as much weight: rows / (classes * rows of the class).

    As ``pos_weight``: the rows of class 0 for each row of class 1.
    """
    counts_K = torch.bincount(y_train, minlength=num_classes).clamp(min=1)  # a class without a row is never weighed
    if key == "pos_weight" and issubclass(kind, nn.BCEWithLogitsLoss):
        return [float(counts_K[0] / counts_K[1])]
    if key == "weight" and issubclass(kind, OF_CLASSES):
        return (len(y_train) / (num_classes * counts_K.double())).tolist()
    advice = "loss.pos_weight=balanced" if issubclass(kind, nn.BCEWithLogitsLoss) else "loss=cross_entropy"
    raise ConfigError(f"loss.{key}=balanced: {part.option} has a factor for rows, not for classes; choose {advice}")


def _check_weight(part: Part, kind: type[nn.Module], num_classes: int) -> None:
    given = part.knobs.get("weight")
    if isinstance(given, list) and issubclass(kind, OF_CLASSES) and len(given) != num_classes:
        raise ConfigError(
            f"loss.weight={shown(given)}: has {counted(len(given), 'factor')}; this data has {num_classes} classes\n"
            "  give one for each class, or loss.weight=balanced"
        )
    for key in ("weight", "pos_weight"):
        given = part.knobs.get(key)
        if isinstance(given, list) and issubclass(kind, OF_ONE_OUTPUT) and len(given) != 1:
            raise ConfigError(f"loss.{key}={shown(given)}: {part.option} takes one factor, as loss.{key}=[2.0]")


def _check_ignored(part: Part, num_classes: int) -> None:
    ignored = part.knobs.get("ignore_index")
    if num_classes and isinstance(ignored, int) and ignored >= num_classes:
        raise ConfigError(
            f"loss.ignore_index={ignored}: must be 0 to {num_classes - 1}, the number of a class, or below 0 for none"
        )


def adapt(loss: nn.Module, fit: Fit, y_train: Tensor) -> nn.Module:
    """(outputs, y_B) -> scalar, with targets in their own unit. Raises ConfigError where the targets do not suit."""
    if fit.standardised and fit.call:
        return Standardised(loss, fit.call, *mean_and_std(y_train))
    if isinstance(loss, nn.PoissonNLLLoss):
        check_counts(y_train)
        return Counted(loss, Rate(loss.log_input, mean_count(y_train)))
    return Adapted(loss, fit.call) if fit.call else loss


def readout_of(loss: nn.Module, fit: Fit, task: Task, num_classes: int, y_train: Tensor) -> nn.Module:
    """outputs -> scores under ``loss``, which ``adapt`` has not changed."""
    if isinstance(loss, EmbeddingLoss):
        size, p, on_sphere = loss.embedding_size, loss.p, loss.on_sphere
        return NearestNeighbour(task, num_classes, embedding_size=size, p=p, on_sphere=on_sphere)
    if isinstance(loss, nn.PoissonNLLLoss):
        return Rate(loss.log_input, mean_count(y_train))
    if isinstance(loss, nn.MultiLabelSoftMarginLoss):
        return OneVersusRest(task)
    if isinstance(loss, OF_MARGINS):
        return Ranking(task)
    if task != "regression":
        return Probabilities(task)
    return Values(*mean_and_std(y_train)) if fit.standardised else Values(torch.tensor(0.0), torch.tensor(1.0))


def mean_and_std(y_train: Tensor) -> tuple[Tensor, Tensor]:
    """Of the train rows' targets, added up in float64; the deviation of a constant is 1."""
    std, mean = torch.std_mean(y_train.double(), correction=0)
    return mean.float(), torch.where(std > 0, std, 1.0).float()


def mean_count(y_train: Tensor) -> Tensor:
    """Of the train rows' counts; 1 where none was counted."""
    mean = y_train.double().mean()
    return torch.where(mean > 0, mean, 1.0).float()


def check_counts(y_train: Tensor) -> None:
    if (lowest := float(y_train.min())) < 0:
        raise ConfigError(
            f"it needs counts, of 0 and more; the lowest target is {figure(lowest, is_short=True)}\n"
            "  loss=mse takes any number"
        )
