"""Batched layers against torch's own, a member at a time."""

import math

import pytest
import torch
from torch import Tensor, nn

from runner.models.members import (
    AdaptedLinear,
    ColumnLinear,
    CosSin,
    MemberDropout,
    MemberLinear,
    Numbers,
    Periodic,
    Piecewise,
)


def linear(weight_IO: Tensor, bias_O: Tensor) -> nn.Linear:
    made = nn.Linear(*weight_IO.shape)
    made.load_state_dict({"weight": weight_IO.T, "bias": bias_O.flatten()})
    return made


def test_the_batched_product_is_a_linear_layer_for_each_member() -> None:
    layer, x_BMI = MemberLinear(3, 4, 2), torch.randn(5, 3, 4)
    one_by_one = [linear(layer.weight[m], layer.bias[m])(x_BMI[:, m]) for m in range(3)]
    torch.testing.assert_close(layer(x_BMI), torch.stack(one_by_one, 1))


def test_an_adapted_layer_scales_what_goes_into_the_shared_one_and_what_comes_out() -> None:
    layer = AdaptedLinear(2, 3, 1, first=False)
    layer.load_state_dict(
        {
            "weight": torch.tensor([[1.0, 2.0, 3.0]]),
            "scale_in": torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0]]),
            "scale_out": torch.tensor([[1.0], [10.0]]),
            "bias": torch.tensor([[0.0], [0.5]]),
        }
    )
    assert layer(torch.ones(1, 2, 3)).flatten().tolist() == [6.0, 10 * (1 - 3) + 0.5]


def test_only_the_first_adapted_layer_draws_scales() -> None:
    first, other = (AdaptedLinear(2, 3, 1, first=is_first).scale_in for is_first in (True, False))
    assert len(first.unique()) == 6
    assert other.unique().tolist() == [1.0]


def test_each_column_of_each_member_has_a_layer_of_its_own() -> None:
    layer, x_BMEG = ColumnLinear(2, 3, 4, 5), torch.randn(6, 2, 3, 4)
    vectors = [linear(layer.weight[m, e], layer.bias[m, e])(x_BMEG[:, m, e]).relu() for m in range(2) for e in range(3)]
    torch.testing.assert_close(layer(x_BMEG), torch.stack(vectors, 1).reshape(6, 2, 15))


def test_a_number_is_written_as_cos_and_sin_of_its_frequencies() -> None:
    layer = Periodic([1.0], 1, 2)
    layer.load_state_dict({"frequencies": torch.tensor([[[0.25, 0.5]]])})
    torch.testing.assert_close(layer(torch.ones(1, 1, 1)).flatten(), torch.tensor([0.0, -1.0, 1.0, 0.0]))


def test_the_slopes_of_cos_and_sin_are_minus_sin_and_cos() -> None:
    angles = torch.tensor([0.0, 1.0, -4.0], dtype=torch.float64, requires_grad=True)
    (CosSin.apply(angles) * torch.tensor([1.0, 0, 0, 0, 10, 0])).sum().backward()
    assert angles.grad is not None
    assert angles.grad.tolist() == pytest.approx([0.0, 10 * math.cos(1.0), 0.0])
    assert torch.autograd.gradcheck(CosSin.apply, angles)


def test_frequencies_have_the_deviation_of_their_member() -> None:
    torch.manual_seed(0)
    frequencies = Periodic([0.1, 8.0], 20, 500).frequencies.detach()
    assert frequencies.flatten(1).std(1).tolist() == pytest.approx([0.1, 8.0], rel=0.05)


def test_a_number_is_written_as_its_way_through_the_bins() -> None:
    layer = Piecewise(2)  # borders at the quantiles .001, .5 and .999 of the normal
    end = 3.0902
    encoded = layer(torch.tensor([-9.0, -end / 2, 0.0, end / 2, 9.0]).view(5, 1, 1)).view(5, 2)
    expected = torch.tensor([[0.0, 0.0], [0.5, 0.0], [1.0, 0.0], [1.0, 0.5], [1.0, 1.0]])
    torch.testing.assert_close(encoded, expected, atol=1e-4, rtol=0)


def test_columns_that_are_not_embedded_stand_behind_the_vectors_as_they_are() -> None:
    numbers = Numbers(torch.tensor([False, True]), [(1, Piecewise(4))], in_features=4, embedding_size=3, num_plain=1)
    x = torch.tensor([[[7.0, 2.0], [7.0, 2.0]]])
    out = numbers(x)
    assert out.shape == (1, 2, numbers.out_features) == (1, 2, 4)
    assert out[0, :, 3].tolist() == [7.0, 7.0]
    assert out[0, 1].tolist() == [2.0, 0.0, 0.0, 7.0]  # the plain member: the number itself, then zeros


def test_dropout_silences_the_same_features_in_the_row_of_every_member() -> None:
    torch.manual_seed(0)
    dropout = MemberDropout(0.25)
    dropped = dropout(torch.ones(200, 3, 50))
    assert dropped.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    assert float((dropped == 0).float().mean()) == pytest.approx(0.25, abs=0.02)
    assert torch.equal(dropped, dropped[:, :1].expand(-1, 3, -1))
    assert torch.equal(dropout.eval()(torch.ones(2, 3, 4)), torch.ones(2, 3, 4))


def test_layers_of_members_are_drawn_as_torch_draws_its_own() -> None:
    weight = MemberLinear(2, 64, 200).weight.detach()
    assert weight.abs().max() <= 1 / 8
    assert float(weight.std()) == pytest.approx(float(nn.Linear(64, 200).weight.detach().std()), rel=0.05)
