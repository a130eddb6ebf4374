"""A recipe: a YAML file of keys as they are typed left of the =, read for Hydra: ``dataset: wine`` is a choice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from runner.config.catalog import OF_A_SWEEP, PARTS, RECIPES, Catalog, unknown_option
from runner.config.run_config import settings_with
from runner.config.spelling import near_file
from runner.config.types import shown
from runner.config.yaml_file import read_yaml
from runner.errors import ConfigError
from runner.text import expanded, here

ENDINGS = (".yaml", ".yml")


def read_recipe(path: Path) -> dict[str, Any]:
    """The file as Hydra takes it: options in the defaults list, dotted keys as mappings in each other.

    A run's config.yaml is one, too: its parts and settings, without the folders of its time. Raises ConfigError.
    """
    data = read_yaml(path).data
    options = data.pop("options", None)
    if isinstance(options, Mapping):
        data = {key: value for key, value in data.items() if key not in _of_its_time(data)}
    tree: dict[str, Any] = {}
    chosen = dict(options) if isinstance(options, Mapping) else {}
    others = []
    for key, value in data.items():
        if key in (*PARTS, *OF_A_SWEEP) and _is_choice(value):
            chosen[key] = value
        elif key in RECIPES and _is_choice(value):
            others += [f"/{key}/{name}" for name in (value if isinstance(value, list) else [value])]
        elif key != "defaults":
            *holders, name = str(key).split(".")
            nested = reduce(lambda inner, holder: {holder: inner}, reversed(holders), {name: value})
            try:
                _merge(tree, nested)
            except ConfigError as twice:
                raise ConfigError(f"{here(path)}: {twice}") from twice
    given = data.get("defaults") or []
    if not isinstance(given, list):
        raise ConfigError(f"{here(path)}: defaults={shown(given)}: must be a list, such as - override /model: mlp")
    return {**tree, "defaults": [*others, *given, *({f"override /{group}": name} for group, name in chosen.items())]}


def _is_choice(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(name, str) for name in value))


def _of_its_time(config: Mapping[str, Any]) -> Iterator[str]:
    """What a run's config.yaml says of that run alone; whom it trusts is asked for where it trusts somebody."""
    yield from (*settings_with("is_typed", False), "name")
    if not config.get("trusted"):
        yield "trusted"


def _merge(tree: dict[str, Any], more: Mapping[str, Any], where: str = "") -> None:
    """Puts ``more`` beside what is there. Raises ConfigError where a name is there already."""
    for name, value in more.items():
        there = tree.get(name)
        if isinstance(there, dict) and isinstance(value, dict):
            _merge(there, value, f"{where}{name}.")
        elif name in tree:
            raise ConfigError(f"{where}{name} is given twice; keep one")
        else:
            tree[name] = value


def recipe_faults(path: Path, catalog: Catalog) -> Iterator[str]:
    """Options that a recipe chooses and that are not there."""
    recipe = read_recipe(path)
    for group in PARTS:
        node = recipe.get(group)
        if isinstance(node, Mapping) and (name := str(node.get("name"))) in catalog.options(group):
            yield f"{here(path)}: {group}.name={name}: an option is chosen by {group}: {name}" + _beside(group, node)
    for entry in recipe["defaults"]:
        for key, chosen in entry.items() if isinstance(entry, dict) else ():
            group = str(key).removeprefix("override ").removeprefix("/")
            names = chosen if isinstance(chosen, list) else [chosen]
            if isinstance(chosen, list) and group != "metric":
                each = f"-m {group}={','.join(map(str, chosen))}"
                yield f"{here(path)}: {group}: a run has one {group}; to run each of them: {each}"
            elif group in (*PARTS, *OF_A_SWEEP):
                unknown = (str(name) for name in names if str(name) not in catalog.options(group))
                yield from (f"{here(path)}: {unknown_option(catalog, group, name)}" for name in unknown)


def _beside(group: str, node: Mapping[str, Any]) -> str:
    """How the other keys below a group are written where its option stands beside it."""
    lines = [f"\n  {group}.{key}: {shown(value)}" for key, value in node.items() if key != "name"]
    return "".join(["; below it write", *lines]) if lines else ""


def label(names: Sequence[str]) -> str | None:
    """What a run is named after where recipes were chosen, by name or path; None for a run's own config.yaml."""
    words = (Path(name).stem if Path(name).is_absolute() else name.replace("/", "-") for name in names)
    return "-".join(word for word in words if word != "config") or None


def own_file(word: str) -> Path | None:
    """The recipe that a word of the command line names by its path. Raises ConfigError where there is no such file."""
    if Path(word).suffix not in ENDINGS:
        return None
    path = expanded(word).absolute()
    if path.is_file():  # of a run, too: outputs/2026-11-26/12-30-59.123456-cnn-lr=0.01-digits/config.yaml
        return path
    if "=" in word:
        return None
    if near := near_file(path, ENDINGS):
        raise ConfigError(f"{word}: there is no such file; did you mean {Path(word).with_name(near.name)}?")
    beside = sorted(file.name for file in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
    others = f"; there {'are' if beside[1:] else 'is'} {', '.join(beside[:5])}" if beside else ""
    raise ConfigError(f"{word}: there is no such file{others}")
