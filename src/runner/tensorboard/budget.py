"""How much of a run's time its dashboards may take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHARE = 0.05  # of the run, at most
# seconds each took at first, imports included, for a small net on two cores; afterwards what it took here counts
FIRST_COST_S = {"graph": 0.05, "samples": 0.1, "histograms": 0.03, "filters": 0.02, "pr_curves": 0.1, "embedding": 0.3}
OTHER_COST_S = 0.7  # of a drawn picture: matplotlib has to be imported


class Budget:
    """Says of each dashboard whether it still fits into the share; one that is not ``limited`` allows everything."""

    def __init__(self, begun: float, *, limited: bool, clock: Callable[[], float] = time.perf_counter):
        self.begun = begun  # when the run began, by ``clock``
        self.limited = limited
        self.clock = clock
        self.spent_s = 0.0
        self.cost_s: dict[str, float] = {}
        self.refused: dict[str, None] = {}  # in order, what did not fit when it was last asked for

    def allows(self, name: str) -> bool:
        cost_s = self.cost_s.get(name, FIRST_COST_S.get(name, OTHER_COST_S))
        fits = not self.limited or self.spent_s + cost_s <= SHARE * (self.clock() - self.begun)
        if fits:
            self.refused.pop(name, None)
        else:
            self.refused[name] = None
        return fits

    @contextmanager
    def charged(self, name: str) -> Iterator[None]:
        began = self.clock()
        try:
            yield
        finally:
            self.cost_s[name] = self.clock() - began
            self.spent_s += self.cost_s[name]
