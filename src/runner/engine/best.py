"""Which epoch of a run is the best, and whether waiting for a better one has been long enough. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from runner.errors import ConfigError

# Whether a higher value is the better one, by the name without the split
OF_EVERY_RUN = {"loss": False, "accuracy": True}  # what the training steps measure
OF_OLDER_BUILDS = OF_EVERY_RUN | {"rmse": False, "mae": False}  # their summaries do not say it
OF_OLDER_BUILDS |= {name: True for name in ("auroc", "f1", "precision", "r2", "recall")}


def directions(metrics: Mapping[str, Any]) -> dict[str, bool | None]:
    """Whether a higher value is the better one, as the class of each metric says; None where it says nothing."""
    said = {name: metric.higher_is_better for name, metric in metrics.items()}
    return OF_EVERY_RUN | {name: value if isinstance(value, bool) else None for name, value in said.items()}


def stored_directions(summary: Mapping[str, Any]) -> dict[str, bool]:
    """The same as summary.json has it; of a run of an older build, of the metrics that came with the program."""
    said = summary.get("higher_is_better")
    if not isinstance(said, Mapping):
        return OF_OLDER_BUILDS
    return {name: value for name, value in said.items() if isinstance(value, bool)}


def is_higher_better(metric: str, said: Mapping[str, bool | None]) -> bool | None:
    """Whether a higher value of ``val/f1`` is the better one; None where nobody says."""
    return said.get(metric.rpartition("/")[2])


class Monitor:
    """Follows one metric over the epochs of a run.

    The best is the strictly best value: a tie keeps the earlier epoch, NaN is never best. Patience is counted apart
    from it: only a value that beats the last one that counted by more than ``min_delta`` starts the count again.
    """

    def __init__(self, name: str, min_delta: float, patience_epochs: int | None, *, higher_is_better: bool):
        self.name = name
        self.best_value: float | None = None
        self.best_epoch = self.best_step = 0
        self._min_delta = min_delta
        self._patience_epochs = patience_epochs
        self._sign = 1.0 if higher_is_better else -1.0
        self._counted_value: float | None = None
        self._waited_epochs = 0

    def update(self, epoch: int, step: int, values: Mapping[str, float]) -> bool:
        """Whether the end of ``epoch`` is the best so far; called once an epoch. ConfigError for an unknown name."""
        if self.name not in values:
            raise ConfigError(f"monitor={self.name}: this run has no such metric, only {', '.join(values) or 'none'}")
        value = float(values[self.name])
        self._count(value)
        if not self._beats(value, self.best_value):
            return False
        self.best_value, self.best_epoch, self.best_step = value, epoch, step
        return True

    def has_reached(self, value: float) -> bool:
        """Whether the best so far is at least as good."""
        return self.best_value is not None and self._sign * (self.best_value - value) >= 0

    @property
    def spent(self) -> bool:
        """Whether ``patience_epochs`` epochs in a row brought nothing better; never where patience is not limited."""
        return is_spent(self.state(), self._patience_epochs)

    def state(self) -> dict[str, Any]:
        """What a checkpoint must keep: plain numbers."""
        return {
            "name": self.name,
            "best_value": self.best_value,
            "best_epoch": self.best_epoch,
            "best_step": self.best_step,
            "counted_value": self._counted_value,
            "waited_epochs": self._waited_epochs,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Goes on from ``state``, which must be of the same metric."""
        assert state["name"] == self.name, "values of another metric cannot be compared with"
        self.best_value = state["best_value"]
        self.best_epoch, self.best_step = state["best_epoch"], state["best_step"]
        self._counted_value, self._waited_epochs = state["counted_value"], state["waited_epochs"]

    def _count(self, value: float) -> None:
        if self._beats(value, self._counted_value, self._min_delta):
            self._counted_value, self._waited_epochs = value, 0
        else:
            self._waited_epochs += 1

    def _beats(self, value: float, other: float | None, margin: float = 0.0) -> bool:
        if math.isnan(value):
            return False
        return other is None or self._sign * (value - other) > margin


def is_spent(state: Mapping[str, Any], patience_epochs: int | None) -> bool:
    """``Monitor.spent``, of a monitor whose ``state`` was kept."""
    return patience_epochs is not None and state["waited_epochs"] >= patience_epochs
