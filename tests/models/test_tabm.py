"""TabM: members that share their weights."""

from typing import Any

import pytest
import torch

from runner.errors import ConfigError
from runner.models.summary import layers
from runner.models.tabm import TabM
from runner.models.tabular import mean_answer

KNOBS: dict[str, Any] = {
    "num_members": 3,
    "shares_batches": False,
    "hidden": [4],
    "dropout": 0.0,
    "embedding": "periodic",
    "embedding_size": 2,
    "num_frequencies": 5,
    "scale": 1.0,
    "num_bins": 6,
}


def net(**changed: Any) -> TabM:
    torch.manual_seed(0)
    return TabM((2,), 1, task="regression", two_valued=torch.tensor([False, True]), **KNOBS | changed)


@pytest.mark.parametrize("embedding", ["periodic", "piecewise", "none"])
def test_the_answer_is_the_mean_of_what_the_members_say_in_training(embedding: str) -> None:
    made, x = net(embedding=embedding), torch.randn(5, 2)
    outputs_MBK = made(x.repeat(3, 1)).view(3, 5, 1)
    expected = mean_answer(outputs_MBK.transpose(0, 1), torch.full((3,), 1 / 3), "regression")
    torch.testing.assert_close(made.eval()(x), expected)
    assert len(outputs_MBK[:, 0].unique()) == 3  # they differ from the start


def test_each_member_is_trained_on_the_rows_of_its_own_batch() -> None:
    made, x = net(), torch.randn(3 * 5, 2)
    changed = x.clone()
    changed[5:10] = 0.0  # the second member's
    assert (made(x) != made(changed)).any(1).view(3, 5).any(1).tolist() == [False, True, False]


def test_the_summary_counts_what_the_members_share_once() -> None:
    rows = {row.name: (row.out_shape, row.num_parameters) for row in layers(net(), (2,))}
    assert rows["numbers.encoders.0"] == ((1, 1, 10), 5)
    assert rows["numbers.linear"] == ((1, 2), (10 + 1) * 2)
    assert rows["members.linear_0"] == ((3, 4), 3 * 4 + 3 * (3 + 4 + 4))
    assert rows["members.output"] == ((3, 1), 3 * (4 + 1))


def test_rows_that_are_no_table_are_told() -> None:
    with pytest.raises(ConfigError, match=r"is for tables, and these rows have the shape \[1, 8, 8\]"):
        TabM((1, 8, 8), 3, task="multiclass", two_valued=torch.zeros(0).bool(), **KNOBS)
