"""How much each setting matters, from numbers whose answer is known."""

import numpy as np
import pytest

from runner.runs import setting_importance as module
from runner.runs.setting_importance import Column, ranks, setting_importance

PLACES = np.random.default_rng(0).random((40, 2))
COLUMNS = [Column(tuple(PLACES[:, 0])), Column(tuple(map(float, PLACES[:, 1] > 0.5)), 2)]


@pytest.fixture(params=["optuna", "scikit-learn"])
def measure(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With Optuna where it is installed, and as if it were not."""
    if request.param == "optuna":
        pytest.importorskip("optuna")
    monkeypatch.setattr(module, "RESAMPLES", 4)
    monkeypatch.setattr(module, "find_spec", lambda name: name if request.param == "optuna" else None)
    return str(request.param)


def test_the_setting_that_decides_has_nearly_all_of_it(measure: str) -> None:
    found = setting_importance(COLUMNS, [3 * place for place, _ in PLACES])
    assert found.shares.shape == (module.RESAMPLES, 2) and found.how.startswith(("fANOVA", "permutation"))
    assert (measure in found.how.lower()) and found.shares.mean(0)[0] > 0.9
    assert np.allclose(found.shares.sum(1), 1), "shares of what they explain together"


def test_categories_that_decide_are_seen_and_the_same_data_gives_the_same_shares(measure: str) -> None:
    scores = [float(code) for code in COLUMNS[1].values]
    found, again = (setting_importance(COLUMNS, scores) for _ in range(2))
    assert found.shares.mean(0)[1] > 0.9 and (found.shares == again.shares).all()


def test_one_that_diverged_does_not_decide_alone() -> None:
    assert ranks([0.5, 1e9, 0.1, 0.5]).tolist() == [1 / 3, 1.0, 0.0, 1 / 3]


@pytest.mark.parametrize(
    ("columns", "scores", "told"),
    [
        (COLUMNS, [0.1] * 6, "too few jobs to tell: 6 combinations finished, it takes 10"),
        (COLUMNS * 2, [0.1] * 19, "too few jobs to tell: 19 combinations finished, it takes 20"),
        (COLUMNS, np.random.default_rng(1).random(40).tolist(), "the settings do not explain the order: a forest"),
    ],
)
def test_what_cannot_be_told_is_not(columns: list[Column], scores: list[float], told: str) -> None:
    found = setting_importance(columns, scores)
    assert not found.shares.size and found.how.startswith(told)
