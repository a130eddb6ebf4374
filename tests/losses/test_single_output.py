import pytest
import torch
from torch import nn

from runner.losses.single_output import SingleOutput


def test_mse_compares_row_by_row() -> None:
    loss = SingleOutput(nn.MSELoss())
    value = loss(torch.tensor([[1.0], [3.0]]), torch.tensor([1.0, 5.0]))
    assert value.item() == 2.0  # (0 + 4) / 2; spread to [2, 2] it would be 6


def test_whole_number_labels_serve_binary_cross_entropy() -> None:
    loss = SingleOutput(nn.BCEWithLogitsLoss())
    value = loss(torch.zeros(4, 1), torch.tensor([0, 1, 1, 0]))
    assert value.item() == pytest.approx(0.6931472)  # log 2


def test_the_weights_of_the_loss_move_with_it() -> None:
    assert "loss.pos_weight" in dict(SingleOutput(nn.BCEWithLogitsLoss(pos_weight=torch.ones(1))).named_buffers())
