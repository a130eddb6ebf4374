"""What a scheduler's option leaves to the run: lengths, learning rates, the direction of the monitor, formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any, Literal

from torch.optim import Optimizer
from torch.optim.lr_scheduler import CyclicLR, LambdaLR, LRScheduler, MultiplicativeLR, OneCycleLR

from runner.config.catalog import Part
from runner.config.formula import Formula
from runner.config.schedule import FORMULAS
from runner.errors import ConfigError

Interval = Literal["step", "epoch"]
CHECKED_FACTORS = 1000  # ticks, spread over the run, at which a formula is tried


@dataclass(frozen=True)
class Span:
    """How long a run is, and what one tick of its schedule is."""

    interval: Interval
    total_steps: int
    steps_per_epoch: int

    @property
    def epochs(self) -> int:
        return ceil(self.total_steps / self.steps_per_epoch)

    @property
    def ticks(self) -> int:
        return self.total_steps if self.interval == "step" else self.epochs

    def place(self, tick: int) -> dict[str, int]:
        """What a formula may ask for at a tick."""
        per_step = self.interval == "step"
        return {
            "epoch": tick // self.steps_per_epoch if per_step else tick,
            "step": tick if per_step else tick * self.steps_per_epoch,
            "epochs": self.epochs,
            "steps": self.total_steps,
        }


def filled(
    part: Part,
    kind: type[LRScheduler],
    optimizer: Optimizer,
    span: Span,
    ticks: int,
    monitor_mode: Literal["min", "max"],
) -> dict[str, Any]:
    """All knobs of the scheduler, which has ``ticks`` of the run. Raises ConfigError for what torch would trip over."""
    knobs: dict[str, Any] = {key: value for key, value in part.knobs.items() if key != "interval"}
    lengths = {"T_max": ticks, "total_iters": ticks, "step_size_up": max(1, ticks // 2), "mode": monitor_mode}
    knobs |= {key: value for key, value in lengths.items() if knobs.get(key, 0) is None}
    if issubclass(kind, OneCycleLR):
        knobs |= {"total_steps": _cycle_steps(knobs, span), "epochs": None, "steps_per_epoch": None}
    if issubclass(kind, OneCycleLR | CyclicLR):
        knobs |= _rates(knobs, optimizer)
    if issubclass(kind, LambdaLR | MultiplicativeLR) and "lr_lambda" in knobs:
        knobs["lr_lambda"] = _factor(str(knobs["lr_lambda"]), span)
    if isinstance(knobs.get("scale_fn"), str):
        knobs["scale_fn"] = _height(knobs["scale_fn"])
    _check_counts(part, knobs)
    return knobs


def _cycle_steps(knobs: Mapping[str, Any], span: Span) -> int:
    """The ticks of OneCycleLR. Raises ConfigError where the run outlasts them: torch would fail in its middle."""
    total, epochs, per_epoch = (knobs.get(key) for key in ("total_steps", "epochs", "steps_per_epoch"))
    if total is None and epochs is per_epoch is None:
        total = span.ticks
    elif total is None:
        own = span.steps_per_epoch if span.interval == "step" else 1
        total = (span.epochs if epochs is None else epochs) * (own if per_epoch is None else per_epoch)
    if total < span.ticks:
        raise ConfigError(
            f"scheduler.total_steps={total}: the run has {span.ticks} ticks ({span.interval}s) and would outlast the "
            f"cycle; leave it null"
        )
    if "pct_start" in knobs:
        _check_phases(knobs["pct_start"], bool(knobs.get("three_phase")), total)
    return int(total)


def _check_phases(pct_start: float, three_phase: bool, total: int) -> None:
    """OneCycleLR divides by the length of each phase, as it computes their ends."""
    rise = float(pct_start * total) - 1
    borders = [0, rise, *([float(2 * pct_start * total) - 2] if three_phase else []), total - 1]
    if any(begin == end for begin, end in pairwise(borders)):
        raise ConfigError(
            f"scheduler.pct_start={pct_start}: leaves a phase of the cycle without length in {total} ticks; "
            f"choose another, as 0.3"
        )


def _rates(knobs: Mapping[str, Any], optimizer: Optimizer) -> dict[str, list[float]]:
    """``max_lr`` and, where there is one, ``base_lr`` of each group: its own learning rate and a tenth of it."""
    own = [float(group["lr"]) for group in optimizer.param_groups]
    given = [key for key in ("max_lr", "base_lr") if knobs.get(key) is not None]
    if given and len(set(own)) > 1:
        raise ConfigError(
            f"scheduler.{given[0]}={knobs[given[0]]}: the groups of the optimizer have learning rates of their own, "
            f"which it would replace; leave it null"
        )
    highest = own if knobs.get("max_lr") is None else [knobs["max_lr"]] * len(own)
    if "base_lr" not in knobs:
        return {"max_lr": highest}
    lowest = [rate / 10 for rate in highest] if knobs["base_lr"] is None else [knobs["base_lr"]] * len(own)
    return {"max_lr": highest, "base_lr": lowest}


def _factor(text: str, span: Span) -> Callable[[int], float]:
    """The formula as a function of the tick, tried at ticks of the whole run. Not saved: rebuilt from the config."""
    formula = Formula(text, FORMULAS["lr_lambda"])

    def factor(tick: int) -> float:
        at = f"scheduler.lr_lambda={text}: at {span.interval} {tick} the factor"
        try:
            value = formula(**span.place(tick))
        except ValueError as fault:
            raise ConfigError(f"{at} has no value: {fault}") from fault
        if value < 0:
            raise ConfigError(f"{at} is {value:g}; a learning rate is not negative: write max(0, ...)")
        return value

    for tick in range(1, span.ticks + 1, max(1, span.ticks // CHECKED_FACTORS)):
        factor(tick)
    return factor


def _height(text: str) -> Callable[[float], float]:
    """CyclicLR's scale_fn."""
    formula = Formula(text, FORMULAS["scale_fn"])

    def height(x: float) -> float:
        try:
            return formula(x=x)
        except ValueError as fault:
            raise ConfigError(f"scheduler.scale_fn={text}: has no value at x = {x:g}: {fault}") from fault

    return height


def _check_counts(part: Part, knobs: Mapping[str, Any]) -> None:
    """What torch would divide by, or trip over, at a later tick only."""
    counts = ("step_size", "T_max", "total_iters", "step_size_up", "step_size_down")
    wrong = [key for key in counts if isinstance(knobs.get(key), int) and knobs[key] < 1]
    faults = [f"{part.group}.{key}={knobs[key]}: a whole number of at least 1" for key in wrong]
    if isinstance(knobs.get("gamma"), int | float) and knobs["gamma"] <= 0:
        faults.append(f"{part.group}.gamma={knobs['gamma']}: a number above 0")
    if faults:
        raise ConfigError(faults)
