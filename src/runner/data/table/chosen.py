"""Which columns of a file are features, and what is said of all that nobody names."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runner.config.spelling import nearest
from runner.contracts import Column
from runner.data.table.cells import first_of
from runner.data.table.column_kinds import Kind
from runner.errors import ConfigError

if TYPE_CHECKING:
    from runner.data.table.table import Meaning

OTHERS = "*"  # in dataset.columns: the columns that it does not name
RANGE = re.compile(r"(-?\d+)?:(-?\d+)?")
MOST_NAMES = 20  # of the columns, in a message

Chosen = Sequence[str | int]  # names, places from 0 or from the end, and ranges of places: "0:3", "-4:"


def of_every_column(path: Path, meaning: Meaning, names: Sequence[str], apart: Collection[str]) -> Meaning:
    """The meaning with what it says of each column by its name; those ``apart`` are no features.

    Raises ConfigError where a feature is not there, or is both chosen and left out.
    """
    said = dict(meaning.columns)
    others = said.pop(OTHERS, None) if OTHERS not in names else None
    kept = set(names) if meaning.features is None else _features(path, meaning.features, names, apart)
    lost = [name for name in said if name in names and name not in {*kept, *apart} and said[name] != "ignored"]
    if lost:
        raise ConfigError(
            [f"dataset.columns.{name}: dataset.features leaves it out; name it there, too" for name in lost]
        )
    features = [name for name in names if name not in apart]
    columns: dict[str, Column | Kind] = {name: "ignored" for name in features if name not in kept}
    if others is not None:
        columns = {name: others for name in features} | columns
    return replace(meaning, columns={**columns, **said}, features=None)


def _features(path: Path, chosen: Chosen, names: Sequence[str], apart: Collection[str]) -> set[str]:
    found: set[str] = set()
    faults: list[str] = []
    for item in chosen:
        places = _places(item, names)
        if fault := _fault(path, item, [names[place] for place in places], names, apart):
            faults.append(fault)
        found |= {names[place] for place in places}
    if faults:
        raise ConfigError(faults)
    return found - set(apart)


def _places(item: str | int, names: Sequence[str]) -> Sequence[int]:
    """The places that an item stands for: a column of that name wins."""
    every = range(len(names))
    if str(item) in names:
        return [names.index(str(item))]
    if isinstance(item, int):
        return [every[item]] if -len(names) <= item < len(names) else []
    if whole := RANGE.fullmatch(item):
        return every[slice(*(None if end is None else int(end) for end in whole.groups()))]
    return []


def _fault(
    path: Path, item: str | int, found: Sequence[str], names: Sequence[str], apart: Collection[str]
) -> str | None:
    """What is wrong with an item that names no feature."""
    if set(found) - set(apart):
        return None
    if found:
        return f"dataset.features=[{item}]: {found[0]} is the target or dataset.split_column, no feature"
    if isinstance(item, int) or RANGE.fullmatch(item):
        places = f"0 to {len(names) - 1} or from the end -1 to -{len(names)}"
        return f"dataset.features=[{item}]: no column stands there; there are {len(names)}, {places}"
    meant = nearest(item, names)
    hint = f"; did you mean {meant}?" if meant else ""
    return f"dataset.features=[{item}]: {path} has no such column{hint}\n  it has {first_of(names, MOST_NAMES)}"
