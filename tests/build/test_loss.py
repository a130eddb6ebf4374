import sys
from pathlib import Path

import pytest
import torch

from options import part
from runner.build.loss import LOSSES, build_loss, mean_and_std
from runner.config.catalog import Part
from runner.errors import ConfigError
from runner.losses.nearest_neighbour import NearestNeighbour
from runner.losses.readout import Ranking

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


def test_counts_keep_their_own_unit() -> None:
    loss, readout = build_loss(part("loss", "poisson_nll"), "regression", 0, torch.tensor([0.0, 2.0]))
    assert loss(torch.zeros(1, 1), torch.tensor([4.0])).item() == 1.0  # a mean of 1: exp(0) - 4 * 0
    assert readout(torch.zeros(1, 1)).tolist() == [1.0]


def test_counts_of_nothing_at_all_leave_the_mean_at_1() -> None:
    _, readout = build_loss(part("loss", "poisson_nll"), "regression", 0, torch.zeros(3))
    assert readout(torch.zeros(1, 1)).tolist() == [1.0]


def test_a_poisson_loss_refuses_what_is_no_count() -> None:
    with pytest.raises(ConfigError, match=r"^loss=poisson_nll: it needs counts.*lowest target is -2; loss=mse takes"):
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
