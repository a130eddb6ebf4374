"""The lists ``dataset.transforms`` and ``dataset.augment`` as they may be written, checked without torch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.config.catalog import Part
from runner.config.spelling import nearest
from runner.config.step_knobs import AUGMENT_KNOBS, TRANSFORM_KNOBS, Kinds, Knob
from runner.config.types import faults, shown
from runner.errors import ConfigError

# of torchvision.transforms.v2
DRAWN = re.compile(
    "Random.+|AugMix|AutoAugment|ColorJitter|CutMix|ElasticTransform|GaussianNoise|JPEG|MixUp|RandAugment|ScaleJitter|"
    "TrivialAugmentWide"
)


@dataclass(frozen=True)
class Spec:
    """One step asked for, every knob of it with its value."""

    name: str
    knobs: Mapping[str, Any]


def read_transforms(entries: Any) -> tuple[Spec, ...]:
    """The transforms of a list such as ``[{scale: {divisor: 255}}, normalise]``.

    Raises ConfigError with every fault.
    """
    return _read_specs("dataset.transforms", entries, TRANSFORM_KNOBS)


def with_numeric(dataset: Part, *, is_said: bool) -> list[Any]:
    """``dataset.transforms`` with what ``dataset.numeric`` names in the place of normalise.

    Raises ConfigError where somebody said how numbers are scaled, and no step scales them.
    """
    steps: list[Any] = dataset.knobs["transforms"]
    numeric = dataset.knobs.get("numeric", "standard")
    if numeric == "standard":
        return steps
    if is_said and "normalise" not in steps:
        raise ConfigError(
            f"dataset.numeric={numeric}: takes the place of normalise in dataset.transforms, "
            f"and there is none: dataset={dataset.option} has {shown(steps)}"
        )
    return [numeric if step == "normalise" else step for step in steps]


def read_augment(entries: Any) -> tuple[Spec, ...]:
    """The steps of a list such as ``[{flip: {horizontal: 0.5}}, {shift: {pixels: 2}}]``.

    Raises ConfigError with every fault.
    """
    return _read_specs("dataset.augment", entries, AUGMENT_KNOBS)


def with_examples(names: Sequence[str], kinds: Kinds) -> list[Any] | None:
    """The list that names alone stand for, with an example of each knob that has to be given; None: not all are steps.

    ``["horizontal_flip"]`` -> ``[{"flip": {"horizontal": 0.5}}]``
    """
    found = [next((kind for kind in kinds if kind in name.lower()), "") for name in names]
    knobs = [{key: knob.example for key, knob in kinds[kind].items() if knob.example} for kind in found if kind]
    return [{kind: own} if own else kind for kind, own in zip(found, knobs, strict=True)] if all(found) else None


def _read_specs(key: str, entries: Any, kinds: Kinds) -> tuple[Spec, ...]:
    if not isinstance(entries, list):
        raise ConfigError(f"{key}={entries!r}: give a list, [] for none")
    found: list[str] = []
    specs = [_read_spec(f"{key}[{i}]", entry, kinds, found) for i, entry in enumerate(entries)]
    if found:
        raise ConfigError(found)
    return tuple(specs)


def _read_spec(place: str, entry: Any, kinds: Kinds, found: list[str]) -> Spec:
    """The step of one entry; what is wrong with it is added to ``found``."""
    name, given = _name_and_knobs(entry, kinds)
    if not isinstance(name, str) or not isinstance(given, dict):
        found.append(f"{place}={entry!r}: give a name, or {{name: {{knob: value}}}}")
    elif name not in kinds:
        found.append(f"{place}: {_unknown(place.partition('[')[0], name, kinds)}")
    else:
        found.extend(_knob_faults(f"{place}.{name}", kinds[name], given))
        return Spec(name, {knob: given.get(knob) for knob in kinds[name]})
    return Spec("", {})


def _unknown(key: str, name: str, kinds: Kinds) -> str:
    """What is said of a step that the list does not take."""
    if key == "dataset.transforms" and name in AUGMENT_KNOBS:
        return f"{name} is random, new in every epoch; put it into dataset.augment"
    if key == "dataset.augment" and name in TRANSFORM_KNOBS:
        return f"{name} is the same for every picture; put it into dataset.transforms"
    if is_known_elsewhere(name):
        return f"{name} cannot be repeated from seed, epoch and row; dataset.augment takes {', '.join(AUGMENT_KNOBS)}"
    return f"there is no {key.partition('.')[2].removesuffix('s')} {name!r}{_nearest(name, kinds)}"


def _name_and_knobs(entry: Any, kinds: Kinds) -> tuple[Any, Any]:
    """A value alone is that of the first knob, as in ``Resize(16)``."""
    if not isinstance(entry, dict) or len(entry) != 1:
        return entry, {}
    ((name, given),) = entry.items()
    if given is None or isinstance(given, dict):
        return name, given or {}
    return (name, {first: given}) if (first := next(iter(kinds.get(name, {})), None)) else (None, given)


def _knob_faults(place: str, knobs: Mapping[str, Knob], given: dict[Any, Any]) -> list[str]:
    found = [f"{place}: there is no knob {key!r}{_nearest(str(key), knobs)}" for key in given if key not in knobs]
    for name, knob in knobs.items():
        if name not in given and knob.example is not None:
            found.append(f"{place}.{name} is missing: give {knob.wants}")
        elif name in given and faults(given[name], knob.type, ""):
            found.append(f"{place}.{name}={given[name]!r}: give {knob.wants}")
    return found


def is_known_elsewhere(name: str) -> bool:
    """Whether it is a step of one of the two lists, or of torchvision's that neither takes."""
    return name in {**TRANSFORM_KNOBS, **AUGMENT_KNOBS} or DRAWN.fullmatch(name) is not None


def nearest_step(name: str, choices: Mapping[str, Any]) -> str | None:
    """The step, or the knob, that is meant; ours before torchvision's, which need more arguments."""
    return nearest(name, list(filter(str.islower, choices))) or nearest(name, choices)


def _nearest(name: str, choices: Mapping[str, Any]) -> str:
    meant = nearest_step(name, choices)
    guess = f"; did you mean {meant}?" if meant else ";"
    return f"{guess} choices: {', '.join(choices) or 'none'}"
