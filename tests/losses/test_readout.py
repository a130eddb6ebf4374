import math

import pytest
import torch

from runner.losses.readout import OneVersusRest, Probabilities, Rate, Values


def test_probabilities_are_a_softmax_or_the_sigmoid_of_one_output() -> None:
    assert Probabilities("binary")(torch.zeros(1, 1)).tolist() == [0.5]
    assert Probabilities("binary")(torch.tensor([[0.0, math.log(3)]])).item() == pytest.approx(0.75)
    assert Probabilities("multiclass")(torch.zeros(1, 4)).tolist() == [[0.25] * 4]


def test_one_versus_rest_scales_its_sigmoids_to_the_sum_1() -> None:
    outputs = torch.tensor([[math.log(3), -math.log(3), -math.log(3)]])  # sigmoids 0.75 0.25 0.25
    torch.testing.assert_close(OneVersusRest("multiclass")(outputs), torch.tensor([[0.6, 0.2, 0.2]]))


def test_values_are_in_the_targets_own_unit() -> None:
    readout = Values(torch.tensor(2000.0), torch.tensor(1000.0))
    assert readout(torch.tensor([[-0.5], [1.0]])).tolist() == [1500.0, 3000.0]
    assert set(readout.state_dict()) == {"mean", "std"}


def test_a_rate_is_a_multiple_of_the_mean_and_never_negative() -> None:
    assert Rate(True, torch.tensor(5.0))(torch.tensor([[0.0]])).item() == pytest.approx(5.0)
    assert (Rate(False, torch.tensor(5.0))(torch.tensor([[-3.0]])) > 0).all()
