"""Points drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from runner.config.searching import Searching
from runner.search.space import Dimension, Point, Space
from runner.search.trial import Trial
from runner.seed import derive


class Independent:
    """Every value drawn for itself: one more setting in the space changes none of the others."""

    def __init__(self, searching: Searching, space: Space):
        self.seed, self.space = searching.seed, space

    def __call__(self, number: int, trials: Sequence[Trial]) -> Point:
        def draw(key: str, dimension: Dimension) -> float:
            return dimension.at(Random(derive(self.seed, "trial", number, key)).random())

        return self.space.point(draw)
