"""The rows of a batch that a rank takes."""

import pytest
import torch

from runner import ranks
from runner.ranks import Ranks


def test_each_rank_takes_every_nth_row_of_each_member() -> None:
    rows_MB = torch.tensor([[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]])
    first, second = (Ranks(number, 2, draw_seed=0).share(rows_MB).tolist() for number in (0, 1))
    assert first == [[1, 3, 5], [6, 8, 10]] and second == [[2, 4], [7, 9]]


def test_a_rank_without_a_row_takes_one_that_does_not_count() -> None:
    assert Ranks(2, 3, draw_seed=0).share(torch.tensor([[1, 2]])).tolist() == [[1]]


def test_each_rank_and_step_draws_other_numbers() -> None:
    def drawn(number: int, step: int) -> float:
        Ranks(number, 2, draw_seed=5).draw_for(step)
        return torch.rand(1).item()

    assert drawn(0, 3) == drawn(0, 3)
    assert len({drawn(number, step) for number in (0, 1) for step in (3, 4)}) == 4


def test_what_torch_says_of_a_lost_process_is_a_fault_of_the_run() -> None:
    with pytest.raises(ranks.RankLost, match=r"^another process of the run has ended$"), ranks.noticing_loss():
        raise RuntimeError("Connection closed by peer")
