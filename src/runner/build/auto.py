"""What the data decides where the config says auto."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from runner.contracts import Task

CLASS_METRICS = ("accuracy", "precision", "recall", "f1", "auroc", "confusion_matrix")
REGRESSION_METRICS = ("rmse", "mae", "r2")
EPOCHS = 10  # of pictures, and of a table at least
TABLE_STEPS = 2000  # of a table's run, about: a linear layer of Adam's learning rate 0.001 needs them
ENSEMBLE_STEPS = 3500  # where members are trained side by side, each of which is kept as it was at its best
# Without a better epoch before a table's run ends. Measured on eleven tables of 30 to 1,450 train rows, 5 seeds each:
# with 10 the training of curved ones ended too soon, with 50 a noisy one was fitted too closely.
TABLE_PATIENCE_EPOCHS = 30
MOST_SAVES = 50  # of a table's run: a save takes as long as the training of ten short epochs
IMBALANCED = 3  # times as many rows in the commonest class as in the rarest: accuracy alone no longer tells


def auto_metrics(task: Task, class_counts: Sequence[int], *, is_thin: bool) -> list[str]:
    """The options of group metric that are shown when none is chosen; ``class_counts`` is empty for regression.

    On thin splits, of one row or without one of the classes, neither r2 nor auroc has a value.
    """
    if task == "regression":
        return [name for name in REGRESSION_METRICS if not (is_thin and name == "r2")]
    fits = {"accuracy": True, "auroc": task == "binary" and not is_thin, "f1": is_imbalanced(class_counts)}
    return [name for name, is_shown in fits.items() if is_shown]


def is_imbalanced(class_counts: Sequence[int]) -> bool:
    return max(class_counts) >= IMBALANCED * min(class_counts)


def table_epochs(steps_per_epoch: int, steps: int) -> int:
    """How often a table's train rows are passed over for that many steps when nobody said it."""
    return max(EPOCHS, ceil(steps / steps_per_epoch))


def describe(task: Task, num_classes: int) -> str:
    """The task in words: data with 10 classes."""
    return "data with numbers to predict" if task == "regression" else f"data with {num_classes} classes"
