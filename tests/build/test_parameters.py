"""What the weights of a model are for, and which are frozen."""

import pytest
import torch
from torch import nn

from runner.build.parameters import biases_and_norms, embedding_tables, freeze, hidden_matrices, sparse_gradients
from runner.errors import ConfigError


def net() -> nn.Sequential:
    return nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), nn.Linear(2, 1))


def frozen(model: nn.Module) -> list[str]:
    return [name for name, weight in model.named_parameters() if not weight.requires_grad]


def test_a_pattern_freezes_the_parameters_whose_names_it_matches() -> None:
    model = net()
    freeze(model, ["0.0.*", "*.bias"])
    assert frozen(model) == ["0.0.weight", "0.0.bias", "0.1.bias", "1.bias"]


def test_nothing_is_frozen_without_a_pattern() -> None:
    model = net()
    freeze(model, [])
    assert frozen(model) == []


def test_a_batch_norm_whose_weights_are_frozen_keeps_its_statistics_in_training() -> None:
    model, x_BF = net(), torch.randn(8, 2)
    freeze(model, ["0.*"])
    before = model.eval()[0](x_BF)
    model.train()
    assert torch.equal(model[0](x_BF), before)
    assert model[0][1].running_mean.tolist() == [0, 0]
    assert model[1].training


def test_a_batch_norm_of_which_a_part_is_trained_goes_on_with_its_statistics() -> None:
    model = net()
    freeze(model, ["0.1.bias"])
    model.train()(torch.ones(8, 2))
    assert model[0][1].running_mean.tolist() != [0, 0]


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("0.1", r"model\.freeze=0\.1: no parameter has such a name; did you mean 0\.1\.\*\?"),
        ("0.1.wieght", r"did you mean 0\.1\.weight"),
        ("zzz", r"they are 0\.0\.weight, 0\.0\.bias, 0\.1\.weight, \.\.\., 1\.bias"),
    ],
)
def test_a_pattern_that_matches_nothing_is_refused_with_names_that_are_there(pattern: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        freeze(net(), [pattern])


class Attention(nn.Module):
    """Biases and norms under the names that torch's own layers give them."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2)
        self.memory = nn.LSTM(4, 4)
        self.norm = nn.LayerNorm(4)


def test_biases_have_other_names_in_some_layers() -> None:
    assert biases_and_norms(Attention()) == {
        "attention.in_proj_bias",
        "attention.out_proj.bias",
        "memory.bias_ih_l0",
        "memory.bias_hh_l0",
        "norm.weight",
        "norm.bias",
    }


@pytest.mark.parametrize(
    "norm", [nn.BatchNorm1d(2), nn.BatchNorm2d(2), nn.LayerNorm([2, 2, 2]), nn.GroupNorm(1, 2), nn.RMSNorm(2)], ids=str
)
def test_every_kind_of_normalisation_is_one(norm: nn.Module) -> None:
    assert biases_and_norms(norm) == {name for name, _ in norm.named_parameters()}


def test_the_last_layer_is_no_hidden_one_wherever_its_bias_stands() -> None:
    assert hidden_matrices(nn.Linear(2, 2)) == set()
    assert hidden_matrices(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.LayerNorm(2))) == {"0.weight"}
    assert hidden_matrices(nn.Sequential(nn.Linear(2, 2), nn.Conv1d(1, 1, 1))) == {"0.weight"}


def test_a_bag_that_takes_the_largest_has_no_sparse_gradient() -> None:
    bags = nn.ModuleDict({mode: nn.EmbeddingBag(3, 2, mode=mode) for mode in ("sum", "mean", "max")})
    assert embedding_tables(bags).keys() == {"sum.weight", "mean.weight"}
    assert sparse_gradients(bags) == set()
    bags["sum"].sparse = True
    assert sparse_gradients(bags) == {"sum.weight"}
