"""What the data decides where the config says auto, and which losses and metrics fit which task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from torch import nn

from runner.contracts import Task
from runner.errors import ConfigError
from runner.losses import adapted
from runner.losses.adapted import Call
from runner.losses.embedding import CosineEmbedding, EmbeddingLoss, HingeEmbedding, TripletMargin

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
CLASS_METRICS = ("accuracy", "precision", "recall", "f1", "auroc", "confusion_matrix")
REGRESSION_METRICS = ("rmse", "mae", "r2")
EPOCHS = 10  # of pictures, and of a table at least
TABLE_STEPS = 2000  # of a table's run, about: a linear layer of Adam's learning rate 0.001 needs them
# Without a better epoch before a table's run ends. Measured on eleven tables of 30 to 1,450 train rows, 5 seeds each:
# with 10 the training of curved ones ended too soon, with 50 a noisy one was fitted too closely.
TABLE_PATIENCE_EPOCHS = 30
MOST_SAVES = 50  # of a table's run: a save takes as long as the training of ten short epochs
IMBALANCED = 3  # times as many rows in the commonest class as in the rarest: accuracy alone no longer tells


def auto_loss(task: Task) -> str:
    """The option of group loss that fits."""
    return {"multiclass": "cross_entropy", "binary": "bce_with_logits", "regression": "mse"}[task]


def auto_metrics(task: Task, class_counts: Sequence[int], *, is_thin: bool) -> list[str]:
    """The options of group metric that are shown when none is chosen; ``class_counts`` is empty for regression.

    On thin splits, of one row or without one of the classes, neither r2 nor auroc has a value.
    """
    if task == "regression":
        return [name for name in REGRESSION_METRICS if not (is_thin and name == "r2")]
    return ["accuracy"] + ["auroc"] * (task == "binary" and not is_thin) + ["f1"] * is_imbalanced(class_counts)


def is_imbalanced(class_counts: Sequence[int]) -> bool:
    return max(class_counts) >= IMBALANCED * min(class_counts)


def table_epochs(steps_per_epoch: int, max_steps: int | None) -> int:
    """How often a table's train rows are passed over when nobody said it: for ``max_steps``, or for enough."""
    return max(EPOCHS, ceil((max_steps or TABLE_STEPS) / steps_per_epoch))


def fit_of(loss: type[nn.Module], task: Task, num_classes: int) -> Fit:
    """How ``loss`` learns the task; a user's own is taken at its word. Raises ConfigError where it cannot."""
    own_call = adapted.with_one_output if task == "regression" else None
    fit = LOSSES.get(loss) or Fit(loss.__name__, (task,), 1 if task == "regression" else None, own_call)
    if task not in fit.tasks:
        fitting = [known.option for known in LOSSES.values() if task in known.tasks]
        raise ConfigError(
            f"loss={fit.option} does not fit {describe(task, num_classes)}: it needs {NEEDS[fit.tasks]}\n"
            f"  what fits: {', '.join(fitting)}"
        )
    return fit


def num_outputs(loss: type[nn.Module], task: Task, num_classes: int, knobs: Mapping[str, Any]) -> int:
    """Columns of the model's output. Raises ConfigError for a loss that cannot learn the task."""
    fit = fit_of(loss, task, num_classes)
    if issubclass(loss, EmbeddingLoss):
        return int(knobs["embedding_size"])
    return num_classes if fit.num_outputs is None else fit.num_outputs


def describe(task: Task, num_classes: int) -> str:
    """The task in words: data with 10 classes."""
    return "data with numbers to predict" if task == "regression" else f"data with {num_classes} classes"
