"""``optimizer.groups``: which weights have knobs of their own, and which have no weight decay."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from torch.optim import Optimizer

from runner.build.signature import parameter_names
from runner.errors import ConfigError

MOST_NAMES = 12  # weights that an error names


@dataclass(frozen=True)
class WeightGroup:
    """Weights of one optimizer that are trained alike."""

    names: tuple[str, ...]
    options: Mapping[str, Any]  # the knobs in which they differ from the optimizer's own
    label: str  # the pattern, where they have a learning rate of their own; else ""


def matched(groups: Sequence[Mapping[str, Any]], names: Collection[str]) -> dict[str, int]:
    """Weight name -> number of the first group whose pattern it fits. Raises ConfigError for a group without weights.

    A pattern is a whole name with * for any text, ? for a character and [ab] for one of several.
    """
    found: dict[str, int] = {}
    for number, group in enumerate(groups):
        fitting = [name for name in names if fnmatchcase(name, group["pattern"])]
        new = [name for name in fitting if name not in found]
        if not new:
            raise ConfigError(_without_weights(f"optimizer.groups[{number}]", group["pattern"], fitting, names))
        found |= dict.fromkeys(new, number)
    return found


def weight_groups(
    names: Sequence[str],
    kind: type[Optimizer],
    groups: Sequence[Mapping[str, Any]],
    found: Mapping[str, int],
    undecayed: Collection[str],
) -> tuple[WeightGroup, ...]:
    """``names``, the weights of an optimizer of ``kind``, as groups: first those that no pattern fits, then by pattern.

    ``undecayed`` weights have no weight decay unless their group gives them one.
    """
    by_options: dict[tuple[int, bool], list[str]] = {}
    for name in names:
        number = found.get(name, -1)
        spared = name in undecayed and (number < 0 or "weight_decay" not in groups[number])
        by_options.setdefault((number, spared), []).append(name)
    return tuple(
        _group(kind, number, spared, groups, tuple(members)) for (number, spared), members in sorted(by_options.items())
    )


def _group(
    kind: type[Optimizer], number: int, spared: bool, groups: Sequence[Mapping[str, Any]], names: tuple[str, ...]
) -> WeightGroup:
    own = dict(groups[number]) if number >= 0 else {}
    pattern = own.pop("pattern", "")
    for key in own:
        if key not in parameter_names(kind):
            raise ConfigError(
                f"optimizer.groups[{number}].{key}: {kind.__name__}, which trains {names[0]}, has no {key}; "
                f"give these weights a pattern of their own"
            )
    return WeightGroup(names, own | ({"weight_decay": 0.0} if spared else {}), pattern if "lr" in own else "")


def _without_weights(where: str, pattern: str, fitting: Sequence[str], names: Collection[str]) -> str:
    if fitting:
        return f"{where}.pattern={pattern}: {fitting[0]} and all else it fits belongs to a group before it"
    return f"{where}.pattern={pattern}: fits no weight; there are {', '.join(_some(names))}"


def _some(names: Collection[str]) -> Iterator[str]:
    yield from list(names)[:MOST_NAMES]
    if len(names) > MOST_NAMES:
        yield f"... {len(names) - MOST_NAMES} more"
