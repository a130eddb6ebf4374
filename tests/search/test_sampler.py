"""The samplers: what one proposes comes from its seed, the number of the trial and those before it alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runner.config.searching import searching
from runner.search.sampler import SAMPLERS, Sampler, sampler
from runner.search.space import Choice, Interval, Space
from runner.search.trial import Trial

SPACE = Space(
    {
        "x": Interval(-1.0, 1.0, is_log=False, is_whole=False),
        "rate": Interval(1e-3, 1.0, is_log=True, is_whole=False),
        "width": Interval(1, 64, is_log=True, is_whole=True),
        "net": Choice(("net=a", "net=b"), ("a", "b"), is_range=False),
        "depth": Choice(("d=1", "d=2", "d=3"), ("1", "2", "3"), is_range=True),
    },
    {"depth": ("net", ("b",))},
)


def made(method: str, **knobs: Any) -> Sampler:
    usual = {"trials": 30, "seed": 0, "max_seconds": None, "window": 4, "startup_trials": 5}
    return sampler(searching(method, {**usual, **knobs}), SPACE)


def loss(trial: Trial) -> float:
    return abs(trial.point["x"] - 0.5) + trial.point["net"]


def run(method: str, num_trials: int, **knobs: Any) -> list[Trial]:
    """A search that fails at every seventh trial."""
    propose, trials = made(method, **knobs), list[Trial]()
    for number in range(num_trials):
        begun = Trial(number, propose(number, trials))
        failed = number % 7 == 6
        trials.append(Trial(number, begun.point, *(("failed", None) if failed else ("finished", loss(begun)))))
    return trials


@pytest.mark.parametrize("method", SAMPLERS)
def test_a_search_that_begins_anew_goes_on_as_it_was(method: str) -> None:
    trials = run(method, 16)
    assert made(method)(15, trials[:15]) == trials[15].point == made(method)(15, trials)
    assert [trial.point for trial in run(method, 3, seed=1)] != [trial.point for trial in trials[:3]]


@pytest.mark.parametrize("method", ["tpe", "cmaes"])
def test_results_inside_the_window_are_not_looked_at(method: str) -> None:
    trials = run(method, 15)
    better = [Trial(12, trials[12].point, "failed"), Trial(13, trials[13].point), Trial(14, trials[14].point)]
    assert made(method)(15, [*trials[:12], *better]) == made(method)(15, trials)
    upside_down = [replace(each, score=None if each.score is None else -each.score) for each in trials]
    assert made(method)(15, upside_down) != made(method)(15, trials)


@pytest.mark.parametrize("method", SAMPLERS)
def test_every_point_lies_in_the_space(method: str) -> None:
    for trial in run(method, 12):
        assert -1 <= trial.point["x"] <= 1 and 1e-3 <= trial.point["rate"] <= 1
        assert trial.point["width"] in range(1, 65) and ("depth" in trial.point) == (trial.point["net"] == 1)


def test_values_drawn_at_random_do_not_change_with_the_settings_beside_them() -> None:
    alone = sampler(
        searching("random", {"trials": 2, "seed": 0, "max_seconds": None}), Space({"x": SPACE.dimensions["x"]}, {})
    )
    assert alone(1, [])["x"] == made("random")(1, [])["x"]


def test_a_sobol_sequence_puts_one_point_into_each_half_of_every_pair() -> None:
    points = [made("qmc")(number, [])["x"] for number in range(8)]
    assert sorted(int((x + 1) * 4) for x in points) == list(range(8))


def test_what_learns_from_trials_finds_better_ones_than_chance() -> None:
    tpe, chance = (min(loss(trial) for trial in run(method, 30)) for method in ("tpe", "random"))
    assert tpe < 0.1 and tpe < chance
