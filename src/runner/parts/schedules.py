"""The schedules of a run's optimizers: lengths and rates that were left out are filled in, every schedule is tried."""

from __future__ import annotations

import copy
import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any, Literal

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR, ReduceLROnPlateau, SequentialLR

from runner.config.formula import Formula
from runner.config.part import Part
from runner.config.schedule import FORMULAS, links_of
from runner.contracts import Schedule
from runner.errors import ConfigError
from runner.parts.construction import faults_of, kind_of, make
from runner.parts.signature import parameter_names

Interval = Literal["step", "epoch"]
MOST_REHEARSED = 1000  # ticks of a schedule that are tried before training
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


def build_schedules(
    part: Part,
    optimizers: Sequence[Optimizer],
    *,
    total_steps: int,
    steps_per_epoch: int,
    monitor_mode: Literal["min", "max"],
    trusted: Sequence[str] = (),
) -> tuple[Schedule, ...]:
    """One schedule an optimizer; () for scheduler=none.

    A length that is null becomes that of the run, or of a link's stretch of it; ``mode: null`` the direction in which
    the monitor gets better; ``max_lr: null`` the learning rate of each group.
    """
    if part.target is None:
        return ()
    kind = kind_of(part, LRScheduler, trusted)
    interval = _interval(part.knobs.get("interval", "epoch"), on_monitor=issubclass(kind, ReduceLROnPlateau))
    span = Span(interval, total_steps, steps_per_epoch)
    maker = _Maker(span, monitor_mode, trusted)
    for optimizer in optimizers:
        with faults_of(part):
            _rehearse(maker, part, twin(optimizer))
    return tuple(Schedule(maker.scheduler(part, optimizer, span.ticks), interval) for optimizer in optimizers)


def describe(part: Part) -> str:
    """As "step_lr step_size 30 gamma 0.1, per epoch"."""
    if part.target is None:
        return part.option
    links = [_knobs_text(link) for link in links_of(part)]
    if not links:
        return f"{_knobs_text(part)}, per {part.knobs['interval']}"
    borders = part.knobs.get("milestones")
    words = " x ".join(links) if borders is None else links[0]
    words += "".join(f"; from {border} on {link}" for border, link in zip(borders or (), links[1:], strict=False))
    return f"{part.option}: {words}, per {part.knobs['interval']}"


def _knobs_text(part: Part) -> str:
    knobs = [f"{key} {value}" for key, value in part.knobs.items() if key != "interval" and value is not None]
    return " ".join([part.option, *knobs])


def twin(optimizer: Optimizer) -> Optimizer:
    """An optimizer like ``optimizer``, of one weight of its own a group: what is tried on it leaves the other alone."""
    twin = copy.copy(optimizer)
    twin.param_groups = [{**group, "params": [torch.zeros(1)]} for group in optimizer.param_groups]
    twin.state = defaultdict(dict)
    return twin


def tick(scheduler: LRScheduler, monitored: float) -> None:
    """The end of an epoch or a step; ``monitored`` is what a plateau looks at."""
    if isinstance(scheduler, ReduceLROnPlateau):
        scheduler.step(monitored)
    else:
        scheduler.step()


@dataclass(frozen=True)
class _Maker:
    """What the run says about all of its schedules."""

    span: Span
    monitor_mode: Literal["min", "max"]
    trusted: Sequence[str]

    def scheduler(self, part: Part, optimizer: Optimizer, ticks: int) -> LRScheduler:
        """The scheduler of ``part`` over a stretch of ``ticks``."""
        kind = kind_of(part, LRScheduler, self.trusted)
        facts: dict[str, Any] = {"optimizer": optimizer}
        if "last_epoch" in parameter_names(kind):
            facts["last_epoch"] = -1  # a resumed one loads its state
        knobs = {key: value for key, value in part.knobs.items() if key != "interval"}
        if links := links_of(part):
            stretches = _stretches(knobs.get("milestones", []), ticks) if kind is SequentialLR else [ticks] * len(links)
            pairs = zip(links, stretches, strict=True)
            knobs["schedulers"] = [self.scheduler(link, optimizer, stretch) for link, stretch in pairs]
        return make(part, kind, facts, self.filled(part, kind, knobs, optimizer, ticks))

    def filled(
        self, part: Part, kind: type[LRScheduler], knobs: dict[str, Any], optimizer: Optimizer, ticks: int
    ) -> dict[str, Any]:
        """The knobs with all that was left out, and with functions in place of formulas."""
        lengths = {"T_max": ticks, "total_iters": ticks, "step_size_up": max(1, ticks // 2), "mode": self.monitor_mode}
        knobs |= {key: value for key, value in lengths.items() if knobs.get(key, 0) is None}
        if issubclass(kind, OneCycleLR):
            knobs["total_steps"] = self.cycle_steps(knobs)
        if "max_lr" in knobs:
            knobs |= _rates(part, knobs, optimizer)
        if "lr_lambda" in knobs:
            knobs["lr_lambda"] = self.factor(part, str(knobs["lr_lambda"]))
        if isinstance(knobs.get("scale_fn"), str):
            knobs["scale_fn"] = _height(part, knobs["scale_fn"])
        _check_counts(part, knobs)
        return knobs

    def cycle_steps(self, knobs: dict[str, Any]) -> int:
        """The ticks of OneCycleLR. Raises ConfigError where the run outlasts them: torch would fail in its middle."""
        total, epochs, per_epoch = (knobs.pop(key) for key in ("total_steps", "epochs", "steps_per_epoch"))
        span = self.span
        if total is None and epochs is per_epoch is None:
            return span.ticks
        if total is None:
            own = span.steps_per_epoch if span.interval == "step" else 1
            total = (span.epochs if epochs is None else epochs) * (own if per_epoch is None else per_epoch)
        if total < span.ticks:
            raise ConfigError(
                f"scheduler.total_steps={total}: the run has {span.ticks} ticks ({span.interval}s) and would outlast "
                f"the cycle; leave it null"
            )
        return int(total)

    def factor(self, part: Part, text: str) -> Callable[[int], float]:
        """The formula as a function of the tick, tried at ticks of the whole run."""
        formula = Formula(text, FORMULAS["lr_lambda"])

        def factor(tick: int) -> float:
            place = self.span.place(tick)
            at = f"scheduler.lr_lambda={text}: at {self.span.interval} {tick} the factor"
            try:
                value = formula(**place)
            except ValueError as fault:
                raise ConfigError(f"{at} has no value: {fault}") from fault
            if value < 0:
                raise ConfigError(f"{at} is {value:g}; a learning rate is not negative: write max(0, ...)")
            return value

        for tick in range(1, self.span.ticks + 1, max(1, self.span.ticks // CHECKED_FACTORS)):
            factor(tick)
        return factor


def _height(part: Part, text: str) -> Callable[[float], float]:
    """CyclicLR's scale_fn."""
    formula = Formula(text, FORMULAS["scale_fn"])

    def height(x: float) -> float:
        try:
            return formula(x=x)
        except ValueError as fault:
            raise ConfigError(f"scheduler.scale_fn={text}: has no value at x = {x:g}: {fault}") from fault

    return height


def _stretches(milestones: Sequence[int], ticks: int) -> list[int]:
    """The ticks of each scheduler of a row; one that begins after the run's end has one."""
    return [max(1, end - begin) for begin, end in pairwise([0, *milestones, ticks])]


def _rates(part: Part, knobs: Mapping[str, Any], optimizer: Optimizer) -> dict[str, Any]:
    """``max_lr`` and, where there is one, ``base_lr`` of each group: its own learning rate and a tenth of it."""
    own = [float(group["lr"]) for group in optimizer.param_groups]
    given = [key for key in ("max_lr", "base_lr") if knobs.get(key) is not None]
    if given and len(set(own)) > 1:
        raise ConfigError(
            f"scheduler.{given[0]}={knobs[given[0]]}: the groups of the optimizer have learning rates of their own, "
            f"which it would replace; leave it null"
        )
    highest = own if knobs["max_lr"] is None else [knobs["max_lr"]] * len(own)
    lowest = [rate / 10 for rate in highest] if knobs.get("base_lr", 0) is None else knobs.get("base_lr")
    return {"max_lr": highest} | ({"base_lr": lowest} if "base_lr" in knobs else {})


def _rehearse(maker: _Maker, part: Part, optimizer: Optimizer) -> None:
    """The schedule of a short run, or the beginning of that of a long one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that no optimizer steps between two ticks
        scheduler = maker.scheduler(part, optimizer, maker.span.ticks)
        for _ in range(min(maker.span.ticks, MOST_REHEARSED)):
            tick(scheduler, 0.0)


def _interval(value: object, on_monitor: bool) -> Interval:
    if value == "epoch":
        return "epoch"
    if value == "step" and not on_monitor:
        return "step"
    why = "the monitor is measured once an epoch" if value == "step" else "no interval"
    raise ConfigError(f"scheduler.interval={value}: {why}; choices: {'epoch' if on_monitor else 'epoch, step'}")


def _check_counts(part: Part, knobs: Mapping[str, Any]) -> None:
    """What torch would divide by, or trip over, at a later tick only."""
    counts = ("step_size", "T_max", "total_iters", "step_size_up", "step_size_down")
    wrong = [key for key in counts if isinstance(knobs.get(key), int) and knobs[key] < 1]
    faults = [f"{part.group}.{key}={knobs[key]}: a whole number of at least 1" for key in wrong]
    if isinstance(knobs.get("gamma"), int | float) and knobs["gamma"] <= 0:
        faults.append(f"{part.group}.gamma={knobs['gamma']}: a number above 0")
    if faults:
        raise ConfigError(faults)
