"""The schedule of a run as the lines that make it: a class of torch, or a chain of them."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from runner.build.schedule import Span, filled, stretches
from runner.build.target import resolve
from runner.config.catalog import Part
from runner.config.formula import Formula
from runner.config.schedule import FORMULAS, links_of
from runner.errors import ConfigError
from runner.experiment.assemble import Experiment, total_steps
from runner.export.literals import joined, keywords

HOME = "torch.optim.lr_scheduler"


def schedule_lines(experiment: Experiment) -> Iterator[str]:
    """``scheduler``, behind the links of a chain. Raises ConfigError for what takes more than a line each."""
    part = experiment.config.scheduler
    if part.target is None:
        return
    span = span_of(experiment)
    names: Counter[str] = Counter()
    chained: list[str] = []
    for link, ticks in zip(links_of(part), stretches(part, span.ticks), strict=True):
        names[link.option] += 1
        chained.append(link.option if names[link.option] == 1 else f"{link.option}_{names[link.option]}")
        yield f"{chained[-1]} = {call(link, experiment, ticks)}"
    yield f"scheduler = {call(part, experiment, span.ticks, chained)}"


def span_of(experiment: Experiment) -> Span:
    per_epoch = len(experiment.train)
    return Span(experiment.parts.schedules[0].interval, total_steps(experiment.config, per_epoch), per_epoch)


def call(part: Part, experiment: Experiment, ticks: int, chained: list[str] | None = None) -> str:
    """The call that makes one scheduler, with what the run's length and the optimizer give it."""
    home, _, name = str(part.target).rpartition(".")
    if home != HOME:
        raise ConfigError(f"scheduler={part.option}: a script can show torch's own; choose one of them")
    kind = resolve(str(part.target), LRScheduler)
    span = span_of(experiment)
    mode: Literal["min", "max"] = "max" if experiment.higher_is_better else "min"
    knobs = filled(part, kind, fresh_optimizer(experiment), span, ticks, mode)
    formulas = [f"{key}={function(key, knobs.pop(key), part, span)}" for key in FORMULAS if callable(knobs.get(key))]
    knobs = {key: number(value) for key, value in knobs.items() if key != "schedulers"}
    first = [f"[{', '.join(chained)}]"] if chained else []
    places = [*first, "optimizer"] if name == "ChainedScheduler" else ["optimizer", *first]
    return f"{HOME}.{name}({joined(*places, *formulas, keywords(part, kind, knobs))})"


def fresh_optimizer(experiment: Experiment) -> torch.optim.Optimizer:
    """One with the learning rate that the schedule found: the run's own has the schedule's first."""
    return torch.optim.SGD([torch.zeros(1)], lr=experiment.config.optimizer.knobs["lr"])


def function(knob: str, made: Any, part: Part, span: Span) -> str:
    """A formula as the function of the tick that Python writes it as."""
    text = str(part.knobs[knob])
    formula = Formula(text, FORMULAS[knob])
    tick = "x" if knob == "scale_fn" else span.interval
    used = {node.id for node in ast.walk(ast.parse(formula.text)) if isinstance(node, ast.Name)}
    if not used <= {tick, "min", "max"}:
        raise ConfigError(f"scheduler.{knob}={text}: a script can show a formula of {tick}, min and max; write it so")
    return f"lambda {tick}: {formula.text}"


def number(value: Any) -> Any:
    """A rate for each group, of which there is one, as a number."""
    return value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], float) else value


def follows_monitor(experiment: Experiment) -> bool:
    return isinstance(experiment.parts.schedules[0].scheduler, ReduceLROnPlateau)
