import pytest
from torch import nn

from runner.build.auto import auto_metrics
from runner.build.loss import outputs_of
from runner.config.catalog import AUTO_LOSSES
from runner.contracts import Task
from runner.errors import ConfigError


@pytest.mark.parametrize(
    ("task", "counts", "loss", "metrics"),
    [
        ("multiclass", [5, 4, 6], "cross_entropy", ["accuracy"]),
        ("multiclass", [5, 2, 6], "cross_entropy", ["accuracy", "f1"]),
        ("binary", [357, 212], "bce_with_logits", ["accuracy", "auroc"]),
        ("binary", [90, 10], "bce_with_logits", ["accuracy", "auroc", "f1"]),
        ("regression", [], "mse", ["rmse", "mae", "r2"]),
    ],
)
def test_auto_takes_what_fits_the_task(task: Task, counts: list[int], loss: str, metrics: list[str]) -> None:
    assert AUTO_LOSSES[task] == loss
    assert auto_metrics(task, counts, is_thin=False) == metrics


@pytest.mark.parametrize(
    ("task", "loss", "num_classes", "expected"),
    [
        ("multiclass", nn.CrossEntropyLoss, 10, 10),
        ("binary", nn.CrossEntropyLoss, 2, 2),
        ("binary", nn.BCEWithLogitsLoss, 2, 1),
        ("regression", nn.MSELoss, 0, 1),
        ("multiclass", nn.MultiMarginLoss, 3, 3),
    ],
)
def test_the_loss_decides_how_many_outputs(task: Task, loss: type[nn.Module], num_classes: int, expected: int) -> None:
    assert outputs_of(loss, task, num_classes, {}) == expected


@pytest.mark.parametrize(
    ("task", "loss", "num_classes", "words"),
    [
        (
            "multiclass",
            nn.MSELoss,
            10,
            "loss=mse does not fit data with 10 classes: it needs numbers to predict\n  what fits: cr",
        ),
        (
            "multiclass",
            nn.BCEWithLogitsLoss,
            10,
            "loss=bce_with_logits does not fit data with 10 classes: it needs two classes\n  what fits: cross_entropy",
        ),
        (
            "binary",
            nn.MSELoss,
            2,
            "loss=mse does not fit data with 2 classes: it needs numbers to predict\n  what fits: cross_entropy, nll",
        ),
        (
            "regression",
            nn.CrossEntropyLoss,
            0,
            "loss=cross_entropy does not fit data with numbers to predict: it needs classes\n  what fits: mse",
        ),
    ],
)
def test_a_loss_that_cannot_learn_the_task_is_refused(
    task: Task, loss: type[nn.Module], num_classes: int, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        outputs_of(loss, task, num_classes, {})


def test_what_has_no_value_on_a_thin_split_is_not_chosen_for_the_user():
    assert auto_metrics("regression", (), is_thin=True) == ["rmse", "mae"]
    assert auto_metrics("binary", (8, 8), is_thin=True) == ["accuracy"]
