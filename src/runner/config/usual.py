"""What a run has where nobody says anything: the option files and train.yaml, and what the chosen net brings along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runner.config.catalog import PARTS, Catalog, Knob, Option
from runner.errors import ConfigError


def usual_options(catalog: Catalog, model: str) -> dict[str, str]:
    """The option of each group."""
    net = _net(catalog, model)
    return {**catalog.defaults, **(net.parts if net else {})}


def usual_settings(catalog: Catalog, model: str) -> dict[str, Knob]:
    """The settings of the run itself, by dotted name, in the order of train.yaml."""
    net = _net(catalog, model)
    brought = net.brings if net else {}
    return {name: brought.get(name, knob) for name, knob in catalog.settings.items()}


def usual_knobs(catalog: Catalog, group: str, option: str, model: str) -> dict[str, Knob]:
    """The knobs of an option. Raises ConfigError where it is not there."""
    known, net = catalog.option(group, option).knobs, _net(catalog, model)
    if net is None or net.parts.get(group, option) != option:
        return dict(known)
    return {name: net.brings.get(f"{group}.{name}", knob) for name, knob in known.items()}


def idle(catalog: Catalog, choices: Mapping[str, Any]) -> Iterator[str]:
    """The knobs, by dotted name, that the net brings for options other than those chosen: they are to be left out.

    Without an option of its own a net brings a knob for those that have it; one that none has is no such knob.
    """
    net = _net(catalog, str(choices.get("model")))
    for name in net.brings if net else ():
        group, _, knob = name.partition(".")
        option = str(choices.get(group))
        if net and group in net.parts:
            is_idle = net.parts[group] != option
        else:
            is_idle = bool(catalog.owners(group, knob)) and knob not in catalog.knob_names(group, option)
        if group in PARTS and is_idle:
            yield name


def _net(catalog: Catalog, model: str) -> Option | None:
    """None where it is another program's, or was taken away."""
    try:
        return catalog.option("model", model)
    except ConfigError:
        return None
