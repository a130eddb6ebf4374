"""One run's configuration: checked, frozen, plain. What is written as config.yaml and what everything else reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import yaml

from runner.config.catalog import PARTS, Catalog, Option
from runner.config.part import Part
from runner.config.part_types import Count, NotNegative, NotNegativeInt, Positive, annotation_of
from runner.config.schedule import completed, schedule_faults
from runner.config.types import Matching, NumbersByName, Range, shown
from runner.config.validate import (
    group_faults,
    name_fault,
    part_faults,
    setting_faults,
    sound_settings,
    unknown_settings,
)
from runner.config.yaml_file import read_yaml
from runner.errors import ConfigError, DataError

Fraction = Annotated[float, Range(low=0, below=1)]
Seed = Annotated[int, Range(low=0, high=2**32 - 1)]
Word = Annotated[str, Matching(r"(?s).+", "that is not empty")]
Device = Annotated[str, Matching(r"auto|cpu|mps|cuda(:\d+)?", "like auto, cpu, cuda, cuda:1 or mps")]
Monitor = Annotated[str, Matching(r"(train|val)/\w+", "of the form val/loss or train/loss, never test/...")]
Figures = Annotated[dict[str, list[float]], NumbersByName("of a metric and its numbers, as {val/loss: [0.5, 0.4]}")]
Package = Annotated[str, Matching(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*", "that names a package")]
UNSTORED = "said"  # of a Config's fields
MOST_PROFILED = 1000  # steps: about 1 GB of trace

# what runs have not got that were made before there was such a setting; it changes nothing that they computed
MOST_THREADS = 1024  # of many more, the libraries below torch end the program
LATER_SETTINGS: dict[str, Any] = {
    "tensorboard": "auto",
    "repeat_batch": None,
    "max_eval_rows": None,
    "profile": False,
    "detect_anomaly": False,
    "reference": {"source": None, "figures": {}, "expected": {}},
}
LATER_KNOBS: dict[str, dict[str, Any]] = {  # likewise, by class
    "runner.data.car.Car": {"path": None},
    "runner.data.image_folder.ImageFolder": {"background": "white", "brightest": None},
    "runner.models.cnn.Cnn": {"dropout": 0.0, "residual": False},
    "runner.models.dnn.Dnn": {"output_activation": None},
}


@dataclass(frozen=True)
class EarlyStopping:
    patience_epochs: Count | None
    min_delta: NotNegative


@dataclass(frozen=True)
class Checkpointing:
    every_epochs: Count
    every_steps: Count | None


@dataclass(frozen=True)
class Reference:
    """What a right run is known to show; a recipe carries it, the console holds the run against it."""

    source: Word | None
    figures: Figures
    expected: Figures


@dataclass(frozen=True)
class Config:
    """Every part and setting of a run; train.yaml says what each setting means."""

    dataset: Part
    model: Part
    loss: Part
    optimizer: Part
    scheduler: Part
    metric: dict[str, Part]  # by the name it is reported under
    name: Word
    seed: Seed
    split_seed: Seed
    device: Device
    epochs: Count | Literal["auto"]
    max_steps: Count | None
    repeat_batch: Count | None
    batch_size: Count
    eval_batch_size: Count
    max_eval_rows: Count | None
    shuffle: bool
    val_fraction: Fraction
    test_fraction: Fraction
    folds: Annotated[int, Range(low=2)] | None
    fold: NotNegativeInt | Literal["all"] | None
    monitor: Monitor
    test_every_epochs: Count | None
    early_stopping: EarlyStopping
    checkpoint: Checkpointing
    grad_clip_norm: Positive | None
    log_every_steps: Count
    profile: bool
    detect_anomaly: bool
    tensorboard: Literal["auto", "off", "scalars", "full"]
    num_workers: NotNegativeInt
    threads: Annotated[int, Range(low=1, high=MOST_THREADS)] | None
    data_dir: Word
    output_dir: Word
    tags: list[Word]
    reference: Reference
    trusted: list[Package]
    said: frozenset[str] = field(default=frozenset(), compare=False)  # names of what somebody chose; not stored

    def as_dict(self) -> dict[str, Any]:
        """Plain data, complete: ``load_stored`` of it gives this Config again."""
        settings = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in (*PARTS, UNSTORED)}
        plain = {key: dict(vars(value)) if is_dataclass(value) else value for key, value in settings.items()}
        single: dict[str, Any] = {group: getattr(self, group) for group in PARTS if group != "metric"}
        return {
            "options": {**{group: part.option for group, part in single.items()}, "metric": list(self.metric)},
            **{group: _part_dict(part) for group, part in single.items()},
            "metric": {name: _part_dict(part) for name, part in self.metric.items()},
            **plain,
        }

    def as_yaml(self) -> str:
        """``as_dict`` as the text of config.yaml."""
        return str(yaml.safe_dump(self.as_dict(), sort_keys=False, allow_unicode=True))


def changed(config: Config, changes: Mapping[str, Any]) -> Config:
    """The config with some settings set anew and checked again. Raises ConfigError with all faults."""
    tree = config.as_dict()
    options = tree.pop("options")
    return check(tree | dict(changes), options, None)


def check(
    tree: Mapping[str, Any],
    choices: Mapping[str, Any],
    catalog: Catalog | None,
    said: Collection[str] = (),
) -> Config:
    """The Config that the composed tree describes; ``choices`` is the option of each group.

    What is not ``said`` may be fitted to the data: the names of settings and knobs that somebody chose.

    Without a catalog (a stored run) the knobs' names are left to build. Raises ConfigError with all faults.
    """
    if tree.get("tensorboard") is False:
        tree = {**tree, "tensorboard": "off"}  # what YAML makes of the word off
    trusted = tree.get("trusted")
    found = list(find_faults(tree, choices, catalog, trusted if isinstance(trusted, list) else []))
    if found:
        raise ConfigError(found)
    return replace(_config(tree, choices, catalog), said=frozenset(said))


def find_faults(
    tree: Mapping[str, Any], choices: Mapping[str, Any], catalog: Catalog | None, trusted: Collection[str]
) -> Iterator[str]:
    """Everything wrong with the tree, settings first."""
    settings = {key: value for key, value in tree.items() if key not in PARTS}
    yield from setting_faults(settings, setting_types())
    yield from unknown_settings(settings, setting_types(), _chosen(choices, catalog), catalog)
    yield from _cross_faults(sound_settings(settings, setting_types()), catalog)
    for group in PARTS:
        for option, node in _parts_of(group, tree, choices):
            yield from part_faults(group, option, node, catalog, [p for p in trusted if isinstance(p, str)])
    yield from group_faults(tree.get("optimizer"), str(choices.get("optimizer")), catalog)
    yield from schedule_faults(tree.get("scheduler"), tree.get("optimizer"), catalog)


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
    whole = {**LATER_SETTINGS, **tree}
    nodes = {group: node for group in PARTS if isinstance(node := whole.get(group), Mapping)}
    return whole | {group: {**LATER_KNOBS.get(str(node.get("_target_")), {}), **node} for group, node in nodes.items()}


def annotation_at(name: str, choices: Mapping[str, Any], catalog: Catalog) -> Any:
    """The type and range of the setting or knob of that dotted name; None where there is none."""
    group, _, knob = name.partition(".")
    if group not in PARTS:
        return setting_types().get(name)
    option, _, knob = knob.partition(".") if group == "metric" else (str(choices.get(group)), "", knob)
    try:
        return annotation_of(group, knob, catalog.option(group, option).knobs[knob].default)
    except (ConfigError, KeyError):
        return None


@cache
def setting_types() -> dict[str, Any]:
    """The type and range of every setting, by dotted name."""
    return dict(_types(Config, ""))


def _types(cls: type, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, hint in get_type_hints(cls, include_extras=True).items():
        if is_dataclass(hint) and hint is not Part:
            yield from _types(hint, f"{name}.")  # type: ignore[arg-type]
        elif name not in (*PARTS, UNSTORED):
            yield f"{prefix}{name}", hint


def _parts_of(group: str, tree: Mapping[str, Any], choices: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(option, node) of a group; metrics are several, by name."""
    node = tree.get(group)
    if group != "metric":
        yield str(choices.get(group)), node
    elif isinstance(node, Mapping) and node:
        yield from ((str(name), part) for name, part in node.items())
    else:
        yield str(choices.get(group)), node


def _chosen(choices: Mapping[str, Any], catalog: Catalog | None) -> dict[str, Option]:
    if catalog is None:
        return {}
    known = ((group, str(choices.get(group))) for group in PARTS if group != "metric")
    return {group: catalog.option(group, name) for group, name in known if name in catalog.options(group)}


def _cross_faults(sound: Mapping[str, Any], catalog: Catalog | None) -> Iterator[str]:
    """Faults of settings that are right alone and wrong together."""
    if fault := name_fault(sound.get("name", "auto")):
        yield fault
    if {"fold", "folds"} <= sound.keys() and (fault := _fold_fault(sound["fold"], sound["folds"])):
        yield fault
    if sound.get("profile") and not (sound.get("max_steps") or MOST_PROFILED + 1) <= MOST_PROFILED:
        yield f"profile=true: keeps every operation in memory; set max_steps=20, at most {MOST_PROFILED}"
    monitor, val_fraction = sound.get("monitor", ""), sound.get("val_fraction")
    if monitor.startswith("val/") and val_fraction == 0 and monitor != _usual_monitor(catalog):
        yield (
            f"monitor={monitor}: there are no validation rows with val_fraction={shown(val_fraction)}\n"
            f"  set val_fraction=0.1 or monitor=train/{monitor.partition('/')[2]}"
        )


def _fold_fault(fold: int | str | None, folds: int | None) -> str | None:
    if fold is None and folds is not None:
        return f"folds={folds}: which of them is to be the test split? fold=all for each in its turn, fold=0 for one"
    if fold is not None and folds is None:
        return f"fold={fold}: needs the number of folds; add folds=5"
    if isinstance(fold, int) and folds is not None and fold >= folds:
        return f"fold={fold}: folds are counted from 0; with folds={folds} the last is {folds - 1}"
    return None


def _usual_monitor(catalog: Catalog | None) -> Any:
    """What is monitored when nobody said anything; None for a stored run, which says everything."""
    known = catalog.settings if catalog else {}
    return known["monitor"].default if "monitor" in known else None


def _config(tree: Mapping[str, Any], choices: Mapping[str, Any], catalog: Catalog | None) -> Config:
    parts: dict[str, Any] = {
        group: _part(group, *pair) for group in PARTS if group != "metric" for pair in _parts_of(group, tree, choices)
    }
    if catalog is not None:
        parts["scheduler"] = completed(parts["scheduler"], catalog)
    parts["metric"] = {name: _part("metric", name, node) for name, node in tree["metric"].items()}
    settings = {key: value for key, value in tree.items() if key not in PARTS}
    settings["early_stopping"] = EarlyStopping(**tree["early_stopping"])
    settings["checkpoint"] = Checkpointing(**tree["checkpoint"])
    settings["reference"] = Reference(**tree["reference"])
    if settings["name"] == "auto":
        settings["name"] = _auto_name(choices, parts)
    if settings["val_fraction"] == 0 and settings["monitor"] == _usual_monitor(catalog):
        settings["monitor"] = settings["monitor"].replace("val/", "train/")
    return Config(**parts, **settings)


def _auto_name(choices: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    experiment, debug = choices.get("experiment"), choices.get("debug")
    words = [parts["dataset"].option, _model_name(parts["model"]), parts["optimizer"].option]
    name = str(experiment).replace("/", "-") if experiment else "-".join(words)
    return f"{name}-{debug}" if debug else name


def _model_name(model: Part) -> str:
    """The option, or which of the nets that an option stands for: resnet18, MyNet."""
    return str(model.knobs.get("name", model.option)).rpartition(".")[2]


def _part(group: str, option: str, node: Mapping[str, Any]) -> Part:
    return Part(group, option, node["_target_"], {key: value for key, value in node.items() if key != "_target_"})


def _part_dict(part: Part) -> dict[str, Any]:
    return {"_target_": part.target, **part.knobs}
