"""A request composed by Hydra and checked by us: one tree, one Config, and every fault at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from shlex import quote
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from runner.compose.auto_model import AUTO, Choice, choice, likely_net
from runner.compose.brought import leave_out_idle, names_brought, undecided_faults
from runner.compose.hydra_bridge import Trees, changed_keys, editable, hydra_for, refusal
from runner.compose.hydra_faults import survivors_of
from runner.compose.line import is_of_a_sweep
from runner.compose.recipe import label
from runner.compose.request import Request, parsed, readable
from runner.compose.run_name import run_name
from runner.compose.tree import plain, spell_out_mappings
from runner.config.catalog import (
    CLUSTER,
    OF_A_SWEEP,
    PRIMARY,
    RECIPES,
    Catalog,
    Knob,
    conf_folders,
    packaged_conf,
)
from runner.config.clustering import LOCAL
from runner.config.run_config import Config, annotation_at, check, find_faults
from runner.config.types import shown
from runner.config.usual import usual_settings
from runner.config.validate import MISSING, as_typed, leaves
from runner.data.table.head import target_faults
from runner.errors import ConfigError, DataError
from runner.runs.origin import located
from runner.text import expanded, here

PLUGINS = ("launcher", "sweeper", "job_logging", "hydra_logging")


@dataclass(frozen=True)
class Composed:
    """A checked request: ``tree`` is Hydra's, its own node included, ``config`` is ours."""

    tree: DictConfig
    config: Config


def compose(request: Request, job: int | None = None, trees: Trees | None = None) -> Composed:
    """The request composed and checked; in a sweep job number ``job``, with the ``trees`` of those before it.

    Raises ConfigError with every fault.
    """
    trees = trees or Trees(Catalog(conf_folders(request.flags.config_dir)))
    catalog = trees.catalog
    lines = readable(request.overrides, catalog, multirun=False)
    survivors = list(lines.overrides)
    tree, faults, cause, auto = _with_net(request, survivors, trees)
    swept = [word for word in survivors if is_of_a_sweep(word) and word != f"{CLUSTER}={LOCAL}"]
    faults = [*lines.faults, *map(_for_a_sweep, swept), *faults]
    if tree is None:
        raise ConfigError(faults) from cause
    chosen = _recipes(tree, survivors)
    usual = _usual_node(PRIMARY) if _has_own_files(chosen, catalog) else {}
    faults += [*_node_faults(tree, usual), *([] if swept or job is not None else _cluster_faults(tree))]
    _set_node(tree, usual, survivors, job)
    spell_out_mappings(tree, catalog)
    HydraConfig.instance().set_config(tree)  # for ${hydra:...} in values
    choices = dict(tree.hydra.runtime.choices)
    choices["experiment"] = label(chosen["experiment"])
    recipes, typed = dict(names_in_recipes(chosen, catalog)), list(typed_names(survivors))
    data, broken = _settings(tree, choices, {*typed, *recipes}, catalog)
    _set_reference_epochs(data, chosen, catalog)
    trusted = _typed_trust(lines.overrides)
    faults += [*broken, *_trust_faults(data.get("trusted"), trusted), *find_faults(data, choices, catalog, trusted)]
    faults += [*_origin_faults(data), *target_faults(data.get("dataset"))]
    if faults:
        files = {**dict(names_brought(choices, catalog)), **recipes}.items()
        places = {name: place for name, place in files if name not in typed}
        raise ConfigError([*_told(faults, auto, places)]) from cause
    changed = changed_settings(data, usual_settings(catalog, str(choices["model"])))
    config = check(data, choices, catalog, {*typed, *recipes, *changed})
    if config.name == AUTO:
        config = replace(config, name=run_name(config, choices, typed, catalog))
    return Composed(tree, replace(config, model=replace(config.model, chosen_for=auto.rows if auto else "")))


def _has_own_files(chosen: Mapping[str, Sequence[str]], catalog: Catalog) -> bool:
    """Whether files of the user's went into a tree: without them its Hydra node is the usual one."""
    names = (name for recipes in chosen.values() for name in recipes)
    return catalog.folders != (packaged_conf(),) or any(Path(name).is_absolute() for name in names)


def _set_node(tree: DictConfig, usual: Mapping[str, Any], survivors: Sequence[str], job: int | None) -> None:
    """Hydra's node as this run has it: the usual plugins, the words that are left, the job's number."""
    with editable(tree):
        tree.hydra.update({key: usual[key] for key in PLUGINS if key in usual})  # a train.yaml may leave them out
        tree.hydra.overrides.task = [line.lstrip("+") for line in survivors if not line.startswith("hydra.")]
        if job is not None:
            tree.hydra.job.num, tree.hydra.job.id = job, str(job)


def _settings(
    tree: DictConfig, choices: Mapping[str, Any], named: Collection[str], catalog: Catalog
) -> tuple[dict[str, Any], list[str]]:
    """The tree's settings and knobs as plain data, and the faults of those that cannot be looked up or decided."""
    data, faults = plain(tree)
    for group in OF_A_SWEEP:
        data.pop(group, None)  # what a file says of sweeps concerns no single run
    faults += undecided_faults(data, choices, named, catalog)
    return as_typed(data, lambda name: annotation_at(name, choices, catalog)), faults


def _cluster_faults(tree: DictConfig) -> Iterator[str]:
    """A single run whose file means it for a cluster would train here unasked."""
    if (cluster := tree.hydra.runtime.choices.get(CLUSTER, LOCAL)) != LOCAL:
        yield f"{CLUSTER}={cluster}: runs the jobs of a sweep; add -m, or {CLUSTER}={LOCAL} for one run on this machine"


def _for_a_sweep(word: str) -> str:
    return f"{word.lstrip('+')}: is for the jobs of a sweep; add -m, or leave it out"


def outline(request: Request, trees: Trees) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the words come to, unchecked, and the option of each group. Raises ConfigError where that is nothing."""
    lines = list(readable(request.overrides, trees.catalog, multirun=False).overrides)
    tree, faults, cause, _ = _with_net(request, lines, trees)
    if tree is None:
        raise ConfigError(faults) from cause
    return plain(tree)[0], dict(tree.hydra.runtime.choices)


def _with_net(
    request: Request, lines: list[str], trees: Trees
) -> tuple[DictConfig | None, list[str], Exception | None, Choice | None]:
    """As ``survivors_of``, with the net in the place of ``model=auto``, and the choice where auto has made it."""
    catalog = trees.catalog
    net = likely_net(lines, catalog)
    tried: list[str] = []
    while True:
        words = [*lines, *([f"model={net}"] if net else [])]
        tree, faults, cause = survivors_of(request, words, trees)
        lines[:] = [line for line in lines if line in words]
        if tree is not None:
            recipes = dict(names_in_recipes(_recipes(tree, lines), catalog))
            leave_out_idle(tree, {*typed_names(lines), *recipes}, catalog)
        if tree is None or tree.hydra.runtime.choices.get("model") not in (AUTO, net):
            return tree, faults, cause, None
        auto = choice(plain(tree)[0], tree.hydra.runtime.choices, catalog)
        if net == auto.net or auto.net in tried:  # files of the user's may let each net lead to the other
            return tree, faults, cause, replace(auto, net=str(net))
        net = auto.net
        tried.append(net)


def _set_reference_epochs(data: dict[str, Any], chosen: Mapping[str, Sequence[str]], catalog: Catalog) -> None:
    """How long a run is of which the recipe's figures are, whatever else the command line says."""
    reference = data.get("reference")
    if isinstance(reference, dict) and reference.get("expected") and reference.get("epochs") is None:
        recipes = [catalog.option("experiment", name) for name in chosen["experiment"]]
        lengths = [recipe.knobs["epochs"].default for recipe in recipes if "epochs" in recipe.knobs]
        reference["epochs"] = lengths[-1] if lengths else None


def _told(faults: Sequence[str], auto: Choice | None, places: Mapping[str, str]) -> Iterator[str]:
    """Each fault once, with what auto chose and the file in front that sets what it is about."""
    for fault in dict.fromkeys(faults):
        place = places.get(fault.partition("=")[0])
        about = auto.about(fault) if auto else fault
        yield f"{place}: {about}" if place else about


def _origin_faults(data: dict[str, Any]) -> Iterator[str]:
    """Puts the checkpoint that ``start_from`` names in its place; a fault where there is none."""
    start_from, output_dir = data.get("start_from"), data.get("output_dir")
    if not (start_from and start_from != MISSING and isinstance(start_from, str) and isinstance(output_dir, str)):
        return
    try:
        data["start_from"] = located(start_from, expanded(output_dir))
    except (ConfigError, DataError) as fault:
        yield f"start_from={start_from}: {str(fault).removeprefix(f'{start_from}: ')}"


def typed_names(lines: Sequence[str]) -> Iterator[str]:
    """The settings and knobs that the overrides give a value."""
    for line in lines:
        override = parsed(line, False)
        if override is not None:
            yield from (name for name, _ in leaves({override.key_or_group: override.value()}, ()))


def _recipes(tree: DictConfig, lines: Sequence[str]) -> dict[str, list[str]]:
    """The recipes of each group of them, by name or path. Hydra knows which was chosen where it was one alone."""
    found = {}
    for group in RECIPES:
        typed = (parsed(line, False) for line in lines if line.startswith(f"{group}="))
        values = [override.value() for override in typed if override is not None]
        lists = [value for value in values if isinstance(value, list)]
        names = lists[-1] if lists else [tree.hydra.runtime.choices.get(group)]
        found[group] = [str(name) for name in names if name is not None]
    return found


def names_in_recipes(chosen: Mapping[str, Sequence[str]], catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Those to which a chosen recipe gives a value of its own, not that of another setting, and the recipe's file."""
    for group, names in chosen.items():
        for name in names:
            if name in catalog.options(group) or Path(name).is_absolute():
                recipe = catalog.option(group, name)
                own = (key for key, knob in recipe.knobs.items() if "${" not in str(knob.default))
                yield from ((key, here(recipe.path)) for key in own)


def changed_settings(data: Mapping[str, Any], usual: Mapping[str, Knob]) -> Iterator[str]:
    """The settings that are not as usual, wherever that was said."""
    for name, value in leaves(data, usual):
        if name in usual and usual[name].default != value:
            yield name


@cache
def _usual_node(config_name: str | None) -> dict[str, Any]:
    """Hydra's node where nobody set anything; without a name, as Hydra has it by itself."""
    return _as_data(hydra_for(Catalog([packaged_conf()])).compose_config(config_name, [], RunMode.RUN))


def _node_faults(tree: DictConfig, usual: Mapping[str, Any]) -> Iterator[str]:
    node = _as_data(tree)
    if usual and (changed := changed_keys(node, usual)):
        by_hydra = changed_keys(node, _usual_node(None))
        named = dict.fromkeys(".".join(key.split(".")[:3]) for key in changed if key in by_hydra)
        yield from (f"{key}: a configuration file sets it; it {refusal(key)}" for key in named)


def _as_data(tree: DictConfig) -> dict[str, Any]:
    return OmegaConf.to_container(tree.hydra, resolve=False)  # type: ignore[return-value]  # its keys are names


def _typed_trust(lines: Sequence[str]) -> list[str]:
    """The packages that the command line trusts; a file may not."""
    typed = [parsed(line, False) for line in lines if line.lstrip("+").partition("=")[0] == "trusted"]
    value = typed[-1].value() if typed and typed[-1] else []
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _trust_faults(found: Any, typed: list[str]) -> Iterator[str]:
    if isinstance(found, list) and found != typed:
        names = quote(f"trusted={shown(found)}")
        yield f"trusted={shown(found)}: comes from a file; only the command line can trust a package: {names}"
