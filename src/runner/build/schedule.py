"""The schedules of a run's optimizers, each tried before training."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from runner.build.instantiate import faults_of, kind_of, make
from runner.build.schedule_arguments import Interval, Span, filled
from runner.build.signature import parameter_names
from runner.config.catalog import Part
from runner.config.schedule import links_of
from runner.contracts import Schedule
from runner.errors import ConfigError

MOST_REHEARSED = 1000  # ticks of a schedule that are tried


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


def describe(part: Part) -> str:
    """As "step_lr step_size 30 gamma 0.1, per epoch"."""
    if part.target is None:
        return part.option
    per = f"per {part.knobs.get('interval', 'epoch')}"
    first, *others = [_knobs_text(link) for link in links_of(part)] or [_knobs_text(part)]
    if not others:
        return f"{first}, {per}"
    if "milestones" not in part.knobs:
        return f"{part.option}: {' x '.join([first, *others])}, {per}"
    later = [f"from {begin} on {link}" for begin, link in zip(part.knobs["milestones"], others, strict=True)]
    return f"{part.option}: {'; '.join([first, *later])}, {per}"


def _knobs_text(part: Part) -> str:
    knobs = [f"{key} {value}" for key, value in part.knobs.items() if key != "interval" and value is not None]
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
        knobs["schedulers"] = [
            _scheduler(link, optimizer, span, stretch, monitor_mode, trusted)
            for link, stretch in zip(links, stretches(part, ticks), strict=True)
        ]
    return make(part, kind, facts, knobs)


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
    why = "the monitor is measured once an epoch" if value == "step" else "no interval"
    raise ConfigError(f"scheduler.interval={value}: {why}; choices: {'epoch' if on_monitor else 'epoch, step'}")
