"""Values as they are written between the brackets of a call."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from runner.config.catalog import Part
from runner.errors import ConfigError

WIDEST = 120  # columns of a line


def code(value: object) -> str:
    """A plain value as it is written in Python, words in double quotes."""
    if isinstance(value, list):
        return f"[{joined(*map(code, value))}]"
    is_plain = isinstance(value, str) and value.isprintable() and not set(value) & set('"\\')
    return f'"{value}"' if is_plain else repr(value)


def keywords(part: Part, kind: type, knobs: Mapping[str, Any]) -> str:
    """The knobs of torch's own that are not as torch has them. Raises ConfigError for values that are no plain ones."""
    defaults = {name: parameter.default for name, parameter in inspect.signature(kind).parameters.items()}
    told = {name: value for name, value in plain(knobs).items() if name in defaults}
    told = {name: value for name, value in told.items() if name == "lr" or defaults[name] != value}
    for name, value in told.items():
        if isinstance(value, Mapping):
            raise ConfigError(f"{part.group}.{name}={value}: a script can show numbers and words only; leave it out")
    return joined(*(f"{name}={code(value)}" for name, value in told.items()))


def plain(knobs: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as the tuples torch has."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in knobs.items()}


def joined(*words: str) -> str:
    return ", ".join(filter(None, words))
