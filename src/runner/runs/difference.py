"""Two runs beside each other: the settings and circumstances in which they differ, and every metric of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.runs.ranking import differing
from runner.runs.saved_run import PastRun

CIRCUMSTANCES = ("status", "device", "threads", "seconds", "data.digest", "git.commit", "versions")
ABSENT = "-"


@dataclass(frozen=True)
class Difference:
    """(name, left, right) of what differs; metrics all, as numbers or None, in their own order."""

    settings: tuple[tuple[str, str, str], ...]
    circumstances: tuple[tuple[str, str, str], ...]
    metrics: tuple[tuple[str, float | None, float | None], ...]


def difference(left: PastRun, right: PastRun) -> Difference:
    names = dict.fromkeys([*left.metrics, *right.metrics])
    left_told, right_told = circumstances(left), circumstances(right)
    return Difference(
        settings=_sides(left.settings, right.settings, differing([left.settings, right.settings], besides=())),
        circumstances=_sides(left_told, right_told, differing([left_told, right_told], besides=())),
        metrics=tuple((name, left.metrics.get(name), right.metrics.get(name)) for name in names),
    )


def _sides(left: Mapping[str, str], right: Mapping[str, str], names: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    return tuple((name, left.get(name, ABSENT), right.get(name, ABSENT)) for name in names)


def circumstances(run: PastRun) -> dict[str, str]:
    """Where, with what and on which data the run was made."""
    found: dict[str, str] = {}
    for name in CIRCUMSTANCES:
        value: Any = run.summary
        for key in name.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, Mapping):
            found |= {f"{name}.{key}": str(item) for key, item in value.items()}
        elif value is not None:
            found[name] = str(value)[:12] if name in ("data.digest", "git.commit") else str(value)
    return found
