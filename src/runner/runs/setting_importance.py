"""How much each setting of a sweep matters to what came of it, as far as its jobs can tell. Imports no torch.

Shapes: N candidates, F settings, R resamples.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance

from runner.text import counted

Numbers = NDArray[np.float64]
FEWEST, FEWEST_A_SETTING = 10, 5  # candidates, in all and for each setting
RESAMPLES = 12
MOST_ROWS = 200  # of a resample: a tree of fANOVA takes time as the square of them
TREES, DEPTH = 10, 6  # of a resample's forest; of a tree of fANOVA, for the same reason
FOREST = 64  # trees, of which those that a candidate is not in guess its rank
EXPLAINED = 0.1  # of the variance of the ranks, at least, or the settings say nothing


@dataclass(frozen=True)
class Column:
    """A setting as trees see it: a place from 0 to 1 for each candidate, or the code of a category."""

    values: tuple[float, ...]  # N
    num_categories: int = 0  # 0 of a number


@dataclass(frozen=True)
class SettingImportance:
    """``shares`` [R, F] of what the settings explain together, in the order of the settings; or why there are none."""

    shares: Numbers
    how: str  # they were found, for a reader; why not, where there are none


def setting_importance(columns: Sequence[Column], scores: Sequence[float]) -> SettingImportance:
    """Of the ranks of the scores, so that one run that diverged does not decide alone.

    By fANOVA (Hutter et al. 2014) where Optuna is installed, else by permutation over a forest (Breiman 2001).
    """
    fewest = max(FEWEST, FEWEST_A_SETTING * len(columns))
    if len(scores) < fewest:
        told = f"too few jobs to tell: {counted(len(scores), 'combination')} finished, it takes {fewest}"
        return SettingImportance(np.empty((0, 0)), told)
    x_NF, ranks_N = np.array([column.values for column in columns]).T, ranks(scores)
    explained = share_explained(x_NF, ranks_N)
    if explained < EXPLAINED:
        told = f"the settings do not explain the order: a forest guesses {max(0.0, explained):.0%} of it"
        return SettingImportance(np.empty((0, 0)), told)
    is_fanova = find_spec("optuna") is not None
    by: Measure = fanova if is_fanova else permutation
    random = np.random.default_rng(0)
    found_RF = np.array([by(columns, x_NF, ranks_N, random) for _ in range(RESAMPLES)])
    shares = found_RF / np.maximum(found_RF.sum(1, keepdims=True), 1e-12)
    name = "fANOVA of Optuna" if is_fanova else "permutation over a forest of scikit-learn"
    return SettingImportance(shares, f"{name}, {RESAMPLES} resamples; settings explain {explained:.0%} of the order")


Measure = Callable[[Sequence[Column], Numbers, Numbers, np.random.Generator], Numbers]


def ranks(scores: Sequence[float]) -> Numbers:
    """From 0 to 1; equal ones have equal ranks."""
    places = np.searchsorted(np.sort(scores), scores)
    return np.asarray(places / max(1, len(scores) - 1))


def share_explained(x_NF: Numbers, ranks_N: Numbers) -> float:
    """Of the variance of the ranks, by trees that did not see the candidate."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that a candidate was in every tree
        forest = RandomForestRegressor(FOREST, oob_score=True, random_state=0).fit(x_NF, ranks_N)
    return float(forest.oob_score_)


def permutation(columns: Sequence[Column], x_NF: Numbers, ranks_N: Numbers, random: np.random.Generator) -> Numbers:
    """[F] what a forest of one resample loses on the others with one setting shuffled."""
    drawn = random.choice(len(ranks_N), min(MOST_ROWS, len(ranks_N)))
    others = np.setdiff1d(np.arange(len(ranks_N)), drawn)[:MOST_ROWS]
    seed = int(random.integers(2**31))
    forest = RandomForestRegressor(TREES, random_state=seed).fit(x_NF[drawn], ranks_N[drawn])
    found = permutation_importance(forest, x_NF[others], ranks_N[others], n_repeats=2, random_state=seed)
    return np.asarray(np.maximum(found.importances_mean, 0))


def fanova(columns: Sequence[Column], x_NF: Numbers, ranks_N: Numbers, random: np.random.Generator) -> Numbers:
    """[F] the share of the variance of one tree's guesses that each setting has alone, over the whole space."""
    import optuna  # an extra, and 0.5 s

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    names = [str(place) for place in range(len(columns))]
    space: dict[str, Any] = {
        name: optuna.distributions.CategoricalDistribution(range(column.num_categories))
        if column.num_categories
        else optuna.distributions.FloatDistribution(0, 1)
        for name, column in zip(names, columns, strict=True)
    }
    study = optuna.create_study()
    for row in random.choice(len(ranks_N), min(MOST_ROWS, len(ranks_N))):
        values = (column.values[row] for column in columns)
        point = {name: int(value) if column.num_categories else value
                 for name, value, column in zip(names, values, columns, strict=True)}  # fmt: skip
        study.add_trial(optuna.trial.create_trial(params=point, distributions=space, value=float(ranks_N[row])))
    seed = int(random.integers(2**31))
    found = optuna.importance.FanovaImportanceEvaluator(n_trees=1, max_depth=DEPTH, seed=seed).evaluate(study)
    return np.array([found[name] for name in names])
