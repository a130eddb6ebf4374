"""A list of steps as it may be written in YAML, such as ``[{scale: {divisor: 255}}, normalise]``, without torch."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from runner.errors import ConfigError


@dataclass(frozen=True)
class Spec:
    """One step asked for, every knob of it with its value."""

    name: str
    knobs: Mapping[str, Any]


@dataclass(frozen=True)
class Knob:
    """What a knob takes. One that is not ``required`` is null where it is left out."""

    accepts: Callable[[Any], bool]
    wants: str
    required: bool


Kinds = Mapping[str, Mapping[str, Knob]]  # step -> its knobs


def read_specs(key: str, entries: Any, kinds: Kinds) -> tuple[Spec, ...]:
    """The steps of the list that the setting ``key`` has. Raises ConfigError with every fault."""
    if not isinstance(entries, list):
        raise ConfigError(f"{key}={entries!r}: give a list, [] for none")
    faults: list[str] = []
    specs = [_read_spec(f"{key}[{i}]", entry, kinds, faults) for i, entry in enumerate(entries)]
    if faults:
        raise ConfigError(faults)
    return tuple(specs)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_positive(value: Any) -> bool:
    return is_number(value) and value > 0


def is_share(value: Any) -> bool:
    return is_number(value) and 0 <= value <= 1


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def is_size(value: Any) -> bool:
    """Whether it is [height, width]."""
    return isinstance(value, list) and len(value) == 2 and all(map(is_count, value))


def _read_spec(place: str, entry: Any, kinds: Kinds, faults: list[str]) -> Spec:
    """The step of one entry; what is wrong with it is added to ``faults``."""
    name, given = _name_and_knobs(entry)
    if not isinstance(name, str) or not isinstance(given, dict):
        faults.append(f"{place}={entry!r}: give a name, or {{name: {{knob: value}}}}")
    elif name not in kinds:
        noun = place.partition(".")[2].partition("[")[0].removesuffix("s")  # dataset.transforms[0]: transform
        faults.append(f"{place}: there is no {noun} {name!r}{_nearest(name, kinds)}")
    else:
        faults.extend(_knob_faults(f"{place}.{name}", kinds[name], given))
        return Spec(name, {knob: given.get(knob) for knob in kinds[name]})
    return Spec("", {})


def _name_and_knobs(entry: Any) -> tuple[Any, Any]:
    if isinstance(entry, dict) and len(entry) == 1:
        ((name, given),) = entry.items()
        return name, {} if given is None else given
    return entry, {}


def _knob_faults(place: str, knobs: Mapping[str, Knob], given: dict[Any, Any]) -> list[str]:
    faults = [f"{place}: there is no knob {key!r}{_nearest(str(key), knobs)}" for key in given if key not in knobs]
    for name, knob in knobs.items():
        if name not in given and knob.required:
            faults.append(f"{place}.{name} is missing: give {knob.wants}")
        elif name in given and not knob.accepts(given[name]):
            faults.append(f"{place}.{name}={given[name]!r}: give {knob.wants}")
    return faults


def _nearest(name: str, choices: Mapping[str, Any]) -> str:
    close = get_close_matches(name, choices, n=1)
    guess = f"; did you mean {close[0]}?" if close else ";"
    return f"{guess} choices: {', '.join(choices) or 'none'}"


def read_augment(augment: Any) -> tuple[Spec, ...]:
    """The steps of a list such as ``[{flip: {horizontal: 0.5}}, {shift: {pixels: 2}}]``.

    Raises ConfigError with every fault.
    """
    return read_specs("dataset.augment", augment, AUGMENT_KNOBS)


def _is_angle(value: Any) -> bool:
    return is_number(value) and 0 < value <= 180


PROBABILITY = Knob(is_share, "a probability, 0..1", required=True)
PIXELS = Knob(is_count, "a whole number of at least 1", required=True)
AUGMENT_KNOBS: Kinds = {
    "flip": {"horizontal": PROBABILITY, "vertical": Knob(is_share, "a probability, 0..1", required=False)},
    "shift": {"pixels": PIXELS},
    "crop": {"padding": PIXELS},
    "rotation": {"degrees": Knob(_is_angle, "a number above 0, up to 180", required=True)},
    "erasing": {"probability": PROBABILITY, "size": Knob(is_size, "[height, width] in pixels", required=True)},
}


def read_transforms(transforms: Any) -> tuple[Spec, ...]:
    """The transforms of a list such as ``[{scale: {divisor: 255}}, normalise]``.

    Raises ConfigError with every fault.
    """
    return read_specs("dataset.transforms", transforms, TRANSFORM_KNOBS)


def _null_or_each(accepts: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A test for null, one value, or a list of values."""

    def test(value: Any) -> bool:
        return value is None or accepts(value) or (isinstance(value, list) and bool(value) and all(map(accepts, value)))

    return test


TRANSFORM_KNOBS: Kinds = {
    "scale": {"divisor": Knob(is_positive, "a number above 0", required=True)},
    "normalise": {
        "mean": Knob(_null_or_each(is_number), "a number, a list, or null: from the train rows", required=False),
        "std": Knob(_null_or_each(is_positive), "numbers above 0, or null: from the train rows", required=False),
    },
    "impute": {},
    "one_hot": {},
    "flatten": {},
    "resize": {"size": Knob(is_size, "[height, width] in pixels", required=True)},
    "grey": {},
    "colour": {},
    "pad": {"pixels": Knob(is_count, "a whole number of at least 1", required=True)},
}
