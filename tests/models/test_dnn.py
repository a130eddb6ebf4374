from typing import Any

import pytest
import torch
from torch import nn

from runner.errors import ConfigError
from runner.models.dnn import Dnn
from runner.models.layers import Residual


def dnn(**changed: Any) -> Dnn:
    knobs = {"hidden": [3, 3], "activation": "ReLU", "normalisation": None, "dropout": 0.0, "residual": False}
    knobs |= {"output_activation": None}
    return Dnn((4,), 2, **knobs | changed)


def kinds(net: nn.Module) -> list[str]:
    return [type(module).__name__ for module in net]


def test_what_is_switched_off_is_not_there() -> None:
    assert kinds(dnn()) == ["Flatten", "Linear", "ReLU", "Linear", "ReLU", "Linear"]


def test_an_activation_behind_the_logits_is_there_only_when_asked_for() -> None:
    assert kinds(dnn(hidden=[], output_activation="ReLU")) == ["Flatten", "Linear", "ReLU"]
    assert dnn(output_activation="Softmax")(torch.ones(2, 4)).sum(1).tolist() == pytest.approx([1.0, 1.0])


def test_a_hidden_layer_is_linear_normalisation_activation_dropout() -> None:
    net = dnn(hidden=[3], normalisation="layer", dropout=0.1, activation="Tanh")
    assert kinds(net) == ["Flatten", "Linear", "LayerNorm", "Tanh", "Dropout", "Linear"]
    assert kinds(dnn(hidden=[3], normalisation="batch"))[2] == "BatchNorm1d"
    assert kinds(dnn(hidden=[3], normalisation="rms"))[2] == "RMSNorm"


def test_residual_adds_input_to_output_where_widths_are_equal() -> None:
    net = dnn(residual=True)  # 4 -> 3 cannot, 3 -> 3 can
    assert kinds(net) == ["Flatten", "Linear", "ReLU", "Residual", "Linear"]
    double = Residual(nn.Linear(2, 2, bias=False), nn.ReLU())
    nn.init.eye_(double[0].weight)
    assert double(torch.tensor([[1.0, -1.0]])).tolist() == [[2.0, -1.0]]


def test_residuals_that_would_change_nothing_are_refused_with_what_would() -> None:
    with pytest.raises(ConfigError, match=r"widths are \[4, 8, 3\]; make two neighbours equal, as hidden=\[3,3\]"):
        dnn(hidden=[8, 3], residual=True)


@pytest.mark.parametrize("hidden", [[0], [8, -1]])
def test_a_width_below_one_is_refused(hidden: list[int]) -> None:
    with pytest.raises(ConfigError, match=r"hidden=\[.*\]: a width is a whole number of at least 1"):
        dnn(hidden=hidden)
