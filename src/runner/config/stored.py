"""The Config of a run that was stored, perhaps by an older build."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import MISSING
from pathlib import Path
from typing import Any

from runner.config.catalog import PARTS
from runner.config.run_config import Config, check, setting_facts
from runner.config.yaml_file import read_yaml
from runner.errors import ConfigError, DataError

LATER_KNOBS: dict[str, dict[str, Any]] = {  # by class: what facts(later=...) is to settings
    "runner.data.car.Car": {"path": None},
    "runner.data.covtype.Covtype": {"split": "official", "features": None},
    "runner.data.csv.Csv": {"features": None},
    "runner.data.module.Module": {"task": None},
    "runner.data.image_folder.ImageFolder": {"background": "white", "brightest": None},
    "runner.models.cnn.Cnn": {"dropout": 0.0, "residual": False},
    "runner.models.dnn.Dnn": {"output_activation": None},
}


def load_stored(path: Path, trusted: Collection[str] = ()) -> Config:
    """The Config of a run's config.yaml, as data: nothing in it is looked up, and who it trusts is not believed.

    Raises DataError where the file is missing, damaged, or asks for what a config may not.
    """
    try:
        tree = read_yaml(path, aliases=False).data
    except ConfigError as error:
        raise DataError(str(error)) from error
    options = tree.pop("options", None)
    if not isinstance(options, dict):
        raise DataError(f"{path}: damaged: does not say which options were chosen")
    tree = {**with_later_keys(tree), "trusted": list(trusted)}
    try:
        return check(tree, options, None)
    except ConfigError as error:
        raise DataError("\n".join(f"{path}: {fault}" for fault in error.faults)) from error


def with_later_keys(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The plain data of a stored Config with what was added to the program after it was written."""
    whole = {**later_settings(), **tree}
    for name in [name for name in whole if "." in name]:
        holder, _, key = name.partition(".")
        whole[holder] = {key: whole.pop(name), **whole[holder]} if isinstance(whole.get(holder), Mapping) else {}
    nodes = {group: node for group in PARTS if isinstance(node := whole.get(group), Mapping)}
    return whole | {group: {**LATER_KNOBS.get(str(node.get("_target_")), {}), **node} for group, node in nodes.items()}


def later_settings() -> dict[str, Any]:
    """What a run's config lacks that was made before there were these settings, by dotted name."""
    return {name: later for name, known in setting_facts().items() if (later := known["later"]) is not MISSING}
