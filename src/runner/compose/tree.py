"""A composed tree: as plain data, and as the YAML that shows it."""

from __future__ import annotations

from typing import Any

from omegaconf import Container, DictConfig, OmegaConf, flag_override
from omegaconf.errors import OmegaConfBaseException

from runner.compose.hydra_faults import lookup_words
from runner.config.catalog import PARTS, Catalog
from runner.config.validate import MISSING, LookedUp, Unresolved
from runner.config.yaml_file import mapping
from runner.errors import ConfigError


def spell_out_mappings(tree: DictConfig, catalog: Catalog) -> None:
    """Hydra's grammar takes only ASCII for the keys of a mapping: one with others came as text, and is read here."""
    for group in PARTS:
        option, node = tree.hydra.runtime.choices.get(group), tree.get(group)
        for name in list(node) if isinstance(node, DictConfig) else ():
            text = node._get_node(name)._value()
            if isinstance(text, str) and text.startswith("{") and (spelled := mapping(text)) is not None:
                knob = catalog.option(group, option).knobs.get(name)
                if knob is not None and isinstance(knob.default, dict):
                    node[name] = spelled


def plain(tree: DictConfig) -> tuple[dict[str, Any], list[str]]:
    """The tree without Hydra's node as plain data, every interpolation looked up, and the faults of those that fail."""
    faults: list[str] = []
    data = {str(key): _plain(tree, str(key), str(key), faults) for key in tree if key != "hydra"}
    return data, faults


def _plain(parent: Any, key: Any, where: str, faults: list[str]) -> Any:
    node = parent._get_node(key)
    if node._is_missing():
        return MISSING
    try:
        value = parent[key]
        if not isinstance(value, Container):
            return LookedUp(value) if node._is_interpolation() and isinstance(value, str) else value
        if isinstance(value, DictConfig):
            return {str(k): _plain(value, k, f"{where}.{k!s}", faults) for k in value}
        items = [_plain(value, i, f"{where}[{i}]", faults) for i in range(len(value))]  # type: ignore[arg-type]
        return Unresolved() if any(map(_is_broken, items)) else items
    except (OmegaConfBaseException, ValueError, TypeError, RecursionError) as error:
        faults.append(f"{where}={node._value()}: cannot be looked up: {lookup_words(error)}")
        return Unresolved()


def _is_broken(item: Any) -> bool:
    return isinstance(item, Unresolved) or (isinstance(item, dict) and any(map(_is_broken, item.values())))


def shown_tree(tree: Any, kind: str, package: str | None, resolve: bool) -> str:
    """The composed tree as YAML: job, hydra or all of it, or one package. Raises ConfigError when that is not there."""
    tree = tree.copy()
    with flag_override(tree, ["readonly", "struct"], [False, False]):
        if kind == "job":
            del tree["hydra"]
        if kind == "hydra":
            tree = OmegaConf.create({"hydra": tree.hydra})
    if resolve:
        if kind != "job":
            OmegaConf.set_readonly(tree.hydra, False)  # in its place stands what was looked up
        OmegaConf.resolve(tree)
    if package and package != "_global_":
        tree = OmegaConf.select(tree, package)
        if tree is None:
            raise ConfigError(f"--package {package}: there is no {package} in this configuration")
        if not isinstance(tree, Container):
            return f"{tree}\n"
        return f"# @package {package}\n{OmegaConf.to_yaml(tree)}"
    return OmegaConf.to_yaml(tree)
