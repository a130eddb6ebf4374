"""Which columns count, for answers that are known: by hand, and by the trees of a run."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from experiments import assembled
from runner.contracts import Column
from runner.errors import ConfigError
from runner.experiment.importance import dependence, importance, places_on, quality, shuffled
from runner.experiment.rebuild import Predictor

NUMBER, COLOUR = Column("number"), Column("colour", ("red", "green", "blue"))
X = torch.tensor([[0.0, 0], [1, 1], [2, 2], [3, 0]])


def first(x: Tensor) -> Tensor:
    return x[:, 0]


def test_a_column_that_is_not_looked_at_costs_nothing_and_one_that_is_what_its_shuffle_says() -> None:
    lost_FR = shuffled(first, X, X[:, 0], torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(0)
    for repeat in range(5):
        order = torch.randperm(4, generator=generator)
        off = (order - torch.arange(4)).float()
        assert lost_FR[0, repeat].item() == pytest.approx(float(off.square().mean().sqrt()))
    assert lost_FR[1].tolist() == [0] * 5


def test_classes_are_judged_by_the_share_that_is_right() -> None:
    assert quality(torch.tensor([[0.9, 0.1], [0.6, 0.4]]), torch.tensor([0, 1])) == 0.5


def test_a_number_is_moved_between_its_hundredths_and_a_category_over_the_commonest() -> None:
    assert places_on(torch.arange(101.0), NUMBER)[::19] == (5, 95)
    assert places_on(torch.tensor([7.0, 7, torch.nan]), NUMBER) == (7,)
    assert places_on(torch.tensor([2.0, 0, -1, 2]), COLOUR) == (0, 2)
    assert places_on(torch.tensor([1.0, 0, torch.nan]), Column("old", ("no", "yes"), ordered=True)) == (0, 1)
    assert places_on(torch.tensor([torch.nan]), NUMBER) == places_on(torch.tensor([-1.0]), COLOUR) == ()


def test_the_answer_with_a_column_moved_is_the_mean_over_the_rows() -> None:
    moved = dependence({"net": lambda x: x[:, 0] + 10 * x[:, 1]}, X, COLOUR, 1)
    assert (moved.values, moved.answers, moved.class_place) == ((0, 1, 2), {"net": (1.5, 11.5, 21.5)}, None)


def test_of_three_classes_that_is_shown_which_moves_most_for_the_net() -> None:
    def net(x: Tensor) -> Tensor:
        return torch.stack([0.1 * x[:, 1], 0.4 * x[:, 1], 1 - 0.5 * x[:, 1]], 1)

    moved = dependence({"net": net, "hist": lambda x: torch.zeros(len(x), 3)}, X, COLOUR, 1)
    assert moved.class_place == 2
    assert moved.answers == {"net": pytest.approx((1, 0.5, 0)), "hist": (0, 0, 0)}


def test_trees_are_asked_beside_the_net_on_held_out_rows_and_the_same_twice() -> None:
    experiment = assembled(["dataset=iris", "threads=1"])
    before = torch.get_rng_state()
    one, two = (importance(experiment, Predictor.of(experiment), "test") for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert one.lost["hist"].equal(two.lost["hist"]) and one.lost["net"].equal(two.lost["net"])
    assert one.lost["hist"].mean(1).argmax() == 2  # the length of petals
    assert (one.num_rows, len(one.moved), one.left_out) == (30, 4, "")


def test_without_trees_the_net_stands_alone_and_why_is_said() -> None:
    experiment = assembled(["dataset=diabetes", "threads=1", "baselines.trees=[]"])
    found = importance(experiment, Predictor.of(experiment), "val")
    assert (found.lost.keys(), found.left_out) == ({"net"}, "baselines.trees is []")


def test_rows_that_were_trained_on_or_stream_are_refused() -> None:
    experiment = assembled(["dataset=iris"])
    with pytest.raises(ConfigError, match="no held-out rows; train with val_fraction"):
        importance(experiment, Predictor.of(experiment), "train")
    streamed = replace(experiment, data=replace(experiment.data, x=object()))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="the rows of this run stream"):
        importance(streamed, Predictor.of(experiment), "test")
