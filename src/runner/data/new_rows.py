"""What came in to be predicted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from runner.contracts import Column
from runner.errors import DataError


@dataclass(frozen=True)
class Rows:
    """Some rows as the run's data set would give them, and what could not be made into one."""

    names: Sequence[str]  # n, what each row is called: a path, or table.csv:12
    x: Tensor  # [n, ...] raw
    faults: Sequence[str] = field(default_factory=tuple)  # one line each
    notes: Sequence[str] = field(default_factory=tuple)  # what a person should know of how they were read


def placed(names: Sequence[str], columns: Sequence[Column], where: str) -> Iterator[int]:
    """Where each of ``columns`` stands among ``names``. Raises DataError when one is missing or there twice."""
    places = {name: place for place, name in enumerate(names)}
    wanted = list(dict.fromkeys(column.in_file for column in columns))
    missing = [name for name in wanted if name not in places]
    if missing:
        raise DataError(f"{where}: lacks {', '.join(missing)}; it has {', '.join(names)}")
    if len(places) < len(names) and (twice := [name for name in wanted if names.count(name) > 1]):
        raise DataError(f"{where}: has {', '.join(twice)} twice; which one is meant?")
    return (places[column.in_file] for column in columns)
