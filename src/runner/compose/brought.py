"""What the chosen net brings along for options that were not chosen is taken out of what was composed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf, flag_override

from runner.compose.auto_model import AUTO
from runner.config.catalog import Catalog
from runner.config.part_types import annotation_of
from runner.config.types import faults
from runner.config.usual import idle
from runner.text import here


def leave_out_idle(tree: DictConfig, said: Collection[str], catalog: Catalog) -> None:
    """Puts the options' own values in the place of idle knobs, or nothing, but where somebody ``said`` a value.

    What is for an option that the data will choose stays, to be seen.
    """
    choices = tree.hydra.runtime.choices
    for name in idle(catalog, choices):
        group, _, knob = name.partition(".")
        node = tree.get(group)
        if name in said or choices[group] == AUTO or knob not in (node or ()) or OmegaConf.is_interpolation(node, knob):
            continue
        known = catalog.option(group, str(choices[group])).knobs
        with flag_override(tree, ["struct", "readonly"], [False, False]):
            if knob in known:
                node[knob] = known[knob].default
            else:
                del node[knob]


def undecided_faults(
    data: Mapping[str, Any], choices: Mapping[str, Any], said: Collection[str], catalog: Catalog
) -> Iterator[str]:
    """Faults of what is brought for options that the data will choose; it is taken out, and comes back with them."""
    for name in idle(catalog, choices):
        group, _, knob = name.partition(".")
        if name not in said and choices.get(group) == AUTO and knob in data[group]:
            yield from faults(data[group].pop(knob), annotation_of(group, knob, None, None), name)


def names_brought(choices: Mapping[str, Any], catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Each name to which the chosen net gives a value, and the net's file."""
    if (name := str(choices.get("model"))) in catalog.options("model"):
        net = catalog.option("model", name)
        yield from ((key, here(net.path)) for key in net.brings)
