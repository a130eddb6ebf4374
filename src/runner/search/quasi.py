"""Points spread evenly."""

from __future__ import annotations

from collections.abc import Sequence

from scipy.stats import qmc

from runner.config.searching import Searching
from runner.search.space import Point, Space
from runner.search.trial import Trial


class Sobol:
    """Point ``number`` of a scrambled Sobol sequence."""

    def __init__(self, searching: Searching, space: Space):
        self.seed, self.space = searching.seed, space

    def __call__(self, number: int, trials: Sequence[Trial]) -> Point:
        sequence = qmc.Sobol(len(self.space.dimensions), scramble=True, seed=self.seed)
        if number:  # it goes no 0 steps
            sequence.fast_forward(number)
        shares = dict(zip(self.space.dimensions, sequence.random(1)[0], strict=True))
        return self.space.point(lambda key, dimension: dimension.at(float(shares[key])))
