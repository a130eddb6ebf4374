"""The list ``dataset.transforms`` as it may be written, checked without torch."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from runner.errors import ConfigError


@dataclass(frozen=True)
class TransformSpec:
    """One transform asked for, every knob of it with its value."""

    name: str
    knobs: Mapping[str, Any]


@dataclass(frozen=True)
class Knob:
    """What a knob takes. One that is not ``required`` is null where it is left out."""

    accepts: Callable[[Any], bool]
    wants: str
    required: bool


def read_specs(transforms: Any) -> tuple[TransformSpec, ...]:
    """The transforms of a list such as ``[{scale: {divisor: 255}}, normalise]``.

    Raises ConfigError with every fault.
    """
    if not isinstance(transforms, list):
        raise ConfigError(f"dataset.transforms={transforms!r}: give a list, [] for none")
    faults: list[str] = []
    specs = [_read_spec(f"dataset.transforms[{i}]", entry, faults) for i, entry in enumerate(transforms)]
    if faults:
        raise ConfigError(faults)
    return tuple(specs)


def _read_spec(place: str, entry: Any, faults: list[str]) -> TransformSpec:
    """The transform of one entry; what is wrong with it is added to ``faults``."""
    name, given = _name_and_knobs(entry)
    if not isinstance(name, str) or not isinstance(given, dict):
        faults.append(f"{place}={entry!r}: give a name, or {{name: {{knob: value}}}}")
    elif name not in KNOBS:
        faults.append(f"{place}: there is no transform {name!r}{_nearest(name, KNOBS)}")
    else:
        faults.extend(_knob_faults(f"{place}.{name}", KNOBS[name], given))
        return TransformSpec(name, {knob: given.get(knob) for knob in KNOBS[name]})
    return TransformSpec("", {})


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


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_positive(value: Any) -> bool:
    return _is_number(value) and value > 0


def _null_or_each(accepts: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A test for null, one value, or a list of values."""

    def test(value: Any) -> bool:
        return value is None or accepts(value) or (isinstance(value, list) and bool(value) and all(map(accepts, value)))

    return test


KNOBS: Mapping[str, Mapping[str, Knob]] = {
    "scale": {"divisor": Knob(_is_positive, "a number above 0", required=True)},
    "normalise": {
        "mean": Knob(_null_or_each(_is_number), "a number, a list, or null: from the train rows", required=False),
        "std": Knob(_null_or_each(_is_positive), "numbers above 0, or null: from the train rows", required=False),
    },
    "one_hot": {},
    "flatten": {},
}
