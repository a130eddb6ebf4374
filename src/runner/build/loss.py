"""A loss fitted to the train rows: balanced weights, the target's unit, and what the outputs mean under it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from runner.build.auto import Fit
from runner.config.catalog import Part
from runner.contracts import Task
from runner.errors import ConfigError
from runner.losses.adapted import Adapted, Counted, Standardised
from runner.losses.embedding import EmbeddingLoss
from runner.losses.nearest_neighbour import NearestNeighbour
from runner.losses.readout import OneVersusRest, Probabilities, Ranking, Rate, Values

BALANCED = "balanced"
OF_MARGINS = (nn.MultiMarginLoss, nn.MultiLabelMarginLoss, nn.MarginRankingLoss)
OF_CLASSES = (nn.CrossEntropyLoss, nn.NLLLoss, nn.MultiMarginLoss, nn.MultiLabelSoftMarginLoss)


def knobs_for(part: Part, kind: type[nn.Module], y_train: Tensor, num_classes: int) -> dict[str, Any]:
    """The loss's knobs with ``balanced`` made into numbers. Raises ConfigError where the word has no meaning."""
    knobs = dict(part.knobs)
    for key in ("weight", "pos_weight"):
        if knobs.get(key) == BALANCED:
            knobs[key] = balanced(part, kind, key, y_train, num_classes)
    return knobs


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


def adapt(loss: nn.Module, fit: Fit, y_train: Tensor) -> nn.Module:
    """(outputs, y_B) -> scalar, with targets in their own unit. Raises ConfigError where the targets do not suit."""
    if fit.standardised and fit.call:
        return Standardised(loss, fit.call, *mean_and_std(y_train))
    if isinstance(loss, nn.PoissonNLLLoss):
        check_counts(y_train)
        return Counted(loss, Rate(loss.log_input, mean_count(y_train)))
    return Adapted(loss, fit.call) if fit.call else loss


def readout(loss: nn.Module, fit: Fit, task: Task, num_classes: int, y_train: Tensor) -> nn.Module:
    """outputs -> scores under ``loss``, which ``adapt`` has not changed."""
    if isinstance(loss, EmbeddingLoss):
        return NearestNeighbour(
            task,
            num_classes,
            embedding_size=loss.embedding_size,
            p=loss.p,
            on_sphere=loss.on_sphere,
        )
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
        raise ConfigError(f"it needs counts, of 0 and more; the lowest target is {lowest:g}; loss=mse takes any number")
