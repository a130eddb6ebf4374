import pytest
import torch
from torch import nn

from runner.errors import ConfigError
from runner.models.activation import activation, activation_names


def test_an_activation_goes_by_the_name_of_its_class() -> None:
    assert activation("GELU") is nn.GELU
    assert activation("Sigmoid") is nn.Sigmoid


@pytest.mark.parametrize("name", activation_names())
def test_every_activation_keeps_the_number_of_features(name: str) -> None:
    assert activation(name)()(torch.ones(2, 3)).shape == (2, 3)


def test_a_misspelt_activation_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"activation=relu is no activation of torch\.nn; did you mean ReLU\?"):
        activation("relu")
    with pytest.raises(ConfigError, match=r"activation=Xyzzy is no activation of torch.nn; choices: CELU, ELU, GELU"):
        activation("Xyzzy")


@pytest.mark.parametrize("name", ["Softmax", "GLU", "Threshold", "MultiheadAttention", "Linear"])
def test_what_mixes_features_or_needs_arguments_is_no_choice(name: str) -> None:
    with pytest.raises(ConfigError, match="is no activation"):
        activation(name)
