"""The net that ``model=auto`` stands for, by what the rows are and how many: known before torch is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from runner.compose.request import parsed
from runner.config.catalog import FEWEST_ROWS, RECIPES, Catalog
from runner.data.size import table_size
from runner.text import expanded

AUTO = "auto"
MOST_CELLS = 1_000_000  # of a table for tabular: rows x columns
UNFIT = {  # what dnn takes and tabular does not
    "loss": ("cosine_embedding", "hinge_embedding", "triplet_margin"),
    "optimizer": ("muon",),
}


@dataclass(frozen=True)
class Choice:
    """What auto takes."""

    net: str
    rows: str  # for which: pictures

    def about(self, fault: str) -> str:
        """The fault, with what was chosen where it is one of the net's knobs."""
        return f"{fault}\n  model=auto takes {self.net} for {self.rows}" if fault.startswith("model.") else fault


def choice(data: Mapping[str, Any], options: Mapping[str, Any], catalog: Catalog) -> Choice:
    """The net for what was composed, perhaps wrongly: the plain ``data``, and the option of each group."""
    knobs = data.get("dataset") or {}
    shape, steps = knobs.get("shape"), knobs.get("transforms")
    has_pictures = "augment" in catalog.knob_names("dataset", str(options.get("dataset")))
    if has_pictures and not (isinstance(shape, list) and len(shape) != 3):
        is_flat = isinstance(steps, list) and any("flatten" in str(step) for step in steps)
        return Choice("dnn", "flat pictures") if is_flat else Choice("cnn", "pictures")
    if knobs.get("categorical") == "embedding":
        return Choice("dnn", "tables with dataset.categorical=embedding")
    if unfit := [f"{group}={options[group]}" for group, names in UNFIT.items() if options.get(group) in names]:
        return Choice("dnn", f"tables with {unfit[0]}")
    limit = None if options.get("debug") else knobs.get("limit")  # what looks for a fault looks at the same net
    return _by_size(knobs, limit, expanded(str(data.get("data_dir"))))


def _by_size(knobs: Mapping[str, Any], limit: Any, data_dir: Path) -> Choice:
    size = table_size(knobs.get("_target_"), knobs, data_dir, MOST_CELLS)
    if size is None:
        return Choice("dnn", "tables of unknown size")
    num_rows = min(size.num_rows, limit) if isinstance(limit, int) else size.num_rows
    if num_rows < FEWEST_ROWS:
        return Choice("dnn", f"tables of fewer than {FEWEST_ROWS:,} rows")
    if num_rows * size.num_columns > MOST_CELLS:
        return Choice("dnn", f"tables of more than {MOST_CELLS:,} cells")
    return Choice("tabular", f"tables of {FEWEST_ROWS:,} rows or more")


def likely_net(lines: Sequence[str], catalog: Catalog) -> str | None:
    """The net before anything is composed, to be right at once in most cases; None where one may be chosen."""
    chosen = dict(line.lstrip("+").partition("=")[::2] for line in lines)
    if catalog.defaults.get("model") != AUTO or chosen.keys() & {"model", *RECIPES}:
        return None
    options = {**catalog.defaults, **chosen}
    return choice(_said(options.get("dataset", ""), lines, catalog), options, catalog).net


def _said(dataset: str, lines: Sequence[str], catalog: Catalog) -> dict[str, Any]:
    """The folder of the data, and the data set with its knobs, as the lines have them."""
    known = catalog.option("dataset", dataset) if dataset in catalog.options("dataset") else None
    knobs = {"_target_": known.target, **{key: knob.default for key, knob in known.knobs.items()}} if known else {}
    said: dict[str, Any] = {"data_dir": _usual_data_dir(catalog), "dataset": knobs}
    for override in (parsed(line, False) for line in lines if line.lstrip("+").startswith(("dataset.", "data_dir="))):
        if override is not None:
            group, _, knob = override.key_or_group.partition(".")
            (said[group] if knob else said)[knob or group] = override.value()
    return said


def _usual_data_dir(catalog: Catalog) -> Any:
    try:
        return OmegaConf.create([catalog.settings["data_dir"].default])[0]
    except (KeyError, OmegaConfBaseException):
        return None  # a setting that only the whole composition has
