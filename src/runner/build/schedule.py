"""The schedules of a run's optimizers, each tried before training; what an option leaves to the run is filled in."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any, Literal

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    CyclicLR,
    LambdaLR,
    LRScheduler,
    MultiplicativeLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
)

from runner.build.instantiate import faults_of, kind_of, make, parameter_names
from runner.config.catalog import Catalog, Part
from runner.config.formula import Formula
from runner.config.schedule import FORMULAS, links_of
from runner.config.types import shown
from runner.contracts import Schedule
from runner.errors import ConfigError

Interval = Literal["step", "epoch"]
ALONE = (ReduceLROnPlateau, OneCycleLR, CyclicLR, SequentialLR, ChainedScheduler)  # no links of a chain
MINOR = (  # knobs that few people turn
    *("anneal_strategy", "cycle_momentum", "base_momentum", "max_momentum", "final_div_factor", "three_phase"),
    *("scale_mode", "threshold", "threshold_mode", "cooldown", "min_lr", "eps"),
)
MOST_REHEARSED = 1000  # ticks of a schedule that are tried
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
    the monitor gets better; ``max_lr: null`` the learning rate of each group. Raises ConfigError.
    """
    if part.target is None:
        return ()
    kind = kind_of(part, LRScheduler, trusted)
    interval = _interval(part.knobs.get("interval", "epoch"), on_monitor=issubclass(kind, ReduceLROnPlateau))
    span = Span(interval, total_steps, steps_per_epoch)

    def scheduler(optimizer: Optimizer) -> LRScheduler:
        return _scheduler(part, optimizer, span, span.ticks, monitor_mode, trusted)

    for optimizer in optimizers:
        with faults_of(part):
            _rehearse(scheduler, twin(optimizer), span.ticks)
    return tuple(Schedule(scheduler(optimizer), interval) for optimizer in optimizers)


def describe(part: Part, catalog: Catalog) -> str:
    """As "step_lr step_size 30 gamma 0.1, per epoch"; of ``MINOR`` knobs those that are not as in the option's file."""
    if part.target is None:
        return part.option
    per = f"per {part.knobs.get('interval', 'epoch')}"
    first, *others = [_knobs_text(link, catalog) for link in links_of(part)] or [_knobs_text(part, catalog)]
    if not others:
        return f"{first}, {per}"
    if "milestones" not in part.knobs:
        return f"{part.option}: {' x '.join([first, *others])}, {per}"
    later = [f"from {begin} on {link}" for begin, link in zip(part.knobs["milestones"], others, strict=True)]
    return f"{part.option}: {'; '.join([first, *later])}, {per}"


def _knobs_text(part: Part, catalog: Catalog) -> str:
    is_known = part.option in catalog.options("scheduler")  # of a stored run it need not be there
    usual = catalog.option("scheduler", part.option).knobs if is_known else {}
    untold = {"interval", *(key for key in MINOR if key in usual and part.knobs.get(key) == usual[key].default)}
    said = {key: value for key, value in part.knobs.items() if key not in untold and value is not None}
    knobs = [f"{key} {shown(value) if isinstance(value, bool) else value}" for key, value in said.items()]
    return " ".join([part.option, *knobs])


def tick(scheduler: LRScheduler, monitored: float) -> None:
    """The end of an epoch or a step; ``monitored`` is what a plateau looks at."""
    if isinstance(scheduler, ReduceLROnPlateau):
        scheduler.step(monitored)
    else:
        scheduler.step()


def twin(optimizer: Optimizer) -> Optimizer:
    """An optimizer like ``optimizer``, of one weight of its own a group: what is tried on it leaves the other alone."""
    groups = [{**group, "params": [torch.zeros(1)]} for group in optimizer.param_groups]
    twin: Optimizer = object.__new__(type(optimizer))
    twin.__setstate__({"defaults": dict(optimizer.defaults), "state": defaultdict(dict), "param_groups": groups})
    return twin


def _scheduler(
    part: Part,
    optimizer: Optimizer,
    span: Span,
    ticks: int,
    monitor_mode: Literal["min", "max"],
    trusted: Sequence[str],
) -> LRScheduler:
    """The scheduler of ``part``, which has ``ticks`` of the run, a chain with its links."""
    kind = kind_of(part, LRScheduler, trusted)
    facts: dict[str, Any] = {"optimizer": optimizer}
    if "last_epoch" in parameter_names(kind):
        facts["last_epoch"] = -1  # a resumed one loads its state
    knobs = filled(part, kind, optimizer, span, ticks, monitor_mode)
    if links := links_of(part):
        _check_links(links, trusted)
        knobs["schedulers"] = [
            _scheduler(link, optimizer, span, stretch, monitor_mode, trusted)
            for link, stretch in zip(links, stretches(part, ticks), strict=True)
        ]
    return make(part, kind, facts, knobs)


def _check_links(links: Sequence[Part], trusted: Sequence[str]) -> None:
    """What the option's own knobs have not told of its class already."""
    for link in links:
        if issubclass(kind_of(link, LRScheduler, trusted), ALONE):
            raise ConfigError(f"scheduler.schedulers: {link.option} cannot be part of a chain; use it alone")


def stretches(part: Part, ticks: int) -> list[int]:
    """The ticks of each link of a chain that has ``ticks``; one that begins after the run's end has one."""
    links = links_of(part)
    if not links or "milestones" not in part.knobs:
        return [ticks] * len(links)
    return [max(1, end - begin) for begin, end in pairwise([0, *part.knobs["milestones"], ticks])]


def _rehearse(make_scheduler: Callable[[Optimizer], LRScheduler], optimizer: Optimizer, ticks: int) -> None:
    """The schedule of a short run, or the beginning of that of a long one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that no optimizer steps between two ticks
        scheduler = make_scheduler(optimizer)
        for _ in range(min(ticks, MOST_REHEARSED)):
            tick(scheduler, 0.0)


def _interval(value: object, on_monitor: bool) -> Interval:
    if value == "epoch":
        return "epoch"
    if value == "step" and not on_monitor:
        return "step"
    why = "the monitor is measured once an epoch" if value == "step" else "is no interval"
    raise ConfigError(
        f"scheduler.interval={value}: {why}; set scheduler.interval=epoch{'' if on_monitor else ' or step'}"
    )


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
    if isinstance(rates := knobs.get("min_lr"), list) and len(rates) != len(optimizer.param_groups):
        raise ConfigError(f"scheduler.min_lr={shown(rates)}: give one number, or one for each group of weights")
    if issubclass(kind, LambdaLR | MultiplicativeLR) and "lr_lambda" in knobs:
        knobs["lr_lambda"] = _factor(str(knobs["lr_lambda"]), span)
    if isinstance(knobs.get("scale_fn"), str):
        knobs["scale_fn"] = _height(knobs["scale_fn"])
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
            f"scheduler.total_steps={total}: the run has {span.ticks} ticks ({span.interval}s), more than the cycle; "
            f"leave it null"
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
            f"scheduler.pct_start={pct_start}: a phase of the cycle would have none of its {total} ticks; choose 0.3"
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
    if lowest[0] >= highest[0]:
        whose = "optimizer.lr" if knobs.get("max_lr") is None else "scheduler.max_lr"
        raise ConfigError(
            f"scheduler.base_lr={lowest[0]:g}: must be below {whose}={highest[0]:g}, or null for a tenth of it"
        )
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
