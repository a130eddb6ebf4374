"""What is wrong with ``optimizer.groups``: weights, by patterns of their names, with knobs of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runner.config.catalog import Catalog, Knob
from runner.config.part_types import annotation_of
from runner.config.spelling import listed, nearest
from runner.config.types import faults, shown

# knobs that hold for all weights of an optimizer together
OF_THE_WHOLE = ("groups", "decay_biases_and_norms", "foreach", "fused", "capturable", "differentiable")


def group_faults(node: Any, option: str, catalog: Catalog | None) -> Iterator[str]:
    """Faults of the groups of an optimizer's option; without a catalog their knobs are left to build."""
    groups = node.get("groups") if isinstance(node, Mapping) else None
    if not isinstance(groups, list) or not groups:
        return
    if str(node.get("_target_")).endswith(".LBFGS"):
        yield "optimizer.groups: LBFGS takes all weights as one vector; leave groups empty, or choose optimizer=adam"
        return
    known = catalog is not None and option in catalog.options("optimizer")
    knobs = catalog.option("optimizer", option).knobs if catalog is not None and known else None
    for place, group in enumerate(groups):
        if isinstance(group, Mapping):  # told as a fault of its type otherwise
            yield from _faults(f"optimizer.groups[{place}]", option, group, knobs)


def _faults(where: str, option: str, group: Mapping[str, Any], knobs: Mapping[str, Knob] | None) -> Iterator[str]:
    pattern = group.get("pattern")
    if not isinstance(pattern, str) or not pattern:
        yield f"{where}={shown(group)}: needs a pattern of weight names, as {{pattern: head.*, lr: 0.01}}"
    if group.keys() <= {"pattern"}:
        yield f"{where}={shown(group)}: changes nothing; add what these weights have of their own, as lr: 0.01"
    own = [key for key in knobs or () if "." not in key and key not in OF_THE_WHOLE]
    for key, value in group.items():
        if key == "pattern" or knobs is None:
            continue
        if key not in own:
            meant = nearest(str(key), own)
            advice = f"did you mean {meant}?" if meant else f"there are {listed(own)}"
            yield f"{where}.{key}={shown(value)}: optimizer={option} has no {key} for a group; {advice}"
        else:
            yield from faults(value, annotation_of("optimizer", str(key), knobs[str(key)].default), f"{where}.{key}")
