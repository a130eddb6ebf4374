"""The range test of learning rates: hand-made losses, and a net of two groups."""

import pytest
import torch

from experiments import assembled
from runner.experiment import lr_range as tested
from runner.experiment.lr_range import STEPS, WINDOW, LrRange, growing_rates, multiples

RATES = tuple(growing_rates())


def test_the_rate_grows_by_one_factor_over_seven_decades() -> None:
    assert (len(RATES), RATES[0], RATES[-1]) == (200, 1e-6, pytest.approx(10.0))
    assert RATES[100] / RATES[99] == pytest.approx(10 ** (7 / 199))


def test_the_rate_at_which_nine_tenths_of_the_fall_are_made_is_suggested() -> None:
    """The loss is 3, falls evenly to 1 from step 50 to 145, and stays: nine tenths are made behind step 50 + 85.5."""
    losses = [3.0] * 50 + [3.0 - step / 47.5 for step in range(95)] + [1.0] * 55
    assert LrRange(RATES, tuple(losses)).suggested == float(f"{RATES[136]:.1e}") == 0.061


def test_a_fall_from_a_height_that_large_steps_have_made_is_none() -> None:
    losses = [3.0] * 60 + [2.0] * 60 + [9.0] * 20 + [4.0] * 20
    assert LrRange(RATES[:160], tuple(losses)).suggested == float(f"{RATES[65]:.1e}")  # 12 of the 13 about it are 2


@pytest.mark.parametrize("losses", [[2.0] * STEPS, [2.0, 9.0], [2.0 + step for step in range(50)]])
def test_where_the_loss_falls_nowhere_no_rate_is_suggested(losses: list[float]) -> None:
    assert LrRange(RATES[: len(losses)], tuple(losses)).suggested is None


def test_the_loss_is_smoothed_over_its_neighbours() -> None:
    spike = LrRange(RATES[:40], (0.0,) * 20 + (13.0,) + (0.0,) * 19).smoothed
    assert [spike[20 - WINDOW // 2 - 1], spike[20], spike[20 + WINDOW // 2]] == [0.0, 1.0, 1.0]


def test_groups_keep_their_multiple_of_the_rate_and_the_test_is_the_same_each_time() -> None:
    words = ["dataset=iris", "model=dnn", "model.hidden=[8]", "optimizer.groups=[{pattern: 1.*, lr: 0.0001}]"]
    run = assembled(words)
    assert multiples(run.parts) == [[1.0, pytest.approx(0.1)]]
    first = tested.lr_range(run)
    assert first == tested.lr_range(assembled(words))
    assert first.suggested is not None and 1e-3 < first.suggested < 1


def test_the_test_ends_where_the_loss_diverges() -> None:
    run = assembled(["dataset=diabetes", "model=linear", "optimizer=sgd"])
    found = tested.lr_range(run)
    assert len(found.rates) == len(found.losses) < STEPS
    assert torch.tensor(found.losses).isfinite().all() and found.losses[-1] > found.losses[0]


def test_a_batch_that_is_far_off_does_not_end_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first has a tenth of the usual loss, one later thirty times it."""
    monkeypatch.setattr(tested, "step_losses", lambda _: iter([0.1, *[1.0] * 49, 30.0, *[1.0] * 149]))
    run = assembled(["dataset=iris", "model=linear"])
    assert len(tested.lr_range(run).losses) == STEPS
