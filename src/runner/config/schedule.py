"""What a scheduler's option says beyond plain knobs: its formulas, the links of a chain, what follows the run's length.

A link is the name of another option of the group, or {name: {knob: value}}: what differs from the option's file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from math import inf
from typing import Any

from runner.config.catalog import Catalog, Part, unknown_option
from runner.config.formula import Formula
from runner.config.types import shown
from runner.config.validate import part_faults
from runner.text import counted

FORMULAS = {"lr_lambda": ("epoch", "epochs", "step", "steps"), "scale_fn": ("x",)}  # knob -> the names it may use
LENGTHS = ("T_max", "total_iters", "total_steps", "step_size_up")  # knobs that null lets follow the run's length
CYCLES = "it raises and lowers the rate by itself; use it alone"
NO_LINKS = {  # knob of a scheduler -> why that cannot be a link
    "schedulers": "a chain cannot hold another chain; name its schedulers here",
    "patience": "it needs the monitor, which a chain does not have; use it alone",
    "max_lr": CYCLES,
}


def schedule_faults(node: Any, optimizer: Any, catalog: Catalog | None) -> Iterator[str]:
    """Faults of the scheduler's formulas and links, of a momentum to cycle, and of a threshold that nothing passes."""
    if not isinstance(node, Mapping):
        return
    if catalog is not None:  # numbers of a stored run are as torch took them
        yield from _number_faults(node, optimizer)
    yield from _formula_faults("scheduler", node)
    links = node.get("schedulers")
    if not isinstance(links, list):
        return
    for place, entry in enumerate(links):
        yield from _link_faults(f"scheduler.schedulers[{place}]", entry, catalog)
    milestones = node.get("milestones")
    if isinstance(milestones, list) and milestones and len(milestones) != len(links) - 1:
        yield (
            f"scheduler.milestones={shown(milestones)}: {counted(len(links), 'scheduler')} take "
            f"{counted(len(links) - 1, 'milestone')}, where the next one takes over; {len(milestones)} given"
        )


def _number_faults(node: Mapping[str, Any], optimizer: Any) -> Iterator[str]:
    if node.get("cycle_momentum") is True and isinstance(optimizer, Mapping):
        yield from _momentum_faults(node, optimizer)
    yield from _lowest_faults(node, optimizer)
    if node.get("threshold_mode") == "rel" and _number(node.get("threshold"), 0) >= 1:
        yield (
            f"scheduler.threshold={shown(node['threshold'])}: must be below 1, a share of the best value\n"
            "  or set scheduler.threshold_mode=abs"
        )


def completed(part: Part, catalog: Catalog) -> Part:
    """The part with each link as {option: all its knobs and its class}: it can be read without the option files."""
    links = links_of(part)
    if not links:
        return part
    return replace(part, knobs={**part.knobs, "schedulers": [_completed(link, catalog) for link in links]})


def abridged(part: Part, catalog: Catalog) -> Part:
    """The part with each link as it is typed: its option, and what differs from that option's file."""
    links = links_of(part)
    if not links:
        return part
    return replace(part, knobs={**part.knobs, "schedulers": [_abridged(link, catalog) for link in links]})


def links_of(part: Part) -> tuple[Part, ...]:
    """The links of a checked chain, in their order; () for any other scheduler."""
    entries = part.knobs.get("schedulers")
    pairs = [pair for entry in entries if (pair := _pair(entry))] if isinstance(entries, list) else []
    return tuple(
        Part("scheduler", name, knobs.get("_target_"), {key: v for key, v in knobs.items() if key != "_target_"})
        for name, knobs in pairs
    )


def follows_monitor(part: Part) -> bool:
    """Whether it waits for the monitor, by its option: torch's ReduceLROnPlateau alone is patient."""
    return "patience" in part.knobs


def length_knob(part: Part) -> str | None:
    """The knob by which a schedule is laid out over the run's length, as ``T_max``; None where no knob is."""
    if formula_names(part) & {"epochs", "steps"}:
        return "lr_lambda"
    links = links_of(part)
    stretches = links[-1:] if "milestones" in part.knobs else links  # the others end at a milestone
    return next(filter(None, (_length_knob(p.knobs) for p in (part, *stretches))), None)


def formula_names(part: Part) -> set[str]:
    """The names that the formulas of a checked scheduler, or of its links, use."""
    texts = [p.knobs["lr_lambda"] for p in (part, *links_of(part)) if "lr_lambda" in p.knobs]
    return {name for text in texts for name in Formula(str(text), FORMULAS["lr_lambda"]).names}


def _length_knob(knobs: Mapping[str, Any]) -> str | None:
    if knobs.get("epochs") is not None and knobs.get("steps_per_epoch") is not None:
        return None
    return next((key for key in LENGTHS if key in knobs and knobs[key] is None), None)


def _momentum_faults(node: Mapping[str, Any], optimizer: Mapping[str, Any]) -> Iterator[str]:
    lowest, highest = _number(node.get("base_momentum"), 0), _number(node.get("max_momentum"), 1)
    if lowest > highest:
        yield f"scheduler.base_momentum={lowest}: must be at most scheduler.max_momentum={highest}"
    if optimizer.keys().isdisjoint(("momentum", "betas")):
        kind = str(optimizer.get("_target_")).rpartition(".")[2]
        yield (
            f"scheduler.cycle_momentum=true: {kind} has no momentum to raise and lower\n"
            f"  set scheduler.cycle_momentum=false, or choose optimizer=sgd or optimizer=adam"
        )


def _lowest_faults(node: Mapping[str, Any], optimizer: Any) -> Iterator[str]:
    """Of a lowest rate above the one from which it is reached; groups of weights may have rates of their own."""
    if not isinstance(optimizer, Mapping) or optimizer.get("groups"):
        return
    highest = _number(optimizer.get("lr"), inf)
    for key in ("eta_min", "min_lr"):
        if (lowest := _number(node.get(key), 0)) > highest > 0:
            yield f"scheduler.{key}={lowest}: must be at most optimizer.lr={highest}, which is lowered to it"


def _number(value: Any, otherwise: float) -> float:
    return value if isinstance(value, int | float) else otherwise


def _formula_faults(where: str, node: Mapping[str, Any]) -> Iterator[str]:
    for key, names in FORMULAS.items():
        text = node.get(key)
        if isinstance(text, str):
            try:
                Formula(text, names)
            except ValueError as fault:
                yield f"{where}.{key}={shown(text)}: {fault}"


def _link_faults(where: str, entry: Any, catalog: Catalog | None) -> Iterator[str]:
    pair = _pair(entry)
    if pair is None:
        yield f"{where}={shown(entry)}: must be the name of a scheduler, or {{linear_lr: {{total_iters: 5}}}}"
        return
    name, knobs = pair
    if catalog is not None and name not in catalog.options("scheduler"):
        yield f"{where}: {unknown_option(catalog, 'scheduler', name)}"
        return
    if "interval" in knobs:
        yield f"{where}.{name}.interval={shown(knobs['interval'])}: a chain has one interval; set scheduler.interval"
    if catalog is not None:
        (knobs,) = _completed(Part("scheduler", name, None, knobs), catalog).values()
    yield from part_faults("scheduler", name, knobs, catalog, where=f"{where}.{name}")
    yield from _formula_faults(f"{where}.{name}", knobs)
    if knobs.get("_target_") is None:
        yield f"{where}={name}: cannot be part of a chain"
    elif reason := next((why for knob, why in NO_LINKS.items() if knob in knobs), None):
        yield f"{where}={name}: cannot be part of a chain: {reason}"


def _pair(entry: Any) -> tuple[str, Mapping[str, Any]] | None:
    """(option, knobs) of a link as it is written; None where it is of another form."""
    if isinstance(entry, str):
        return entry, {}
    if isinstance(entry, Mapping) and len(entry) == 1:
        ((name, knobs),) = entry.items()
        if isinstance(knobs, Mapping):
            return str(name), knobs
    return None


def _abridged(link: Part, catalog: Catalog) -> str | dict[str, dict[str, Any]]:
    known = catalog.option("scheduler", link.option).knobs if link.option in catalog.options("scheduler") else {}
    own = {key: value for key, value in link.knobs.items() if key not in known or known[key].default != value}
    return {link.option: own} if own else link.option


def _completed(link: Part, catalog: Catalog) -> dict[str, dict[str, Any]]:
    option = catalog.option("scheduler", link.option)
    own = {key: deepcopy(knob.default) for key, knob in option.knobs.items() if key != "interval"}  # YAML would alias
    return {link.option: {"_target_": option.target, **own, **link.knobs}}
