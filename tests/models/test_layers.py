import pytest
import torch
from torch import nn

from runner.errors import ConfigError
from runner.models.layers import UNFIT, activation, activation_names


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


@pytest.mark.parametrize("name", sorted({*nn.modules.activation.__all__, "AdaptiveLogSoftmaxWithLoss"}))
def test_every_activation_class_of_torch_keeps_the_shape_or_is_refused_with_the_reason(name: str) -> None:
    if name in UNFIT:
        with pytest.raises(ConfigError, match=rf"activation={name} (needs|mixes|halves) .*; choices: CELU, ELU"):
            activation(name)
    else:
        x_BCHW = torch.randn(2, 3, 4, 4)
        assert activation(name)()(x_BCHW).shape == x_BCHW.shape


def test_what_torch_refuses_or_changes_is_what_is_refused_here() -> None:
    assert len(nn.modules.activation.__all__) >= 29
    assert nn.GLU()(torch.ones(2, 4)).shape == (2, 2)
    for name in ("MultiheadAttention", "Threshold"):
        with pytest.raises(TypeError, match="missing"):
            getattr(nn, name)()
    x_BF = torch.randn(2, 3)
    for kind in (nn.Softmax(1), nn.Softmin(1), nn.LogSoftmax(1)):
        assert not torch.equal(kind(x_BF)[:, :2], kind(x_BF[:, :2]))  # one feature changes what becomes of another


def test_what_is_no_activation_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"activation=Linear is no activation of torch\.nn"):
        activation("Linear")
