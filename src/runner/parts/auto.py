"""What the data decides where the config says auto, and which losses and metrics fit which task."""

from __future__ import annotations

from torch import nn

from runner.contracts import Task
from runner.errors import ConfigError

LOSSES: dict[type[nn.Module], tuple[str, tuple[Task, ...]]] = {
    nn.CrossEntropyLoss: ("cross_entropy", ("multiclass", "binary")),
    nn.BCEWithLogitsLoss: ("bce_with_logits", ("binary",)),
    nn.MSELoss: ("mse", ("regression",)),
}
CLASS_METRICS = ("accuracy", "precision", "recall", "f1", "auroc", "confusion_matrix")
REGRESSION_METRICS = ("rmse", "mae", "r2")


def auto_loss(task: Task) -> str:
    """The option of group loss that fits."""
    return {"multiclass": "cross_entropy", "binary": "bce_with_logits", "regression": "mse"}[task]


def auto_metrics(task: Task) -> list[str]:
    """The options of group metric that are shown when none is chosen."""
    return list(REGRESSION_METRICS) if task == "regression" else ["accuracy"]


def num_outputs(task: Task, loss: type[nn.Module], num_classes: int) -> int:
    """Columns of the model's output: one for regression and for a binary loss, else one a class.

    Raises ConfigError for a loss that cannot learn the task; a loss of the user's own is taken at its word.
    """
    fitting = [name for name, tasks in LOSSES.values() if task in tasks]
    name, tasks = LOSSES.get(loss, (loss.__name__, (task,)))
    if task not in tasks:
        raise ConfigError(f"loss={name} does not fit {describe(task, num_classes)}; what fits: {', '.join(fitting)}")
    return 1 if task == "regression" or issubclass(loss, nn.BCEWithLogitsLoss) else num_classes


def describe(task: Task, num_classes: int) -> str:
    """The task in words: data with 10 classes."""
    return "data with numbers to predict" if task == "regression" else f"data with {num_classes} classes"
