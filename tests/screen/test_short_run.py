"""Whether a run was over too soon, by hand-made numbers."""

import pytest

from runner.screen.remarks import improving_at_end


def test_case_47_few_steps_whose_last_epoch_is_the_best_are_told_with_ten_times_as_many_epochs() -> None:
    told = ["25 steps in all; still improving at the last epoch: epochs=100"]
    assert improving_at_end(epochs=10, epoch=10, step=25, best_epoch=10) == told


@pytest.mark.parametrize(
    ("epochs", "epoch", "step", "best_epoch"),
    [
        (10, 10, 25, 9),  # it was better before
        (10, 10, 210, 10),  # digits
        (10, 4, 20, 4),  # stopped early
        (1, 1, 1, 1),  # nothing to compare with
    ],
)
def test_case_47_of_other_runs_nothing_is_said(epochs: int, epoch: int, step: int, best_epoch: int) -> None:
    assert improving_at_end(epochs, epoch, step, best_epoch) == []
