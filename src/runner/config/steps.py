"""The lists ``dataset.transforms`` and ``dataset.augment`` as they may be written, checked without torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from runner.config.catalog import Part
from runner.config.part_types import Count, Positive, Share
from runner.config.spelling import nearest
from runner.config.types import NotEmpty, Range, faults, shown
from runner.errors import ConfigError


@dataclass(frozen=True)
class Spec:
    """One step asked for, every knob of it with its value."""

    name: str
    knobs: Mapping[str, Any]


@dataclass(frozen=True)
class Knob:
    """What a knob takes. One without an ``example`` may be left out, and is null then."""

    type: Any  # with its range
    wants: str
    example: Any


Kinds = Mapping[str, Mapping[str, Knob]]  # step -> its knobs

COUNT = Knob(Count, "a whole number of at least 1", 2)
PROBABILITY = Knob(Share, "a probability, 0..1", 0.5)
SIZE = Knob(tuple[Count, Count], "[height, width] in pixels", [8, 8])
MEAN = float | Annotated[list[float], NotEmpty()] | None
STD = Positive | Annotated[list[Positive], NotEmpty()] | None
TRANSFORM_KNOBS: Kinds = {
    "scale": {"divisor": Knob(Positive, "a number above 0", 255)},
    "normalise": {
        "mean": Knob(MEAN, "a number, a list, or null: from the train rows", None),
        "std": Knob(STD, "numbers above 0, or null: from the train rows", None),
    },
    "impute": {},
    "one_hot": {},
    "flatten": {},
    "resize": {"size": SIZE},
    "grey": {},
    "colour": {},
    "pad": {"pixels": COUNT},
    "quantile": {},
    "robust": {},
}
AUGMENT_KNOBS: Kinds = {
    "flip": {"horizontal": PROBABILITY, "vertical": Knob(Share, "a probability, 0..1", None)},
    "shift": {"pixels": COUNT},
    "crop": {"padding": COUNT},
    "rotation": {"degrees": Knob(Annotated[float, Range(above=0, high=180)], "a number above 0, up to 180", 15)},
    "erasing": {"probability": PROBABILITY, "size": SIZE},
}


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
            f"dataset.numeric={numeric}: stands in the place of a plain normalise in dataset.transforms, "
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
    name, given = _name_and_knobs(entry)
    if not isinstance(name, str) or not isinstance(given, dict):
        found.append(f"{place}={entry!r}: give a name, or {{name: {{knob: value}}}}")
    elif name not in kinds:
        noun = place.partition(".")[2].partition("[")[0].removesuffix("s")  # dataset.transforms[0]: transform
        found.append(f"{place}: there is no {noun} {name!r}{_nearest(name, kinds)}")
    else:
        found.extend(_knob_faults(f"{place}.{name}", kinds[name], given))
        return Spec(name, {knob: given.get(knob) for knob in kinds[name]})
    return Spec("", {})


def _name_and_knobs(entry: Any) -> tuple[Any, Any]:
    if isinstance(entry, dict) and len(entry) == 1:
        ((name, given),) = entry.items()
        return name, {} if given is None else given
    return entry, {}


def _knob_faults(place: str, knobs: Mapping[str, Knob], given: dict[Any, Any]) -> list[str]:
    found = [f"{place}: there is no knob {key!r}{_nearest(str(key), knobs)}" for key in given if key not in knobs]
    for name, knob in knobs.items():
        if name not in given and knob.example is not None:
            found.append(f"{place}.{name} is missing: give {knob.wants}")
        elif name in given and faults(given[name], knob.type, ""):
            found.append(f"{place}.{name}={given[name]!r}: give {knob.wants}")
    return found


def _nearest(name: str, choices: Mapping[str, Any]) -> str:
    meant = nearest(name, choices)
    guess = f"; did you mean {meant}?" if meant else ";"
    return f"{guess} choices: {', '.join(choices) or 'none'}"
