"""A net whose members are trained side by side, and those picked of them that answer."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from runner.errors import ConfigError
from runner.models.summary import layers
from runner.models.tabular import Tabular, mean_answer

KNOBS: dict[str, Any] = {
    "hidden": [4],
    "dropout": 0.0,
    "scales": [0.1, 2.0],
    "num_frequencies": 3,
    "embedding_size": 2,
    "num_piecewise": 1,
    "num_plain": 1,
}


def net(two_valued: list[bool] | None = None, num_outputs: int = 3, **changed: Any) -> Tabular:
    torch.manual_seed(0)
    columns = torch.tensor(two_valued or [False, True])
    task = changed.pop("task", "multiclass")
    return Tabular((len(columns),), num_outputs, task=task, two_valued=columns, **KNOBS | changed)


def test_each_member_is_trained_on_the_rows_of_its_own_batch() -> None:
    made, x = net(), torch.randn(4 * 5, 2)
    changed = x.clone()
    changed[5:10] = 0.0  # the second member's
    differs = (made(x) != made(changed)).any(1).view(4, 5).any(1)
    assert differs.tolist() == [False, True, False, False]


def test_before_a_pick_all_members_answer_as_they_are_and_afterwards_the_picked_ones_as_they_were_kept() -> None:
    made, x = net().eval(), torch.randn(5, 2)
    outputs = made.outputs(x, kept=False)
    torch.testing.assert_close(made(x), mean_answer(outputs, torch.full((4,), 0.25), "multiclass"))
    made.keep(torch.tensor([0.5, 0.1, 0.2, 0.3]), torch.tensor([True, True, True, True]))
    made.pick(torch.tensor([0.0, 3.0, 0.0, 1.0]))
    with torch.no_grad():
        for weight in made.members.parameters():
            weight.zero_()
    torch.testing.assert_close(made(x), mean_answer(outputs, torch.tensor([0.0, 0.75, 0.0, 0.25]), "multiclass"))
    assert made.picked() == {"periodic 0.1": 0, "periodic 2": 3, "piecewise": 0, "plain": 1}


def test_only_the_members_that_are_better_are_kept() -> None:
    made, x = net().eval(), torch.randn(5, 2)
    made.keep(torch.tensor([0.5, 0.1, 0.2, 0.3]), torch.tensor([True] * 4))
    before = made.outputs(x, kept=True)
    with torch.no_grad():
        for weight in made.members.parameters():
            weight.mul_(2.0)
    made.keep(torch.tensor([0.4, 9.0, 9.0, 0.2]), torch.tensor([True, False, False, True]))
    same = (made.outputs(x, kept=True) == before).all(dim=2).all(dim=0)
    assert same.tolist() == [False, True, True, False]
    assert made.kept_losses.tolist() == pytest.approx([0.4, 0.1, 0.2, 0.2])


@pytest.mark.parametrize(
    ("outputs", "task", "expected"),
    [
        ([[2.0], [6.0]], "regression", [5.0]),  # a quarter and three quarters
        ([[math.log(3.0)], [0.0]], "binary", [math.log(0.5625 / 0.4375)]),  # .75 / 4 + .5 * 3 / 4
        ([[math.log(3.0), 0.0], [0.0, 0.0]], "multiclass", [math.log(0.5625), math.log(0.4375)]),
    ],
)
def test_the_answer_is_the_mean_of_numbers_or_of_probabilities(
    outputs: list[list[float]], task: Any, expected: list[float]
) -> None:
    shares = torch.tensor([0.25, 0.75])
    assert mean_answer(torch.tensor([outputs]), shares, task)[0].tolist() == pytest.approx(expected, rel=1e-5)


def test_a_mean_of_probabilities_near_1_is_kept_in_half_the_bits() -> None:
    outputs_BMK = torch.tensor([[[8.0]]], dtype=torch.bfloat16)  # of probability 0.9997, which bf16 rounds to 1
    with torch.autocast("cpu", torch.bfloat16):
        answer = mean_answer(outputs_BMK, torch.ones(1), "binary")
    assert answer.dtype == torch.float32 and answer.item() == pytest.approx(8.0, abs=1e-3)


def test_columns_of_two_values_are_not_embedded() -> None:
    numbers = net([False, True, True]).members.numbers
    assert (numbers.embedded.tolist(), numbers.others.tolist(), numbers.out_features) == ([0], [1, 2], 2 + 2)
    assert not hasattr(net([True, True]).members, "numbers")


def test_the_summary_counts_every_weight_once() -> None:
    made = net()
    rows = {row.name: (row.out_shape, row.num_parameters) for row in layers(made, (2,))}
    assert rows["members.numbers.encoders.0"] == ((2, 1, 6), 2 * 1 * 3)
    assert rows["members.numbers.linear"] == ((3, 2), 3 * (6 + 1) * 2)
    assert rows["members.linear_0"] == ((4, 4), 4 * (3 + 1) * 4)
    assert rows["members.output"] == ((4, 3), 4 * (4 + 1) * 3)
    assert sum(row[1] for row in rows.values()) == sum(weight.numel() for weight in made.parameters())


def test_what_was_kept_and_picked_comes_back_with_the_weights() -> None:
    made, again, x = net().eval(), net().eval(), torch.randn(5, 2)
    made.keep(torch.tensor([0.5, 0.1, 0.2, 0.3]), torch.tensor([True] * 4))
    made.pick(torch.tensor([1.0, 0.0, 0.0, 2.0]))
    again.load_state_dict(made.state_dict())
    assert torch.equal(again(x), made(x))


@pytest.mark.parametrize(
    ("in_shape", "changed", "expected"),
    [
        ((1, 8, 8), {}, "is for tables, and these rows have the shape [1, 8, 8]; choose model=cnn, or model=dnn"),
        (
            (2,),
            {"scales": [], "num_piecewise": 0, "num_plain": 0},
            "scales=[]: without num_piecewise and num_plain there is no member",
        ),
    ],
)
def test_what_does_not_suit_is_told(in_shape: tuple[int, ...], changed: dict[str, Any], expected: str) -> None:
    columns: Tensor = torch.tensor([False, True])
    with pytest.raises(ConfigError) as told:
        Tabular(in_shape, 3, task="multiclass", two_valued=columns, **KNOBS | changed)
    assert str(told.value) == expected
