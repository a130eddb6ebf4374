"""Every loss of torch.nn by name: each learns what it is for, or has a reason why it is no option."""

from __future__ import annotations

import pytest
from torch import nn

from experiments import assembled, trained
from options import options, part
from runner.build.loss import LOSSES
from runner.build.target import resolve
from runner.engine import state
from runner.engine.fit import evaluate
from runner.errors import ConfigError

WITHOUT_OPTION = {  # class of torch.nn that is no option: reason
    "AdaptiveLogSoftmaxWithLoss": "holds the last layer itself, for vocabularies of millions; the models have theirs",
    "CTCLoss": "aligns sequences with labels of another length; a row here has one label",
    "KLDivLoss": "compares with a whole distribution; with one label a row it is cross_entropy",
    "LinearCrossEntropyLoss": "holds the last layer itself; the models have theirs",
    "TripletMarginWithDistanceLoss": "triplet_margin; the distance it adds would be a function, which YAML cannot say",
}
OWN = {  # class of torch.nn behind a class of ours, which draws pairs or triplets in the batch
    "CosineEmbeddingLoss": "cosine_embedding",
    "HingeEmbeddingLoss": "hinge_embedding",
    "TripletMarginLoss": "triplet_margin",
}
DATA = {"multiclass": "iris", "binary": "breast_cancer", "regression": "diabetes"}
QUICK = ["model=dnn", "model.hidden=[16]", "optimizer.lr=0.02", "batch_size=32", "epochs=6", "threads=1"]


def history(*words: str) -> list[dict[str, float]]:
    """The values of every row of a run."""
    return [dict(report.values) for report in trained(assembled([*QUICK, *words])) if report.values]


def torch_losses() -> list[str]:
    return sorted(name for name in dir(nn) if name.endswith("Loss"))


@pytest.mark.parametrize("name", torch_losses())
def test_every_loss_of_torch_is_an_option_or_has_a_reason_why_not(name: str) -> None:
    fit = LOSSES.get(getattr(nn, name))
    option = OWN.get(name) or (fit.option if fit else None)
    assert (option in options("loss")) != (name in WITHOUT_OPTION)


def test_every_option_is_a_loss_that_the_table_knows() -> None:
    assert {fit.option for fit in LOSSES.values()} == set(options("loss")) - {"auto"}
    for kind, fit in LOSSES.items():
        assert resolve(str(part("loss", fit.option).target), nn.Module) is kind


@pytest.mark.parametrize(("option", "task"), [(fit.option, task) for fit in LOSSES.values() for task in fit.tasks])
def test_every_loss_learns_every_task_it_fits(option: str, task: str) -> None:
    last = history(f"dataset={DATA[task]}", f"loss={option}")[-1]
    if task == "regression":
        assert last["val/r2"] > 0.2
    else:
        assert last["val/accuracy"] > {"multiclass": 0.8, "binary": 0.9}[task]


@pytest.mark.parametrize(
    ("dataset", "one", "other"),
    [
        ("iris", "nll", "cross_entropy"),
        ("breast_cancer", "bce", "bce_with_logits"),
        ("breast_cancer", "soft_margin", "bce_with_logits"),
        ("iris", "multi_label_margin", "multi_margin"),
    ],
)
def test_losses_that_are_the_same_give_the_same_run(dataset: str, one: str, other: str) -> None:
    data = [f"dataset={dataset}", "optimizer=sgd"]
    for row, same in zip(history(*data, f"loss={one}"), history(*data, f"loss={other}"), strict=True):
        assert row == pytest.approx(same, abs=1e-6)


@pytest.mark.parametrize("option", ["triplet_margin", "hinge_embedding", "cosine_embedding"])
def test_an_embedding_is_judged_by_neighbours_and_has_no_accuracy_in_training(option: str) -> None:
    rows = history("dataset=iris", f"loss={option}", "loss.embedding_size=3", "epochs=1")
    assert "val/accuracy" in rows[-1] and "train/accuracy" not in rows[-1]


def test_the_accuracy_of_an_embedding_in_training_cannot_be_monitored() -> None:
    with pytest.raises(
        ConfigError, match=r"^monitor=train/accuracy: nothing of that name is measured; did you mean monitor=v"
    ):
        assembled(["dataset=iris", "model=mlp", "loss=triplet_margin", "monitor=train/accuracy"])


def test_errors_of_numbers_are_in_their_own_unit_whatever_it_is() -> None:
    """The targets of diabetes are 25 to 346: a mean absolute error near 45, a loss near half a deviation squared."""
    last = history("dataset=diabetes", "epochs=20")[-1]
    assert 30 < last["val/mae"] < 60 and last["val/rmse"] > last["val/mae"]
    assert last["val/loss"] < 1


@pytest.mark.parametrize(
    ("option", "dataset"), [("mse", "diabetes"), ("poisson_nll", "diabetes"), ("triplet_margin", "iris")]
)
def test_what_outputs_mean_is_saved_with_the_weights(option: str, dataset: str) -> None:
    words = [*QUICK, f"dataset={dataset}", f"loss={option}"]
    experiment = assembled(words)
    report = trained(experiment)[-1]
    kept = state.capture(experiment.parts, report.progress, experiment.new_monitor())
    other = assembled([*words, "split_seed=1"]).parts  # fitted to other train rows
    state.load_weights(kept, other)
    known, read = (evaluate(parts, experiment.judged["val"]) for parts in (experiment.parts, other))
    assert {**read, "loss": 0.0} == {**known, "loss": 0.0}  # the loss itself is fitted to the train rows each time
