"""Sizes of the models, counted by hand or taken from the notes."""

import pytest
import torch
from torch import nn

from runner.models.cnn import Cnn
from runner.models.cnn_notes import CnnNotes
from runner.models.dnn import Dnn
from runner.models.linear import Linear
from runner.models.mlp import Mlp

MNIST = (1, 28, 28)
RGB = (3, 9, 11)
CNN = {
    "channels": [32, 64],
    "kernel_size": 3,
    "padding": "same",
    "pool_size": 2,
    "activation": "ReLU",
    "normalisation": None,
    "dropout": 0.0,
    "residual": False,
}
DNN = {
    "hidden": [128, 64],
    "activation": "ReLU",
    "normalisation": None,
    "dropout": 0.0,
    "residual": False,
    "output_activation": None,
}


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        (Linear(MNIST, 10), 7_850),
        (Mlp(MNIST, 10, hidden=[512, 512], activation="ReLU"), 669_706),
        (Mlp(MNIST, 10, hidden=[20], activation="Sigmoid"), 15_910),
        (Dnn(MNIST, 10, **DNN), 109_386),
        (CnnNotes((3, 32, 32), 10, output_relu=False), 60_404),
        (Cnn((1, 8, 8), 10, **CNN), (9 + 1) * 32 + (32 * 9 + 1) * 64 + (64 * 2 * 2 + 1) * 10),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_net_has_the_number_of_parameters_in_the_notes(net: nn.Module, expected: int) -> None:
    assert sum(weight.numel() for weight in net.parameters()) == expected


@pytest.mark.parametrize(
    "net",
    [
        Linear(RGB, 4),
        Mlp(RGB, 4, hidden=[], activation="GELU"),
        Dnn(RGB, 4, **DNN | {"hidden": [8, 8], "normalisation": "batch", "dropout": 0.5, "residual": True}),
        Cnn(RGB, 4, **CNN),
        Cnn(RGB, 4, **CNN | {"channels": []}),
        Cnn(RGB, 4, **CNN | {"padding": "valid", "kernel_size": 2, "pool_size": 1}),
        Cnn(RGB, 4, **CNN | {"padding": 2, "kernel_size": 5}),
    ],
    ids=lambda net: type(net).__name__,
)
def test_a_batch_of_five_becomes_five_rows_of_outputs(net: nn.Module) -> None:
    assert net(torch.zeros(5, *RGB)).shape == (5, 4)
