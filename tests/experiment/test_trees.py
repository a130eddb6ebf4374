"""Ensembles of trees on tables whose answer is known; those that are not installed, by what they are asked."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from runner.experiment.estimators import Table, fitted
from runner.experiment.trees import fit_catboost, fit_hist, fit_xgboost

DRAW = np.random.default_rng(0)
X = np.stack([DRAW.normal(size=400), DRAW.integers(6, size=400)], 1).astype(np.float32)
ODD = X[:, 1].astype(int) % 2  # which no threshold on the code says, and no line
NUMBERS, CODES = np.array([False, False]), np.array([False, True])


def table(y, task="binary", num_classes=2, category_F=CODES, num_val=100) -> Table:
    val = slice(300, 300 + num_val)
    return Table(X[:300], y[:300], X[val], y[val], category_F, task, num_classes)


def test_a_product_of_signs_is_learnt_which_no_line_tells():
    y = ((X[:, 0] > 0) ^ (X[:, 1] > 2)).astype(int)
    shares = fitted(fit_hist, table(y, category_F=NUMBERS)).scores(X[300:])
    assert ((shares.numpy() > 0.5) == y[300:]).mean() > 0.97


def test_categories_are_told_apart_in_one_cut_and_an_empty_one_is_of_its_own():
    x = X.copy()
    x[ODD == 1, 1] = np.nan
    for rows in (X, x):
        learnt = Table(rows[:300], ODD[:300], rows[:0], ODD[:0], CODES, "binary", 2)
        model = fitted(fit_hist, learnt)
        assert ((model.scores(rows[300:]).numpy() > 0.5) == ODD[300:]).all()
        assert model.model._predictors[0][0].get_n_leaf_nodes() <= 31
        assert model.model.is_categorical_.tolist() == [False, True]


def test_more_categories_than_its_bins_count_as_numbers():
    x = X.copy()
    x[0, 1] = 255
    model = fitted(fit_hist, Table(x[:300], ODD[:300], x[:0], ODD[:0], CODES, "binary", 2)).model
    assert not np.any(model.is_categorical_)


def test_validation_rows_end_the_fit():
    noise = np.random.default_rng(1).integers(2, size=400)
    assert fitted(fit_hist, table(noise)).model.n_iter_ < 30
    assert fitted(fit_hist, table(noise, num_val=0)).model.n_iter_ == 100


def test_numbers_come_back_as_numbers():
    values = fitted(fit_hist, table(3 * X[:, 1], "regression", 0)).scores(X[300:])
    assert np.abs(values.numpy() - 3 * X[300:, 1]).max() < 0.1


def test_the_same_rows_give_the_same_bits():
    one, two = (fitted(fit_hist, table(ODD)).scores(X[300:]) for _ in range(2))
    assert one.equal(two)


def test_a_run_begins_without_scikit_learn_and_matplotlib():
    code = "import sys, runner.training.record, runner.experiment.baselines;"
    code += "sys.exit(bool({'sklearn', 'matplotlib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class Recorded:
    """Stands for an estimator of a package that is not here."""

    def __init__(self, **knobs):
        self.knobs = knobs

    def fit(self, x, y, **more):
        self.fitted_to = (x, y, more)
        return self

    def predict(self, x):
        self.asked = x
        return np.arange(len(x))

    def predict_proba(self, x):
        self.asked = x
        return np.full((len(x), 2), 0.5)


@pytest.fixture
def packages(monkeypatch):
    for name, prefix in (("catboost", "CatBoost"), ("xgboost", "XGB")):
        kinds = {f"{prefix}{kind}": Recorded for kind in ("Classifier", "Regressor")}
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(**kinds))


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_catboost_gets_categories_as_whole_numbers_and_its_validation_rows(packages, task):
    x = X[:4].copy()
    x[0] = np.nan
    found = fitted(fit_catboost, Table(x, ODD[:4], x[:1], ODD[:1], CODES, task, 2))
    (rows, y, more), asked = found.model.model.fitted_to, found.scores(x)
    assert len(asked) == 4
    for given in (rows, found.model.model.asked):
        assert [type(cell) for cell in given[0]] == [float, int]
        assert given[0][1] == -1
        assert given[1].tolist() == x[1].tolist()
    assert y.tolist() == ODD[:4].tolist()
    assert more["cat_features"] == [1]
    assert len(more["eval_set"][0]) == 1


def test_xgboost_gets_the_kinds_of_the_columns_and_its_validation_rows(packages):
    model = fitted(fit_xgboost, table(ODD)).model
    assert model.knobs["feature_types"] == ["q", "c"]
    assert model.knobs["early_stopping_rounds"] == 10
    assert len(model.fitted_to[2]["eval_set"][0][0]) == 100
    alone = fitted(fit_xgboost, table(3 * X[:, 0], "regression", 0, num_val=0)).model
    assert (alone.knobs["early_stopping_rounds"], alone.fitted_to[2]["eval_set"]) == (None, None)
