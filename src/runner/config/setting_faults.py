"""What is wrong with the settings of a composed tree: alone, together, and with names that are none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from runner.config.catalog import PARTS, RECIPES, Catalog, Option
from runner.config.spelling import another_name, nearest
from runner.config.types import faults, shown
from runner.config.validate import MISSING, Unresolved, leaves
from runner.text import expanded

MOST_PROFILED = 1000  # steps: about 1 GB of trace
SURE = 0.75  # share of the letters of a name that a slip leaves: max_time is no slip for max_steps


def setting_faults(tree: Mapping[str, Any], annotations: Mapping[str, Any]) -> Iterator[str]:
    """Faults of the run's own settings, ``annotations`` by dotted name."""
    found = dict(leaves(tree, annotations))
    flattened = {name.partition(".")[0] for name in annotations if "." in name} & found.keys()
    for holder in sorted(flattened):
        inner = [f"{name}=..." for name in annotations if name.startswith(f"{holder}.")]
        yield f"{holder}={shown(found[holder])}: holds settings of its own; set them one by one: {' '.join(inner)}"
    for name, annotation in annotations.items():
        if name.partition(".")[0] in flattened:
            continue
        if name not in found:
            yield f"{name}: missing; every setting of train.yaml has to be there"
        elif found[name] == MISSING:
            yield f"{name}=???: has no value yet; give one: {name}=..."
        elif not isinstance(found[name], Unresolved):
            yield from faults(found[name], annotation, name)


def sound_settings(tree: Mapping[str, Any], annotations: Mapping[str, Any]) -> dict[str, Any]:
    """The settings without a fault of their own, by dotted name: what can be compared with each other."""
    found = {name: value for name, value in leaves(tree, annotations) if name in annotations}
    return {name: value for name, value in found.items() if not faults(value, annotations[name], name)}


def unknown_settings(
    tree: Mapping[str, Any], annotations: Mapping[str, Any], options: Mapping[str, Option], catalog: Catalog | None
) -> Iterator[str]:
    """Faults of keys that are neither a setting nor a group, with what was most likely meant."""
    for name, value in leaves(tree, annotations):
        holder = any(known.startswith(f"{name}.") for known in annotations)  # told as a setting's fault
        if name not in annotations and not holder and name.partition(".")[0] not in PARTS:
            meant = meant_setting(name, annotations, options)
            said = (catalog.nearest_option(meant, str(value)) if catalog and meant in PARTS else None) or shown(value)
            advice = f"did you mean {meant}={said}?" if meant else "see them: python -m runner show settings"
            yield f"{name}={shown(value)}: there is no setting {name}; {advice}"


def cross_faults(sound: Mapping[str, Any], catalog: Catalog | None) -> Iterator[str]:
    """Faults of settings that are right alone and wrong together."""
    if fault := _name_fault(sound.get("name", "auto")):
        yield fault
    if fault := home_fault("output_dir", sound.get("output_dir", "")):
        yield fault
    if {"fold", "folds"} <= sound.keys() and (fault := _fold_fault(sound["fold"], sound["folds"])):
        yield fault
    if sound.get("profile") and not (sound.get("max_steps") or MOST_PROFILED + 1) <= MOST_PROFILED:
        yield f"profile=true: keeps every operation in memory; set max_steps=20, at most {MOST_PROFILED}"
    if sound.get("detect_anomaly") and sound.get("compile"):
        yield "detect_anomaly=true: names an operation as the net has it, not as torch compiles it; set compile=false"
    monitor, val_fraction = sound.get("monitor", ""), sound.get("val_fraction")
    if monitor.startswith("val/") and val_fraction == 0 and monitor != usual_monitor(catalog):
        yield (
            f"monitor={monitor}: there are no validation rows with val_fraction={shown(val_fraction)}\n"
            f"  set val_fraction=0.1 or monitor=train/{monitor.partition('/')[2]}"
        )


def _fold_fault(fold: int | str | None, folds: int | None) -> str | None:
    if fold is None and folds is not None:
        return f"folds={folds}: choose the test split: fold=all runs every fold, fold=0 runs one"
    if fold is not None and folds is None:
        return f"fold={fold}: needs the number of folds; add folds=5"
    if isinstance(fold, int) and folds is not None and fold >= folds:
        return f"fold={fold}: folds are counted from 0; with folds={folds} the last is {folds - 1}"
    return None


def usual_monitor(catalog: Catalog | None) -> Any:
    """What is monitored when nobody said anything; None for a stored run, which says everything."""
    known = catalog.settings if catalog else {}
    return known["monitor"].default if "monitor" in known else None


def home_fault(name: str, path: str) -> str | None:
    """Why a path in a home that nobody has is not written to: a folder with ~ in its name would be made here."""
    if not path.startswith("~") or str(expanded(path)) != path:
        return None
    return f"{name}={path}: nobody here is called {path.partition('/')[0]}; write the path from / on, or from ./ on"


def _name_fault(name: str) -> str | None:
    """Why a run's name cannot be the name of a folder; None when it can."""
    if re.fullmatch(r"[^/\\\x00-\x1f\x7f]+", name) and not name.startswith(".") and len(name.encode()) <= 150:
        return None
    return (
        f"name={shown(name)}: is the name of a folder: 1 to 150 bytes, no / or \\, no dot at the start\n"
        "  output_dir sets where runs go"
    )


def meant_setting(name: str, annotations: Mapping[str, Any], options: Mapping[str, Option]) -> str | None:
    """The setting, knob or group that a name most likely stands for; ``options`` are those chosen, by group."""
    return same_setting(name, annotations, options) or near_setting(name, annotations, options)


def same_setting(name: str, annotations: Mapping[str, Any], options: Mapping[str, Option]) -> str | None:
    """What is the same but for case and _, or called so elsewhere: epochs for trainer.max_epochs."""
    knobs = [(group, knob) for group, option in options.items() for knob in option.knobs]
    parts = name.split(".")
    for tail in (".".join(parts[first:]) for first in range(len(parts))):
        if same := another_name(tail, [*annotations, *PARTS, *RECIPES, *(f"{group}.{knob}" for group, knob in knobs)]):
            return same
        if knob := another_name(tail, [knob for _, knob in knobs]):
            return next(f"{group}.{knob}" for group, name in knobs if name == knob)
    return None


def near_setting(name: str, annotations: Mapping[str, Any], options: Mapping[str, Option]) -> str | None:
    """What is written nearly so."""
    head, _, rest = name.partition(".")
    if near := nearest(name, [known for known in annotations if known.startswith(f"{head}.")]):
        return near
    knobs = [f"{group}.{knob}" for group, option in options.items() for knob in option.knobs]
    if (owned := nearest(name, ["lr", "weight_decay"])) and "." not in name and f"optimizer.{owned}" in knobs:
        return f"optimizer.{owned}"
    group = nearest(head, PARTS, SURE)
    if group and not rest:
        return group
    if whole := nearest(name, annotations, SURE):
        return whole
    if group:
        return f"{group}.{rest}"
    tails = {known.rpartition(".")[2]: known for known in [*annotations, *knobs]}
    tail = nearest(name.rpartition(".")[2], tails, SURE)
    return tails[tail] if tail else None
