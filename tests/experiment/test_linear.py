"""The linear model beside a net: lines by hand, and the logistic regression of scikit-learn fitted further."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from runner.contracts import Task
from runner.experiment.estimators import Table, fitted
from runner.experiment.linear import fit_linear


def linear_scores(x_NF: Tensor, y_N: Tensor, asked_MF: Tensor, task: Task, num_classes: int) -> Tensor:
    """What the linear model of the rows answers for others."""
    x, y = x_NF.numpy(), y_N.numpy()
    no_category: NDArray[np.bool_] = np.zeros(x.shape[1], np.bool_)
    return fitted(fit_linear, Table(x, y, x[:0], y[:0], no_category, task, num_classes)).scores(asked_MF.numpy())


def test_numbers_are_predicted_by_the_least_squares_line():
    # through (0, 1), (1, 3), (2, 4): slope 1.5, intercept 7/6
    x_NF, y_N = torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([1.0, 3.0, 4.0])
    values = linear_scores(x_NF, y_N, torch.tensor([[0.0], [10.0]]), "regression", 0)
    assert values.tolist() == pytest.approx([7 / 6, 7 / 6 + 15])


def test_columns_that_say_the_same_do_no_harm():
    x_NF = torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0], [1.0, 0.0, 2.0]])  # one_hot, and twice the first
    values = linear_scores(x_NF, torch.tensor([5.0, 7.0, 5.0]), x_NF, "regression", 0)
    assert values.tolist() == pytest.approx([5, 7, 5])


@pytest.mark.parametrize("num_classes", [3, 4])
def test_probabilities_are_those_of_scikit_learn(num_classes):
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(120, 5)), draw.integers(num_classes, size=120)
    x[np.arange(120), y] += 2
    expected = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(x, y).predict_proba(x)
    found = linear_scores(torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(x), "multiclass", num_classes)
    assert np.abs(found.numpy() - expected).max() < 1e-3


@pytest.mark.parametrize("bunch", [load_breast_cancer, load_iris, load_wine])
def test_case_18_two_and_three_classes_have_the_probabilities_of_scikit_learn(bunch):
    x, y = bunch(return_X_y=True)
    x = (x - x.mean(0)) / x.std(0)
    classes = int(y.max()) + 1
    # its default tolerance stops up to 5e-3 before the end
    expected = LogisticRegression(tol=1e-8, max_iter=10_000).fit(x[::2], y[::2]).predict_proba(x[1::2])
    given = map(torch.from_numpy, (x[::2], y[::2], x[1::2]))
    found = linear_scores(*given, "binary" if classes == 2 else "multiclass", classes)
    assert np.abs(found.numpy() - (expected[:, 1] if classes == 2 else expected)).max() < 1e-3


def test_case_18_few_rows_of_two_classes_are_held_back_as_much_as_by_scikit_learn():
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(30, 4)), np.arange(30) % 2
    x[np.arange(30), y] += 2
    expected = LogisticRegression(tol=1e-8).fit(x, y).predict_proba(x)[:, 1]
    found = linear_scores(torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(x), "binary", 2)
    assert np.abs(found.numpy() - expected).max() < 1e-4


def test_of_two_classes_the_probability_of_the_second_comes_back():
    x_NF, y_N = torch.tensor([[-3.0], [-2.0], [2.0], [3.0]]), torch.tensor([0, 0, 1, 1])
    shares = linear_scores(x_NF, y_N, torch.tensor([[-1.0], [0.0], [1.0]]), "binary", 2)
    assert shares.tolist() == pytest.approx([1 - float(shares[2]), 0.5, float(shares[2])], abs=1e-4)
    assert shares[2] > 0.6


def test_no_random_number_is_drawn_and_no_gradient_left_on():
    before = torch.get_rng_state()
    linear_scores(torch.randn(20, 3, generator=torch.Generator()), torch.arange(20) % 2, torch.zeros(1, 3), "binary", 2)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.is_grad_enabled()
