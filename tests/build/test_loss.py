import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from options import part
from runner.build.loss import LOSSES, build_loss, mean_and_std, num_outputs
from runner.config.catalog import AUTO_LOSSES, Part
from runner.contracts import Task
from runner.errors import ConfigError
from runner.losses.readout import NearestNeighbour, Ranking

THREE_TO_ONE = torch.tensor([0, 0, 0, 1])


def test_balanced_weights_give_each_class_as_much_weight() -> None:
    loss, _ = build_loss(part("loss", "cross_entropy", weight="balanced"), "binary", 2, THREE_TO_ONE)
    assert loss.get_buffer("weight").tolist() == pytest.approx([4 / (2 * 3), 4 / (2 * 1)])


def test_a_balanced_pos_weight_counts_the_zeros_for_each_one() -> None:
    loss, _ = build_loss(part("loss", "bce_with_logits", pos_weight="balanced"), "binary", 2, THREE_TO_ONE)
    assert loss.get_buffer("loss.pos_weight").tolist() == [3.0]


def test_a_class_without_a_train_row_has_a_finite_weight() -> None:
    loss, _ = build_loss(part("loss", "nll", weight="balanced"), "multiclass", 3, THREE_TO_ONE)
    assert loss.get_buffer("loss.weight").isfinite().all()


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("bce_with_logits", r"^loss.weight=balanced: bce_with_logits has a factor for rows.*loss.pos_weight=balanced$"),
        ("bce", r"^loss.weight=balanced: bce has a factor for rows, not for classes; choose loss=cross_entropy$"),
    ],
)
def test_a_weight_for_rows_cannot_be_balanced(option: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        build_loss(part("loss", option, weight="balanced"), "binary", 2, THREE_TO_ONE)


def test_the_targets_unit_is_that_of_the_train_rows() -> None:
    mean, std = mean_and_std(torch.tensor([1.0, 3.0]))
    assert (mean.item(), std.item()) == (2.0, 1.0)
    assert mean_and_std(torch.tensor([5.0, 5.0]))[1].item() == 1.0


@pytest.mark.parametrize("option", ["mse", "l1", "smooth_l1", "huber", "gaussian_nll"])
def test_loss_and_readout_agree_on_the_unit(option: str) -> None:
    y_train = torch.tensor([1000.0, 3000.0, 8000.0])
    loss, readout = build_loss(part("loss", option), "regression", 0, y_train)
    outputs = (y_train[:, None] - 4000.0) / y_train.std(correction=0)
    outputs = torch.cat([outputs, torch.zeros(3, 1)], 1) if option == "gaussian_nll" else outputs
    assert loss(outputs, y_train).item() == pytest.approx(0.0, abs=1e-6)
    assert readout(outputs).tolist() == pytest.approx(y_train.tolist())


def test_the_logarithm_of_a_target_is_learned_and_undone() -> None:
    y_train = torch.tensor([0.0, 2**0.5 - 1, 1.0]) * 1.0  # their logarithms: 0, half and all of log 2
    loss, readout = build_loss(part("loss", "mse"), "regression", 0, y_train, transform="log1p")
    deviation = (2 / 3) ** 0.5 / 2  # of 0, 1/2, 1
    outputs = torch.tensor([[-0.5], [0.0], [0.5]]) / deviation
    assert loss(outputs, y_train).item() == pytest.approx(0.0, abs=1e-6)
    assert readout(outputs).tolist() == pytest.approx(y_train.tolist(), abs=1e-6)
    assert loss(torch.zeros(1, 1), torch.tensor([1.0])).item() == pytest.approx((0.5 / deviation) ** 2)


def test_a_loss_of_counts_takes_no_logarithm() -> None:
    with pytest.raises(ConfigError, match=r"^loss=poisson_nll: takes counts as they are; leave out dataset.target_tr"):
        build_loss(part("loss", "poisson_nll"), "regression", 0, torch.tensor([3.0, 2.0]), transform="log1p")


def test_counts_keep_their_own_unit() -> None:
    loss, readout = build_loss(part("loss", "poisson_nll"), "regression", 0, torch.tensor([0.0, 2.0]))
    assert loss(torch.zeros(1, 1), torch.tensor([4.0])).item() == 1.0  # a mean of 1: exp(0) - 4 * 0
    assert readout(torch.zeros(1, 1)).tolist() == [1.0]


def test_counts_of_nothing_at_all_leave_the_mean_at_1() -> None:
    _, readout = build_loss(part("loss", "poisson_nll"), "regression", 0, torch.zeros(3))
    assert readout(torch.zeros(1, 1)).tolist() == [1.0]


def test_a_poisson_loss_refuses_what_is_no_count() -> None:
    with pytest.raises(ConfigError, match=r"^loss=poisson_nll: it needs counts.*lowest target is -2\n  loss=mse takes"):
        build_loss(part("loss", "poisson_nll"), "regression", 0, torch.tensor([3.0, -2.0]))


def test_a_loss_of_the_users_gets_targets_in_their_own_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "users_loss.py").write_text("from torch import nn\n\nclass Own(nn.L1Loss):\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    given = Part("loss", "own", "users_loss.Own", {})
    loss, readout = build_loss(given, "regression", 0, torch.tensor([0.0, 100.0]), trusted=["users_loss"])
    assert loss(torch.tensor([[90.0]]), torch.tensor([100.0])).item() == 10.0
    assert readout(torch.tensor([[90.0]])).tolist() == [90.0]
    del sys.modules["users_loss"]


@pytest.mark.parametrize("option", [loss.option for loss in LOSSES.values() if "binary" in loss.tasks])
def test_only_a_loss_that_learns_probabilities_has_them(option: str) -> None:
    _, readout = build_loss(part("loss", option), "binary", 2, torch.tensor([0, 1]))
    ranks = {"multi_margin", "multi_label_margin", "margin_ranking"}
    places = {"triplet_margin", "hinge_embedding", "cosine_embedding"}
    assert isinstance(readout, Ranking) == (option in ranks)
    assert isinstance(readout, NearestNeighbour) == (option in places)


@pytest.mark.parametrize(
    ("task", "num_classes", "y"), [("multiclass", 3, [2, 0]), ("binary", 2, [1, 0]), ("regression", 0, [0.5, 2.0])]
)
def test_the_loss_that_fits_gives_one_number(task: Task, num_classes: int, y: list[float]) -> None:
    given = part("loss", AUTO_LOSSES[task])
    logits_BK = torch.zeros(2, num_outputs(given, task, num_classes))
    loss, readout = build_loss(given, task, num_classes, torch.tensor(y))
    assert loss(logits_BK, torch.tensor(y)).shape == ()
    assert len(readout(logits_BK)) == 2


def test_class_weights_become_a_tensor_that_moves_with_the_loss() -> None:
    loss, _ = build_loss(part("loss", "cross_entropy", weight=[1.0, 3]), "multiclass", 2, torch.tensor([0, 1]))
    assert dict(loss.named_buffers())["weight"].tolist() == [1.0, 3.0]


@pytest.mark.parametrize(
    ("option", "task", "changed", "words"),
    [
        (
            "cross_entropy",
            "multiclass",
            {"weight": [1.0, 2.0]},
            r"loss.weight=\[1.0,2.0\]: has 2 factors; this data has 10",
        ),
        ("cross_entropy", "multiclass", {"weight": 2.0}, "loss.weight=2.0: cross_entropy wants a list of numbers or n"),
        ("cross_entropy", "multiclass", {"label_smoothing": 2.0}, "loss=cross_entropy: .*label_smoothing"),
        ("nll", "multiclass", {"ignore_index": 10}, "loss.ignore_index=10: must be 0 to 9, the number of a class, or"),
        ("cross_entropy", "multiclass", {"reduction": "none"}, "loss=cross_entropy does not give one number"),
        ("bce", "binary", {"weight": [1.0, 2.0]}, r"loss.weight=\[1.0,2.0\]: bce takes one factor, as loss.weight=\[2"),
        (
            "bce_with_logits",
            "binary",
            {"pos_weight": [1.0, 2.0]},
            r"loss.pos_weight=\[1.0,2.0\]: bce_with_logits takes one factor, as loss.pos_weight=\[2.0\]",
        ),
        ("mse", "multiclass", {}, "loss=mse does not fit data with 10 classes: it needs numbers to pr"),
    ],
)
def test_a_loss_that_would_fail_in_training_is_refused(
    option: str, task: Task, changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        build_loss(part("loss", option, **changed), task, 10, torch.arange(10))
