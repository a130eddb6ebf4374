import math

import pytest
import torch
from torch import Tensor, nn

from runner.losses import adapted
from runner.losses.adapted import Adapted, Counted, Standardised
from runner.losses.readout import Rate

LOGITS_BK = torch.tensor([[2.0, 0.0, 1.0], [0.0, 3.0, -1.0]])
Y_B = torch.tensor([0, 2])


def test_mse_compares_row_by_row() -> None:
    loss = Adapted(nn.MSELoss(), adapted.with_one_output)
    value = loss(torch.tensor([[1.0], [3.0]]), torch.tensor([1.0, 5.0]))
    assert value.item() == 2.0  # (0 + 4) / 2; spread to [2, 2] it would be 6


def test_whole_number_labels_serve_binary_cross_entropy() -> None:
    loss = Adapted(nn.BCEWithLogitsLoss(), adapted.with_one_output)
    assert loss(torch.zeros(4, 1), torch.tensor([0, 1, 1, 0])).item() == pytest.approx(math.log(2))


def test_the_weights_of_a_loss_move_with_it() -> None:
    loss = Adapted(nn.BCEWithLogitsLoss(pos_weight=torch.ones(1)), adapted.with_one_output)
    assert "loss.pos_weight" in dict(loss.named_buffers())


@pytest.mark.parametrize(
    ("loss", "call"), [(nn.BCELoss(), adapted.with_probability), (nn.SoftMarginLoss(), adapted.with_signs)]
)
def test_two_classes_learn_the_same_from_probabilities_signs_and_logits(loss: nn.Module, call: adapted.Call) -> None:
    logits_B1, y_B = torch.tensor([[2.0], [-1.0], [0.5]]), torch.tensor([1, 0, 0])
    with_logits = adapted.with_one_output(nn.BCEWithLogitsLoss(), logits_B1, y_B)
    torch.testing.assert_close(call(loss, logits_B1, y_B), with_logits, rtol=1e-6, atol=0)


def test_negative_log_likelihood_of_log_probabilities_is_cross_entropy() -> None:
    value = adapted.with_log_softmax(nn.NLLLoss(), LOGITS_BK, Y_B)
    torch.testing.assert_close(value, nn.CrossEntropyLoss()(LOGITS_BK, Y_B), rtol=1e-6, atol=0)


def test_a_list_of_one_label_is_the_multi_margin_loss() -> None:
    value = adapted.with_label_list(nn.MultiLabelMarginLoss(), LOGITS_BK, Y_B)
    assert value == nn.MultiMarginLoss()(LOGITS_BK, Y_B)


def test_one_versus_rest_asks_for_one_among_zeros() -> None:
    value = adapted.with_one_hot(nn.MultiLabelSoftMarginLoss(), torch.zeros(1, 4), torch.tensor([3]))
    assert value.item() == pytest.approx(math.log(2))


def test_the_right_class_ranks_above_every_other_by_the_margin() -> None:
    # row 0: 2 against 0 and 1, the latter lacks 0.5; row 1: -1 against 0 and 3 lacks 2.5 and 5.5
    value = adapted.with_ranks(nn.MarginRankingLoss(margin=1.5), LOGITS_BK, Y_B)
    assert value.item() == pytest.approx((0 + 0.5 + 2.5 + 5.5) / 4)


@pytest.mark.parametrize("log_input", [True, False])
def test_a_count_is_expected_as_a_multiple_of_the_mean_count(log_input: bool) -> None:
    loss = Counted(nn.PoissonNLLLoss(log_input=log_input), Rate(log_input, torch.tensor(4.0)))
    output = 0.0 if log_input else math.log(math.e - 1)  # where the exponential, or the softplus, is 1
    value = loss(torch.tensor([[output]]), torch.tensor([3.0]))
    assert value.item() == pytest.approx(4 - 3 * math.log(4))


def test_a_rate_that_is_no_logarithm_stays_above_0() -> None:
    loss = Counted(nn.PoissonNLLLoss(log_input=False), Rate(False, torch.tensor(4.0)))
    assert loss(torch.tensor([[-50.0]]), torch.tensor([2.0])).isfinite()


def test_the_second_output_is_the_logarithm_of_the_variance() -> None:
    outputs_B2 = torch.tensor([[1.0, math.log(4)]])
    value = adapted.with_variance(nn.GaussianNLLLoss(), outputs_B2, torch.tensor([3.0]))
    assert value.item() == pytest.approx((math.log(4) + 2**2 / 4) / 2)


def test_answering_the_mean_scores_1_whatever_the_unit() -> None:
    y_B = torch.tensor([1000.0, 3000.0])
    mean, std = torch.tensor(2000.0), torch.tensor(1000.0)
    loss = Standardised(nn.MSELoss(), adapted.with_one_output, mean, std)
    assert loss(torch.zeros(2, 1), y_B).item() == 1.0


@pytest.mark.parametrize("rows", [1, 3])
def test_every_call_gives_one_number_and_gradients_for_any_number_of_rows(rows: int) -> None:
    calls: list[tuple[adapted.Call, nn.Module, int]] = [
        (adapted.with_ranks, nn.MarginRankingLoss(), 3),
        (adapted.with_one_hot, nn.MultiLabelSoftMarginLoss(), 3),
        (adapted.with_variance, nn.GaussianNLLLoss(), 2),
    ]
    for call, loss, num_outputs in calls:
        outputs: Tensor = torch.ones(rows, num_outputs, requires_grad=True)
        value = call(loss, outputs, torch.zeros(rows) if num_outputs == 2 else torch.zeros(rows, dtype=torch.int64))
        value.backward()
        assert value.ndim == 0 and outputs.grad is not None and outputs.grad.isfinite().all()
