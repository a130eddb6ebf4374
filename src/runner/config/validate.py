"""What is wrong with a composed tree: names, types, ranges, missing values, classes outside their role.

A fault is one to three lines: key=value and what is wrong, the choices, what to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import Any

from runner.config.catalog import Catalog, Knob, Option, unknown_option
from runner.config.layers import activation_fault, read_layers
from runner.config.part_types import EVERY_OPTION, ROLES, RUN_TIME, VOCABULARY, annotation_of
from runner.config.spelling import listed, nearest
from runner.config.steps import read_augment, read_transforms
from runner.config.types import faults, shown, without_limits
from runner.config.yaml_file import spelled
from runner.errors import ConfigError

STEPS = {"transforms": read_transforms, "augment": read_augment}  # lists that a dataset option may have
RPROP = "torch.optim.Rprop"
SEQUENTIAL = "runner.models.sequential.Sequential"  # a model that is a list of layers
MISSING = "???"
# groups whose classes torch made: in a stored run their numbers have the range that they had when it began
OF_TORCH = ("loss", "optimizer", "scheduler", "metric")
# knobs that hold for all weights of an optimizer together
OF_THE_WHOLE = ("groups", "decay_biases_and_norms", "foreach", "fused", "capturable", "differentiable")
# Where a class goes that is not of this program's kind, but of torch's
INSTEAD = {"dataset": "; a torch Dataset goes into dataset=module dataset.name=..."}


class Unresolved:
    """Stands where an interpolation failed; its fault is told where it was found."""

    def __str__(self) -> str:
        return "${...}"


class LookedUp(str):
    """A text that ${...} gave: from the environment all comes as text, and is a number where a number is wanted."""


def as_typed(value: Any, annotation: Callable[[str], Any], where: str = "") -> Any:
    """The value, in it each text that was looked up as what its setting or knob takes: the number 2 for '2'.

    ``annotation`` gives the type by dotted name, None where the name is unknown or holds others. Where text is taken,
    or it spells nothing that is, it stays text.
    """
    wanted = annotation(where)
    if isinstance(value, Mapping) and wanted is None:
        return {key: as_typed(item, annotation, f"{where}.{key}" if where else key) for key, item in value.items()}
    text, meant = _each(value, str), _each(value, spelled)
    if text == meant or wanted is None:
        return text
    return meant if faults(text, wanted, where) and not faults(meant, wanted, where) else text


def _each(value: Any, read: Callable[[str], Any]) -> Any:
    """The value with each text that was looked up read."""
    if isinstance(value, Mapping):
        return {key: _each(item, read) for key, item in value.items()}
    if isinstance(value, list):
        return [_each(item, read) for item in value]
    return read(str(value)) if isinstance(value, LookedUp) else value  # libyaml takes no other kind of text


def part_faults(
    group: str, option: str, node: Any, catalog: Catalog | None, trusted: Collection[str] = (), where: str = ""
) -> Iterator[str]:
    """Faults of one part, which stands at ``where``; without a catalog (a stored run) names are left to build."""
    if group == "metric" and isinstance(node, Mapping) and "_target_" not in node and catalog:
        yield f"metric.{option}={shown(node)}: {option} is not among the chosen metrics; add it: metric=[{option}]"
        return
    if not isinstance(node, Mapping):
        choices = f": {listed(catalog.options(group))}" if catalog else ""
        yield f"{group}={shown(node)}: a run needs one of the {group} options{choices}"
        return
    known, problem = _known_option(group, option, catalog)
    if problem:
        yield problem
        return
    where = where or (f"metric.{option}" if group == "metric" else group)
    yield from _target_faults(group, where, node, known, trusted)
    named = known.knobs if known else VOCABULARY[group]  # without: a column called size is no knob of that name
    for name, value in leaves({k: v for k, v in node.items() if k != "_target_"}, named):
        of_program = name in EVERY_OPTION.get(group, ())
        is_taken = of_program or name in RUN_TIME.get(group, ())
        if catalog and known and not is_taken and not catalog.knob(group, option, name):
            yield unknown_knob(group, f"{where}.{name}", name, value, known, catalog)
        else:
            ours = of_program or _is_ours(node.get("_target_"), trusted)
            yield from _knob_faults(group, where, name, value, known, node.get("_target_"), ours)
    if known:  # pairs of a stored run are as torch took them
        yield from _combination_faults(group, where, node)
    if group == "dataset":
        yield from _step_faults(node)
    if group == "model" and _is_ours(node.get("_target_"), trusted):
        yield from _activation_faults(node.get("activation"))
    if node.get("_target_") == SEQUENTIAL:
        yield from _layer_faults(node)


def _knob_faults(
    group: str, where: str, name: str, value: Any, known: Option | None, target: Any, ours: bool
) -> Iterator[str]:
    """Faults of a knob that the option, or its class ``target``, has."""
    key = f"{where}.{name}"
    if name in RUN_TIME.get(group, ()):
        yield f"{key}={shown(value)}: is found from the data; leave it out"
    elif value == MISSING:
        meaning = known.knobs[name].meaning if known else ""
        yield f"{key}=???: is needed ({meaning or 'no default'}); give it: {key}=..."
    elif ours and not isinstance(value, Unresolved):
        default = known.knobs[name].default if known and name in known.knobs else None
        annotation = annotation_of(group, name, default, target)
        is_stored = known is None and group in OF_TORCH
        yield from faults(value, without_limits(annotation) if is_stored else annotation, key)


def _step_faults(node: Mapping[str, Any]) -> Iterator[str]:
    """Faults inside the lists of steps that a dataset has."""
    for key, read in STEPS.items():
        if isinstance(node.get(key), list):
            try:
                read(node[key])
            except ConfigError as error:
                yield from error.faults


def _activation_faults(name: Any) -> Iterator[str]:
    if isinstance(name, str) and name != MISSING and (fault := activation_fault(name)):
        yield f"model.activation={shown(name)}: {fault}"


def _layer_faults(node: Mapping[str, Any]) -> Iterator[str]:
    """Faults inside the list of layers of a model."""
    layers, blocks = node.get("layers"), node.get("blocks", {})
    if isinstance(layers, list) and layers and isinstance(blocks, Mapping):  # told as faults of their type otherwise
        try:
            read_layers(layers, blocks)
        except ConfigError as error:
            yield from error.faults


def leaves(tree: Mapping[str, Any], known: Collection[str], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The dotted names and values of a tree; a mapping that is itself a known name, or empty, counts as a value."""
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value and name not in known:
            yield from leaves(value, known, f"{name}.")
        else:
            yield name, value


def _known_option(group: str, option: str, catalog: Catalog | None) -> tuple[Option | None, str | None]:
    if catalog is None:
        return None, None
    if option not in catalog.options(group):
        return None, unknown_option(catalog, group, option)
    try:
        return catalog.option(group, option), None
    except ConfigError as error:
        return None, str(error)


def option_faults(group: str, name: str, node: Any, types: Mapping[str, Any], catalog: Catalog) -> Iterator[str]:
    """What is wrong with the knobs of an option that is no part of a run: each has its type, by name."""
    option = catalog.option(group, name)
    for knob, value in (node if isinstance(node, Mapping) else {}).items():
        if knob not in option.knobs or knob not in types:
            yield unknown_knob(group, f"{group}.{knob}", knob, value, option, catalog)
        elif not isinstance(value, Unresolved):
            yield from faults(value, types[knob], f"{group}.{knob}")


def unknown_knob(group: str, key: str, name: str, value: Any, known: Option, catalog: Catalog | None) -> str:
    what = f"{key}={shown(value)}: {group}={known.name} has no {name}"
    meant = nearest(name, known.knobs)
    owners = catalog.owners(group, name) if catalog else []
    if owners:
        choice = f"{group}={owners[0]}" if len(owners) == 1 else f"one, {group}=..."
        return f"{what}; {name} belongs to {listed(owners)}: choose {choice}"
    if meant:
        return f"{what}; did you mean {key.removesuffix(name)}{meant}={shown(value)}?"
    return f"{what}; it has {listed(known.knobs) or 'nothing to set'}"


def _own_package(target: Any) -> str:
    """The package of a class that stands in the current folder; else the word for one."""
    name = str(target).partition(".")[0]
    return name if Path(name).is_dir() or Path(f"{name}.py").is_file() else "package"


def _target_faults(
    group: str, where: str, node: Mapping[str, Any], known: Option | None, trusted: Collection[str]
) -> Iterator[str]:
    if "_target_" not in node:
        yield f"{where}._target_: missing; every {group} option names its class, or null"
    target = node.get("_target_")
    roots = (*ROLES[group], *(f"{package}." for package in trusted))
    if target is not None and not _is_path_under(target, roots):
        yield (
            f"{where}._target_={shown(target)}: is not a class for group {group}\n"
            f"  it has to begin with {' or '.join(roots)}\n"
            f"  or with a package of yours that you trust: {quote(f'trusted=[{_own_package(target)}]')}"
            f"{INSTEAD.get(group, '')}"
        )
    inner = roots if group == "scheduler" else ()
    for place, nested in _nested_targets({k: v for k, v in node.items() if k != "_target_"}, where):
        if not _is_path_under(nested, inner):
            may = f"it has to begin with {' or '.join(inner)}" if inner else "inside an option nothing may name a class"
            yield f"{place}={shown(nested)}: is refused here\n  {may}"


def _nested_targets(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "_target_":
                yield f"{where}.{key}", item
            else:
                yield from _nested_targets(item, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            yield from _nested_targets(item, f"{where}[{i}]")


def _is_path_under(target: Any, roots: Collection[str]) -> bool:
    return (
        isinstance(target, str)
        and re.fullmatch(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", target) is not None
        and any(target.startswith(root) for root in roots)
    )


def _is_ours(target: Any, trusted: Collection[str]) -> bool:
    """Whether the vocabulary of the group describes this class; a user's class may use the words otherwise."""
    return str(target).partition(".")[0] not in trusted


def _combination_faults(group: str, where: str, node: Mapping[str, Any]) -> Iterator[str]:
    """Pairs of knobs that torch refuses when the optimizer is made, or takes and does not heed."""
    if group != "optimizer":
        return
    if node.get("foreach") is True and node.get("fused") is True:
        yield f"{where}.foreach=true: cannot be used with {where}.fused=true; leave one of them null"
    if node.get("_target_") == RPROP:
        yield from _rprop_faults(where, node.get("lr"), node.get("step_sizes"))
    damped = "dampening" in node  # Muon's nesterov asks for nothing
    if damped and node.get("nesterov") is True and not (node.get("momentum") and node["dampening"] == 0):
        yield f"{where}.nesterov=true: needs {where}.momentum above 0 and {where}.dampening=0"


def _rprop_faults(where: str, lr: Any, sizes: Any) -> Iterator[str]:
    """Of a first step that Rprop would make as small, or as large, as any other."""
    known = VOCABULARY["optimizer"]
    are_right = not faults(lr, known["lr"], "") and not faults(sizes, known["step_sizes"], "")
    if are_right and not sizes[0] <= lr <= sizes[1]:
        yield f"{where}.lr={shown(lr)}: must be within {where}.step_sizes={shown(sizes)}, the smallest and largest step"


def group_faults(node: Any, option: str, catalog: Catalog | None) -> Iterator[str]:
    """Faults of the groups of an optimizer's option; without a catalog their knobs are left to build."""
    groups = node.get("groups") if isinstance(node, Mapping) else None
    if not isinstance(groups, list) or not groups:
        return
    known = catalog is not None and option in catalog.options("optimizer")
    knobs = catalog.option("optimizer", option).knobs if catalog is not None and known else None
    if "line_search_fn" in {*node, *(knobs or ())}:
        yield "optimizer.groups: LBFGS takes all weights as one vector; leave groups empty, or choose optimizer=adam"
        return
    for place, group in enumerate(groups):
        if isinstance(group, Mapping):  # told as a fault of its type otherwise
            yield from _faults(f"optimizer.groups[{place}]", option, group, knobs, node.get("_target_"))


def _faults(
    where: str, option: str, group: Mapping[str, Any], knobs: Mapping[str, Knob] | None, target: str | None
) -> Iterator[str]:
    pattern = group.get("pattern")
    if not isinstance(pattern, str) or not pattern:
        yield f"{where}={shown(group)}: needs a pattern of weight names, such as {{pattern: head.*, lr: 0.01}}"
    if group.keys() <= {"pattern"}:
        yield f"{where}={shown(group)}: changes nothing; add a knob for these weights, such as lr: 0.01"
    own = [key for key in knobs or () if "." not in key and key not in OF_THE_WHOLE]
    for key, value in group.items():
        if key == "pattern" or knobs is None:
            continue
        if key not in own:
            meant = nearest(str(key), own)
            advice = f"did you mean {meant}?" if meant else f"there are {listed(own)}"
            yield f"{where}.{key}={shown(value)}: optimizer={option} has no {key} for a group; {advice}"
        else:
            known = annotation_of("optimizer", str(key), knobs[str(key)].default, target)
            yield from faults(value, known, f"{where}.{key}")
