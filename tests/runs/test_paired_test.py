"""The paired t test against scipy's, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import stdtr, stdtrit
from scipy.stats import ttest_rel

from runner.runs.paired_test import Pairs, limit, outside


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 30, 333])
def test_student_s_t_is_that_of_scipy(freedom: int) -> None:
    for t in (0.0, 0.3, 1.0, 2.5, -4.0, 20.0):
        assert outside(t, freedom) == pytest.approx(2 * stdtr(freedom, -abs(t)), abs=1e-13)
    for probability in (0.4, 0.05, 0.001):
        assert limit(probability, freedom) == pytest.approx(stdtrit(freedom, 1 - probability / 2), rel=1e-10)


def test_student_s_t_takes_any_t() -> None:
    assert outside(float("inf"), 3) == 0 and outside(1e300, 1) == pytest.approx(0, abs=1e-15)
    assert limit(0.05, 1) == pytest.approx(12.7062047)  # as printed in every table


@pytest.mark.parametrize("num", [2, 3, 5, 20])
def test_the_test_is_that_of_scipy(num: int) -> None:
    draw = np.random.default_rng(num)
    left, right = draw.normal(0.3, 1, num), draw.normal(0, 1, num)
    theirs = ttest_rel(left, right)
    interval = theirs.confidence_interval(0.95)
    ours = Pairs((left - right).tolist())
    assert ours.p == pytest.approx(theirs.pvalue, abs=1e-12)
    assert (ours.mean - ours.half_width, ours.mean + ours.half_width) == pytest.approx(tuple(interval))


def test_folds_are_worth_less_than_as_many_seeds() -> None:
    # sd 0.1, 5 folds: 0.1 x sqrt(1/5 + 1/4) = 0.067082; without the correction 0.044721
    differences = [0.1, 0.3, 0.2, 0.2 - 0.02**0.5 / 2, 0.2 + 0.02**0.5 / 2]
    width = limit(0.05, 4)
    assert Pairs(differences, overlap=0.25).half_width == pytest.approx(
        width * 0.0670820 * np.std(differences, ddof=1) / 0.1
    )


def test_how_many_more_would_do() -> None:
    assert Pairs([0.0, 0.2, 0.1]).more() == 7  # 10 runs: (2.262 + 0.883) x 0.1 / sqrt(10) = 0.0995
    assert Pairs([-0.1, 0.1, 0.0]).more() is None


def test_folds_come_together() -> None:
    # 5 folds a seed, sd 0.1, mean 0.3, overlap 1/4: with 10 runs (2.262 + 0.883) x 0.1 x sqrt(0.35) = 0.186
    differences = [0.2, 0.4, 0.3, 0.3 - 0.1 * 2**-0.5, 0.3 + 0.1 * 2**-0.5]
    assert Pairs(differences, overlap=0.25).more(at_once=5) == 1
