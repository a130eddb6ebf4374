"""What the weights of a model are for."""

import pytest
from torch import nn

from runner.build.parameters import biases_and_norms, embedding_tables, hidden_matrices, sparse_gradients


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
