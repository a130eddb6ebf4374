"""The name that ``name=auto`` stands for: the net, what was typed, the data set: cnn-sgd-lr=0.1-digits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from runner.config.catalog import GROUPS, RECIPES, Catalog, Part
from runner.config.run_config import Config, settings_with
from runner.config.types import shown
from runner.config.validate import MISSING, leaves
from runner.text import short_names

NAMED_ALONE = ("optimizer", "scheduler", "loss")  # groups of which a typed option stands by itself: sgd
UNTOLD = ("auto", "none")  # options that say nothing
MOST_BYTES = 96  # of the name, before which the time is put
MOST_BYTES_OF_A_PART = 34


def run_name(config: Config, choices: Mapping[str, Any], typed: Sequence[str], catalog: Catalog) -> str:
    """The name of the run that ``config`` describes; ``typed`` are the names, left of the ``=``, of what was typed.

    It fits into a folder's name, whatever was typed. A recipe's own name stands for the net and the data set.
    """
    experiment, debug = (_recipe(choices.get(group)) for group in RECIPES)
    first, last = [_net_name(config.model)], [_dataset_name(config.dataset, catalog)]
    groups: Sequence[str] = NAMED_ALONE
    if experiment:
        first, last, groups = [experiment], [], ("model", "dataset", *NAMED_ALONE)
    options = [config.as_dict()["options"][group] for group in groups if group in typed]
    words = [debug, *(option for option in options if option not in UNTOLD), *_settings(config, typed, catalog)]
    return _fitting([part(text) for text in first], [part(text) for text in words if text], [part(t) for t in last])


def is_made(name: str, options: Mapping[str, Any], model: Part, dataset: Part, catalog: Catalog) -> bool:
    """Whether the name is one that was made, now or by an earlier build, and none that somebody gave."""
    if name == "-".join(options[group] for group in ("dataset", "model", "optimizer")):
        return True
    first, last = part(_net_name(model)), part(_dataset_name(dataset, catalog))
    known = {first, last, *(option for group in (*NAMED_ALONE, "debug") for option in catalog.options(group))}
    words = re.split(r"-(?=[^\W\d])", name)
    is_framed = name == f"{first}-{last}" or (name.startswith(f"{first}-") and name.endswith(f"-{last}"))
    return is_framed and all("=" in word or word in known or word.startswith("and_") for word in words)


def part(text: str) -> str:
    """The text as it can stand in the name of a folder on any system."""
    plain = re.sub(r"[^\w.=+-]+", "_", unicodedata.normalize("NFC", text)).lstrip(".")
    return plain.encode()[:MOST_BYTES_OF_A_PART].decode(errors="ignore").rstrip("._") or "_"


def _recipe(chosen: Any) -> str:
    """The recipe's name, or those of several."""
    names = [chosen] if isinstance(chosen, str) else chosen or []
    return "-".join(str(name).replace("/", "-") for name in names)


def _net_name(model: Part) -> str:
    """The option, or which of the nets that an option stands for: resnet18, MyNet."""
    return str(model.knobs.get("name", model.option)).rpartition(".")[2]


def _dataset_name(dataset: Part, catalog: Catalog) -> str:
    """The option, or which of the data sets that an option stands for: houses of houses.csv, MyData."""
    if name := dataset.knobs.get("name"):
        return str(name).rpartition(".")[2]
    is_any_file = "path" in _needed("dataset", dataset.option, catalog)
    return PurePath(str(dataset.knobs["path"])).stem if is_any_file else dataset.option


def _needed(group: str, option: str, catalog: Catalog) -> Collection[str]:
    """The knobs without which the option is nothing: they are the choice of it."""
    if option not in catalog.options(group):
        return ()
    return [name for name, knob in catalog.option(group, option).knobs.items() if knob.default == MISSING]


def _settings(config: Config, typed: Sequence[str], catalog: Catalog) -> Iterator[str]:
    """lr=0.1 for each setting that was typed and decides something that is learnt."""
    names = [name for name in dict.fromkeys(typed) if name not in GROUPS]
    values = dict(leaves(config.as_dict(), names))
    short = short_names(values)
    silent = set(_silent(config, catalog))
    for name in names:
        if name in values and not {name, name.partition(".")[0]} & silent:
            yield f"{short[name]}={_value(values[name])}"


def _silent(config: Config, catalog: Catalog) -> Iterator[str]:
    """The settings, and groups of them, that do not stand in a name: they decide nothing, or which parts there are."""
    yield from ("metric", "start_from")  # the path of a checkpoint is no word of a name
    yield from settings_with("is_neutral", True)
    yield from settings_with("changes", "anywhere")
    for chosen in (config.dataset, config.model):
        needed = _needed(chosen.group, chosen.option, catalog)
        yield from (f"{chosen.group}.{knob}" for knob in ("path", "name", *needed))


def _value(value: Any) -> str:
    """0.1, 64+64, scale+flatten; of a path its last part."""
    if isinstance(value, list | dict):
        return "+".join(map(_value, value))
    return f"{value:g}" if isinstance(value, float) else shown(value).rpartition("/")[2]


def _fitting(first: list[str], words: list[str], last: list[str]) -> str:
    """The parts joined, with as many of the words as there is room for and the number of the others."""
    for count in range(len(words), -1, -1):
        left = [f"and_{len(words) - count}_more"] if count < len(words) else []
        name = "-".join([*first, *words[:count], *left, *last])
        if len(name.encode()) <= MOST_BYTES:
            break
    return name
