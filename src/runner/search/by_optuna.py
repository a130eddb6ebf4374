"""Optuna's samplers, each asked once, in a study that lives for one question: no storage that a kill could tear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from runner.config.searching import Searching
from runner.search.space import Dimension, Interval, Point, Space
from runner.search.trial import Trial, seen
from runner.seed import derive

STATES = {
    "running": TrialState.RUNNING,
    "finished": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}


class Tpe:
    """A tree-structured Parzen estimator; the points of running trials count as bad ones, to keep away from them."""

    def __init__(self, searching: Searching, space: Space):
        self.searching, self.space = searching, space
        self.distributions = {key: distribution(dimension) for key, dimension in space.dimensions.items()}
        optuna.logging.set_verbosity(optuna.logging.WARNING)

    def __call__(self, number: int, trials: Sequence[Trial]) -> Point:
        assert self.searching.window is not None
        study = optuna.create_study(sampler=self.sampler(derive(self.searching.seed, "trial", number) % 2**32))
        study.add_trials([self.told(trial) for trial in seen(trials, number, self.searching.window)])
        asked = study.ask()
        point = self.space.point(lambda key, dimension: suggested(asked, key, self.distributions[key]))
        self.keep(number, study.get_trials(deepcopy=False)[number])
        return point

    def sampler(self, seed: int) -> optuna.samplers.BaseSampler:
        return optuna.samplers.TPESampler(seed=seed, n_startup_trials=self.searching.startup_trials or 0)

    def told(self, trial: Trial) -> FrozenTrial:
        """The trial as Optuna has it."""
        return create_trial(
            state=STATES[trial.outcome],
            value=trial.score,
            intermediate_values=dict(enumerate(trial.by_epoch, start=1)),
            params=dict(trial.point),
            distributions={key: self.distributions[key] for key in trial.point},
            system_attrs=self.kept(trial.number),
        )

    def keep(self, number: int, asked: FrozenTrial) -> None:
        """Nothing is needed later of a trial that was asked for."""

    def kept(self, number: int) -> dict[str, Any]:
        return {}


class Cmaes(Tpe):
    """Covariance matrix adaptation; options and conditional settings are drawn at random.

    Optuna keeps the state of the algorithm with the trials. Here that is made anew, by asking for all of them again.
    """

    def __init__(self, searching: Searching, space: Space):
        super().__init__(searching, space)
        self.states: dict[int, dict[str, Any]] = {}

    def __call__(self, number: int, trials: Sequence[Trial]) -> Point:
        for earlier in range(len(self.states), number):
            super().__call__(earlier, trials)
        return super().__call__(number, trials)

    def sampler(self, seed: int) -> optuna.samplers.BaseSampler:
        return optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)

    def keep(self, number: int, asked: FrozenTrial) -> None:
        self.states[number] = dict(asked.system_attrs)

    def kept(self, number: int) -> dict[str, Any]:
        return self.states[number]


def distribution(dimension: Dimension) -> BaseDistribution:
    if isinstance(dimension, Interval) and dimension.is_whole:
        return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.is_log)
    if isinstance(dimension, Interval):
        return FloatDistribution(dimension.low, dimension.high, log=dimension.is_log)
    last = len(dimension.texts) - 1
    return IntDistribution(0, last) if dimension.is_range else CategoricalDistribution(range(last + 1))


def suggested(asked: optuna.Trial, key: str, distribution: BaseDistribution) -> float:
    """A value of the trial that was asked for."""
    if isinstance(distribution, FloatDistribution):
        return asked.suggest_float(key, distribution.low, distribution.high, log=distribution.log)
    if isinstance(distribution, IntDistribution):
        return asked.suggest_int(key, distribution.low, distribution.high, log=distribution.log)
    assert isinstance(distribution, CategoricalDistribution)
    return distribution.choices.index(asked.suggest_categorical(key, distribution.choices))
