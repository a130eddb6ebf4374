"""The settings of a search: how ``train -m`` chooses values. The options of ``conf/search`` share these knobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_type_hints

from runner.config.catalog import SEARCH, Catalog
from runner.config.part_types import Count, NotNegativeInt, Positive
from runner.config.types import Range, faults
from runner.config.validate import option_faults
from runner.errors import ConfigError

GRID = "grid"
MAY_CHANGE = ("trials", "max_seconds")  # of a search under way: how long it goes on


@dataclass(frozen=True)
class Searching:
    """What one option of ``conf/search`` says; a knob that it does not have is None."""

    method: str  # the option
    trials: Count
    seed: Annotated[int, Range(low=0, high=2**32 - 1)]
    max_seconds: Positive | None
    window: Count | None
    startup_trials: NotNegativeInt | None
    pruning: Literal["median", "hyperband"] | None
    eta: Annotated[int, Range(low=2)] | None
    min_epochs: Count | None

    def knobs(self) -> dict[str, Any]:
        """Those that the option has, by name."""
        return {name: value for name, value in vars(self).items() if name != "method" and value is not None}


def searching(method: str, node: Mapping[str, Any]) -> Searching:
    """The settings of a search whose ``node`` of the composed tree has no faults."""
    absent = dict.fromkeys(get_type_hints(Searching))
    return Searching(**{**absent, **node, "method": method})


def longer(plan: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The search of sweep.json with ``changes`` of how long it goes on, by name. Raises ConfigError with all faults."""
    types = get_type_hints(Searching, include_extras=True)
    found = [fault for name, value in changes.items() for fault in faults(value, types[name], f"{SEARCH}.{name}")]
    if "trials" in changes and plan["method"] == "halving":
        found.append(f"{SEARCH}.trials={changes['trials']}: the rungs of halving are made for {plan['trials']}")
    if found:
        raise ConfigError(found)
    return {**plan, **changes}


def search_faults(method: str, node: Any, catalog: Catalog) -> Iterator[str]:
    """What is wrong with the knobs of a search, whose option is one of the catalog's."""
    types, option = get_type_hints(Searching, include_extras=True), catalog.option(SEARCH, method)
    needed = {name for name, knob in option.knobs.items() if knob.default is not None}
    own = {name: _without_null(hint) if name in needed else hint for name, hint in types.items()}
    yield from option_faults(SEARCH, method, node, own, catalog)


def _without_null(annotation: Any) -> Any:
    """Of a union with None the other member: None is for options that lack the knob."""
    members = [member for member in get_args(annotation) if member is not NoneType]
    return members[0] if NoneType in get_args(annotation) else annotation
