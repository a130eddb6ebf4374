"""One run's configuration: checked, frozen, plain. What is written as config.yaml and what everything else reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from typing import Annotated, Any, Literal, get_type_hints

import yaml

from runner.config.catalog import PARTS, Catalog, Option, Part, knob_place
from runner.config.facts import facts
from runner.config.part_types import Count, Fraction, NotNegative, NotNegativeInt, Positive, Word, annotation_of
from runner.config.schedule import completed, schedule_faults
from runner.config.setting_faults import cross_faults, setting_faults, sound_settings, unknown_settings, usual_monitor
from runner.config.sweeping import NO_SWEEP, Sweeping
from runner.config.types import Matching, NumbersByName, Range, faults
from runner.config.validate import group_faults, part_faults
from runner.errors import ConfigError

Seed = Annotated[int, Range(low=0, high=2**32 - 1)]
Device = Annotated[str, Matching(r"auto|cpu|mps|cuda(:\d+)?", "like auto, cpu, cuda, cuda:1 or mps")]
Monitor = Annotated[str, Matching(r"(train|val)/\w+", "of the form val/loss or train/loss, never test/...")]
Precision = Literal["float32", "bf16", "fp16"]
Shown = Literal["auto", "off", "scalars", "full"]
Figures = Annotated[dict[str, list[float]], NumbersByName("of a metric and its numbers, as {val/loss: [0.5, 0.4]}")]
Package = Annotated[str, Matching(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*", "that names a package")]
Trees = Literal["hist", "catboost", "xgboost"]
UNSTORED = ("said", "sweep")  # of a Config's fields
USUAL_BASELINES: dict[str, Any] = {"trees": ["hist"], "size": "auto"}  # of a run that was made before the setting
NO_REFERENCE: dict[str, Any] = {"source": None, "figures": {}, "expected": {}, "epochs": None}

MOST_THREADS = 1024  # of many more, the libraries below torch end the program


@dataclass(frozen=True)
class EarlyStopping:
    patience_epochs: Count | None = field(metadata=facts(in_help=True))
    min_delta: NotNegative


@dataclass(frozen=True)
class Checkpointing:
    every_epochs: Count
    every_steps: Count | None


@dataclass(frozen=True)
class Baselines:
    """What is fitted beside the net once it is trained."""

    trees: list[Trees] = field(metadata=facts(changes="anywhere", is_neutral=True))
    size: Literal["auto", "all"] = field(metadata=facts(changes="anywhere", is_neutral=True))


@dataclass(frozen=True)
class Reference:
    """What a right run is known to show; a recipe carries it, the console holds the run against it."""

    source: Word | None
    figures: Figures
    expected: Figures
    epochs: Count | None = field(metadata=facts(later=None))  # of the recipe, which others may have shortened


def sweep_settings(changes: Mapping[str, Any]) -> Sweeping:
    """The usual ones with some set anew, by dotted name. Raises ConfigError with all faults."""
    types = setting_types()
    if found := [fault for name, value in changes.items() for fault in faults(value, types[name], name)]:
        raise ConfigError(found)
    return replace(Sweeping(), **{name.removeprefix("sweep."): value for name, value in changes.items()})


@dataclass(frozen=True)
class Config:
    """Every part and setting of a run; train.yaml says what each setting means."""

    dataset: Part
    model: Part
    loss: Part
    optimizer: Part
    scheduler: Part
    metric: dict[str, Part]  # by the name it is reported under
    name: Word = field(metadata=facts(in_script=True, is_neutral=True, is_identity=False, in_help=True))
    seed: Seed = field(metadata=facts(in_script=True, in_help=True))
    start_from: Word | None = field(metadata=facts(later=None, in_script=True, in_help=True))
    split_seed: Seed = field(metadata=facts(in_script=True))
    device: Device = field(metadata=facts(in_script=True, changes="anywhere", is_identity=False, in_help=True))
    devices: Count = field(metadata=facts(later=1, changes="on resume", is_identity=False))
    epochs: Count | Literal["auto"] = field(
        metadata=facts(in_script=True, changes="on resume", is_length=True, in_help=True)
    )
    max_steps: Count | None = field(metadata=facts(changes="on resume", is_length=True))
    repeat_batch: Count | None = field(metadata=facts(later=None))
    batch_size: Count = field(metadata=facts(in_script=True, in_help=True))
    accumulate_steps: Count = field(metadata=facts(later=1, in_script=True))
    precision: Precision = field(metadata=facts(later="float32", in_script=True))
    compile: bool = field(metadata=facts(later=False, in_script=True))
    eval_batch_size: Count = field(metadata=facts(in_script=True))
    max_eval_rows: Count | None = field(metadata=facts(later=None, in_script=True))
    shuffle: bool = field(metadata=facts(in_script=True))
    val_fraction: Fraction = field(metadata=facts(in_script=True, in_help=True))
    test_fraction: Fraction = field(metadata=facts(in_script=True))
    folds: Annotated[int, Range(low=2)] | None = field(metadata=facts(in_script=True))
    fold: NotNegativeInt | Literal["all"] | None = field(metadata=facts(in_script=True))
    monitor: Monitor = field(metadata=facts(in_script=True))
    test_every_epochs: Count | None = field(metadata=facts(in_script=True))
    early_stopping: EarlyStopping = field(metadata=facts(in_script=True))
    checkpoint: Checkpointing = field(metadata=facts(in_script=True, is_neutral=True))
    baselines: Baselines = field(
        metadata=facts(in_script=True, later=USUAL_BASELINES, is_neutral=True, is_identity=False)
    )
    grad_clip_norm: Positive | None = field(metadata=facts(in_script=True))
    log_every_steps: Count = field(metadata=facts(in_script=True, is_neutral=True))
    print_every_steps: Count | None = field(
        metadata=facts(later=None, in_script=True, changes="on resume", is_neutral=True, is_identity=False)
    )
    profile: bool = field(metadata=facts(later=False, is_neutral=True))
    detect_anomaly: bool = field(metadata=facts(later=False, is_neutral=True))
    calibrate: bool = field(metadata=facts(later=False, is_neutral=True))
    tensorboard: Shown = field(metadata=facts(later="auto", changes="on resume", is_neutral=True, in_script=True))
    num_workers: NotNegativeInt = field(metadata=facts(in_script=True, changes="on resume", is_neutral=True))
    threads: Annotated[int, Range(low=1, high=MOST_THREADS)] | None = field(
        metadata=facts(in_script=True, changes="anywhere")
    )
    data_dir: Word = field(
        metadata=facts(in_script=True, changes="anywhere", is_neutral=True, is_identity=False, is_typed=False)
    )
    output_dir: Word = field(
        metadata=facts(in_script=True, changes="anywhere", is_neutral=True, is_identity=False, is_typed=False)
    )
    tags: list[Word] = field(metadata=facts(in_script=True, is_neutral=True, is_identity=False))
    sweep: Sweeping = field(metadata=facts(in_script=True, later=NO_SWEEP, is_neutral=True, is_typed=False))
    reference: Reference = field(
        metadata=facts(in_script=True, later=NO_REFERENCE, is_neutral=True, is_identity=False, is_typed=False)
    )
    trusted: list[Package] = field(
        metadata=facts(in_script=True, changes="anywhere", is_neutral=True, is_identity=False)
    )
    said: frozenset[str] = field(default=frozenset(), compare=False)  # names of what somebody chose; not stored

    def as_dict(self) -> dict[str, Any]:
        """Plain data, complete: ``load_stored`` of it gives this Config again."""
        settings = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in (*PARTS, *UNSTORED)}
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
    tree = config.as_dict() | {"sweep": vars(config.sweep)}
    options = tree.pop("options")
    for name, value in changes.items():
        holder, _, inner = name.partition(".")
        tree[holder] = {**tree[holder], inner: value} if inner else value
    return check(tree, options, None)


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
    yield from cross_faults(sound_settings(settings, setting_types()), catalog)
    for group in PARTS:
        for option, node in _parts_of(group, tree, choices):
            yield from part_faults(group, option, node, catalog, [p for p in trusted if isinstance(p, str)])
    yield from group_faults(tree.get("optimizer"), str(choices.get("optimizer")), catalog)
    yield from schedule_faults(tree.get("scheduler"), tree.get("optimizer"), catalog)


def settings_with(fact: str, *values: Any) -> list[str]:
    """The settings of which ``fact`` is one of ``values``, in the order of the alphabet."""
    return sorted(name for name, known in setting_facts().items() if known[fact] in values)


def annotation_at(name: str, choices: Mapping[str, Any], catalog: Catalog) -> Any:
    """The type and range of the setting or knob of that dotted name; None where there is none."""
    group, option, key = knob_place(name, choices)
    if group not in PARTS:
        return setting_types().get(name)
    known = catalog.knob_named(name, choices)
    return annotation_of(group, key, known.default, catalog.option(group, option).target) if known else None


@cache
def setting_facts() -> dict[str, Mapping[str, Any]]:
    """The facts of every setting, also of one that holds others, by dotted name."""
    return dict(_facts(Config, ""))


@cache
def setting_types() -> dict[str, Any]:
    """The type and range of every setting, by dotted name."""
    return dict(_types(Config, ""))


def _types(cls: type, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, hint in get_type_hints(cls, include_extras=True).items():
        if is_dataclass(hint) and hint is not Part:
            yield from _types(hint, f"{name}.")  # type: ignore[arg-type]
        elif name not in (*PARTS, "said"):
            yield f"{prefix}{name}", hint


def _facts(cls: type, prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    hints = get_type_hints(cls)
    for setting in fields(cls):
        yield f"{prefix}{setting.name}", setting.metadata or facts()
        if setting.name not in PARTS and is_dataclass(hints[setting.name]):
            yield from _facts(hints[setting.name], f"{setting.name}.")


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
    settings["baselines"] = Baselines(**tree["baselines"])
    settings["sweep"] = Sweeping(**tree.get("sweep", {}))
    settings["reference"] = Reference(**tree["reference"])
    if settings["val_fraction"] == 0 and settings["monitor"] == usual_monitor(catalog):
        settings["monitor"] = settings["monitor"].replace("val/", "train/")
    return Config(**parts, **settings)


def _part(group: str, option: str, node: Mapping[str, Any]) -> Part:
    return Part(group, option, node["_target_"], {key: value for key, value in node.items() if key != "_target_"})


def _part_dict(part: Part) -> dict[str, Any]:
    return {"_target_": part.target, **part.knobs}
