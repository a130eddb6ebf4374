"""How numbers are scaled: by hand, against scikit-learn, by the train rows alone."""

import numpy as np
import pytest
import torch
from sklearn.preprocessing import QuantileTransformer

from runner.contracts import Column, Data
from runner.data.numeric import FARTHEST, KNOTS, places, quantiles
from runner.data.transforms import blank_preprocess, build_preprocess, of_two_values
from runner.errors import ConfigError

COLOUR = Column("colour", ("red", "green", "blue"))
KINDS = ["normalise", "robust", "quantile"]


def table(rows, columns=()):
    x = torch.tensor(rows, dtype=torch.float32)
    columns = columns or tuple(Column(f"x{i}") for i in range(x.shape[1]))
    return Data(x=x, y=torch.zeros(len(x)), task="regression", columns=columns)


def fitted(name, rows, columns=(), num_train=None):
    data = table(rows, columns)
    return build_preprocess([name], data, torch.arange(num_train or len(rows)))


def test_robust_brings_the_median_to_0_and_the_quartiles_1_apart():
    preprocess = fitted("robust", [[10], [20], [30], [40], [90]])  # quartiles 20 and 40
    assert preprocess(torch.tensor([[30.0], [50.0], [0.0]])).tolist() == [[0], [1], [-1.5]]


def test_robust_takes_the_whole_range_where_the_quartiles_are_equal_and_only_shifts_a_constant():
    preprocess = fitted("robust", [[0, 7], [0, 7], [0, 7], [0, 7], [50, 7]])
    assert preprocess(torch.tensor([[25.0, 8.0]])).tolist() == [[0.5, 1.0]]


def test_the_median_of_train_rows_becomes_0_and_a_share_of_them_the_normal_of_that_share():
    preprocess = fitted("quantile", [[i] for i in range(101)])
    low, middle, high = preprocess(torch.tensor([[2.5], [50.0], [97.5]])).flatten().tolist()
    assert middle == pytest.approx(0, abs=1e-6)
    assert (low, high) == (pytest.approx(-1.959964, abs=1e-4), pytest.approx(1.959964, abs=1e-4))


def test_what_lies_beyond_the_train_rows_is_taken_for_the_last_of_them():
    preprocess = fitted("quantile", [[0.0], [1.0], [2.0], [1e9]], num_train=3)
    assert preprocess(torch.tensor([[-5.0], [2.0], [1e9]])).flatten().tolist() == pytest.approx(
        [-FARTHEST, FARTHEST, FARTHEST]
    )


def test_rows_that_hold_one_value_stand_for_their_middle_and_a_constant_becomes_0():
    preprocess = fitted("quantile", [[0, 3]] * 60 + [[1, 3]] * 40)  # 0 for the shares 0 to .6, 1 for .6 to 1
    zero, one = preprocess(torch.tensor([[0.0, 3.0], [1.0, 4.0]])).tolist()
    assert zero == pytest.approx([-0.524401, 0], abs=2e-2)  # the normal quantile of .3
    assert one == pytest.approx([0.841621, 0], abs=2e-2)  # and of .8


def test_quantiles_are_those_of_scikit_learn_where_every_value_is_another():
    x = np.random.default_rng(0).lognormal(size=(3000, 2)).astype(np.float32)
    theirs = QuantileTransformer(n_quantiles=KNOTS, output_distribution="normal", subsample=None).fit(x[:2000])
    preprocess = build_preprocess(["quantile"], table(x.tolist()), torch.arange(2000))
    assert np.abs(preprocess(torch.from_numpy(x)).numpy() - theirs.transform(x)).max() < 2e-3


def test_quantiles_are_interpolated_between_rows():
    assert quantiles(torch.tensor([[4.0, 0.0], [0.0, 0.0], [2.0, 1.0]]), 5).T.tolist() == [
        [0, 1, 2, 3, 4],
        [0, 0, 0, 0.5, 1],
    ]


def test_a_place_is_that_among_the_knots_and_the_middle_of_equal_ones():
    knots = torch.tensor([[0.0, 2.0, 2.0, 2.0, 6.0]])
    assert places(knots, torch.tensor([[-1.0, 0.0, 1.0, 2.0, 3.0, 6.0, 7.0]])).tolist() == [[0, 0, 0.5, 2, 3.25, 4, 4]]


@pytest.mark.parametrize("name", KINDS)
def test_rows_of_other_splits_are_not_looked_at(name):
    rows = [[1.0, 0], [2, 1], [4, 0], [8, 1]]
    one, other = fitted(name, [*rows, [99, 5]], num_train=4), fitted(name, [*rows, [-7, 3]], num_train=4)
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


@pytest.mark.parametrize("name", KINDS)
def test_categories_are_left_as_they_are(name):
    x = fitted(name, [[1, 2], [2, 0], [3, 1]], (Column("size"), COLOUR))(torch.tensor([[2.0, 2.0]]))
    assert x.tolist() == [[pytest.approx(0, abs=1e-6), 2]]


@pytest.mark.parametrize("name", KINDS)
def test_a_table_tells_which_columns_hold_two_values_on_the_train_rows(name):
    columns = (Column("two"), Column("three"), Column("one"), COLOUR, Column("later three"))
    data = table([[5, 1, 4, 0, 0], [9, 2, 4, 1, 1], [5, 3, 4, 0, 1], [5, 3, 4, 0, 2]], columns)
    preprocess = build_preprocess([name, "one_hot"], data, torch.arange(3))
    assert of_two_values(preprocess).tolist() == [True, False, False, True, True, True, True]
    assert of_two_values(preprocess[:2]).tolist() == [True, False, False, False, True]


def test_two_values_in_different_chunks_are_found(monkeypatch):
    monkeypatch.setattr("runner.data.transforms.RESIDENT_ROWS_TO_FIT", 1)
    preprocess = build_preprocess(["normalise"], table([[1, 1, 1], [2, 1, 2], [1, 1, 3], [1, 1, 1]]), torch.arange(4))
    assert of_two_values(preprocess).tolist() == [True, False, False]


@pytest.mark.parametrize("name", KINDS)
def test_the_scale_travels_with_the_weights(name):
    whole, blank = fitted(name, [[1], [2], [4]]), blank_preprocess([name], (1,), (Column("x0"),))
    blank.load_state_dict(whole.state_dict())
    assert torch.equal(blank(torch.tensor([[3.0]])), whole(torch.tensor([[3.0]])))


def test_a_checkpoint_of_an_older_build_says_nothing_of_two_values():
    state = {"0_normalise.mean": torch.tensor([2.0]), "0_normalise.std": torch.tensor([4.0])}
    blank = blank_preprocess(["normalise"], (1,), (Column("x0"),))
    blank.load_state_dict(state)
    assert blank(torch.tensor([[10.0]])).tolist() == [[2]]


@pytest.mark.parametrize("name", ["robust", "quantile"])
def test_pictures_have_no_columns_to_scale(name):
    with pytest.raises(ConfigError, match=rf"{name} scales the columns of a table and gets rows of \[1, 8, 8\]"):
        blank_preprocess([name], (1, 8, 8), ())
