"""Values that ${...} looked up: from the environment all come as text, and are numbers where numbers are wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runner.config.types import faults
from runner.config.yaml_file import spelled


class LookedUp(str):
    """A text that ${...} gave."""


def as_typed(value: Any, annotation: Callable[[str], Any], where: str = "") -> Any:
    """The value, in it each text that was looked up as what its setting or knob takes: the number 2 for '2'.

    ``annotation`` gives the type by dotted name, None where the name is unknown or holds others. Where text is taken,
    or it spells nothing that is, it stays text.
    """
    wanted = annotation(where)
    if isinstance(value, Mapping) and wanted is None:
        return {key: as_typed(item, annotation, f"{where}.{key}" if where else key) for key, item in value.items()}
    text, meant = _each(value, str), _each(value, spelled)
    if text == meant or wanted is None:
        return text
    return meant if faults(text, wanted, where) and not faults(meant, wanted, where) else text


def _each(value: Any, read: Callable[[str], Any]) -> Any:
    """The value with each text that was looked up read."""
    if isinstance(value, Mapping):
        return {key: _each(item, read) for key, item in value.items()}
    if isinstance(value, list):
        return [_each(item, read) for item in value]
    return read(str(value)) if isinstance(value, LookedUp) else value  # libyaml takes no other kind of text
