import pytest
import torch
from torch import nn

from runner.config.layers import activation_names
from runner.errors import ConfigError
from runner.models.layers import activation


def test_an_activation_goes_by_the_name_of_its_class() -> None:
    assert activation("GELU") is nn.GELU
    assert activation("Sigmoid") is nn.Sigmoid


@pytest.mark.parametrize("name", activation_names())
def test_every_activation_keeps_the_shape(name: str) -> None:
    x_BCHW = torch.randn(2, 3, 4, 4)
    assert activation(name)()(x_BCHW).shape == x_BCHW.shape


def test_what_is_no_activation_is_refused_with_the_nearest_name_or_the_choices() -> None:
    with pytest.raises(ConfigError, match=r"activation=relu: torch\.nn has no such activation; did you mean ReLU\?"):
        activation("relu")


def test_what_torch_refuses_or_changes_is_what_is_refused_here() -> None:
    assert nn.GLU()(torch.ones(2, 4)).shape == (2, 2)
    for name in ("MultiheadAttention", "Threshold"):
        with pytest.raises(TypeError, match="missing"):
            getattr(nn, name)()
    x_BF = torch.randn(2, 3)
    for kind in (nn.Softmax(1), nn.Softmin(1), nn.LogSoftmax(1)):
        assert not torch.equal(kind(x_BF)[:, :2], kind(x_BF[:, :2]))  # one feature changes what becomes of another
