"""Where a trial of a search lies: a function of the search's seed, the trial's number and the trials before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

from runner.config.searching import Searching
from runner.search.space import Point, Space
from runner.search.trial import Trial

Sampler = Callable[[int, Sequence[Trial]], Point]  # (number, all trials so far) -> the point of that number
SAMPLERS = {  # imported when one is asked for: scipy and Optuna take their time
    "random": "runner.search.independent:Independent",
    "halving": "runner.search.independent:Independent",
    "qmc": "runner.search.quasi:Sobol",
    "tpe": "runner.search.by_optuna:Tpe",
    "cmaes": "runner.search.by_optuna:Cmaes",
}


def sampler(searching: Searching, space: Space) -> Sampler:
    """The one that ``search=`` names."""
    module, _, name = SAMPLERS[searching.method].partition(":")
    made: Sampler = getattr(import_module(module), name)(searching, space)
    return made
