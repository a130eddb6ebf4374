"""How what an estimator answers becomes the scores of a run's classes."""

import numpy as np
import pytest

from runner.experiment.estimators import Table, fitted

X = np.zeros((4, 1), np.float32)
NO_CATEGORY = np.array([False])


class Shares:
    """Answers the share of each class among the rows that it saw, and keeps its table."""

    def __init__(self, table: Table):
        self.table = table

    def predict_proba(self, x):
        shares = np.bincount(self.table.y_N) / len(self.table.y_N)
        return np.tile(shares, (len(x), 1))


def test_a_class_that_no_train_row_has_gets_no_probability_and_its_validation_rows_are_left_out():
    table = Table(X, np.array([0, 2, 2, 2]), X[:3], np.array([2, 1, 0]), NO_CATEGORY, "multiclass", 4)
    found = fitted(Shares, table)
    assert found.scores(X[:1]).tolist() == [[0.25, 0, 0.75, 0]]
    assert found.model.table.y_N.tolist() == [0, 1, 1, 1]
    assert found.model.table.y_V.tolist() == [1, 0]


def test_of_two_classes_the_probability_of_the_second_comes_back():
    table = Table(X, np.array([0, 1, 1, 1]), X[:0], np.array([]), NO_CATEGORY, "binary", 2)
    assert fitted(Shares, table).scores(X[:2]).tolist() == [0.75, 0.75]


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_is_certain_and_nothing_is_fitted(label):
    table = Table(X, np.full(4, label), X[:0], np.array([]), NO_CATEGORY, "binary", 2)
    found = fitted(Shares, table)
    assert found.model is None
    assert found.scores(X[:1]).tolist() == [label]
