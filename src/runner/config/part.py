"""What a chosen option is between the config and build: a checked description, no object yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Part:
    """A part as the config names it, checked, not yet built."""

    group: str  # dataset, model, ...
    option: str  # the file it came from: adam
    target: str | None  # dotted path of its class; None: to be chosen by the data (auto), or none at all
    knobs: Mapping[str, Any]  # its arguments, plain data
