"""The net that ``model=auto`` stands for, from what the data set's option says of its rows: known before torch is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from omegaconf import DictConfig, ListConfig

from runner.config.catalog import RECIPES, Catalog

AUTO = "auto"
NETS = {"pictures": "cnn", "tables": "dnn"}  # what rows are -> the option


def rows_of(dataset: str, node: Any, catalog: Catalog) -> str:
    """pictures or tables: whether the option lists random changes of images, but for a shape and steps that say more.

    ``node`` is the data set as it was composed, perhaps wrongly; None before.
    """
    knobs = node if isinstance(node, DictConfig) else {}
    shape, steps = knobs.get("shape"), knobs.get("transforms")
    is_flat = isinstance(steps, ListConfig) and any("flatten" in str(step) for step in steps)
    if is_flat or (isinstance(shape, ListConfig) and len(shape) != 3):
        return "tables"
    return "pictures" if "augment" in catalog.knob_names("dataset", dataset) else "tables"


def likely_net(lines: Sequence[str], catalog: Catalog) -> str | None:
    """The net before anything is composed, to be right at once in most cases; None where one may be chosen."""
    chosen = dict(line.lstrip("+").partition("=")[::2] for line in lines)
    if catalog.defaults.get("model") != AUTO or chosen.keys() & {"model", *RECIPES}:
        return None
    return NETS[rows_of(chosen.get("dataset", catalog.defaults.get("dataset", "")), None, catalog)]
