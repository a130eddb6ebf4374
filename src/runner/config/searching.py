"""The settings of a search: how ``train -m`` chooses values. The options of ``conf/search`` share these knobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_type_hints

from runner.config.catalog import SEARCH, Catalog
from runner.config.part_types import Count, NotNegativeInt, Positive
from runner.config.types import Range, faults
from runner.config.validate import Unresolved, unknown_knob

GRID = "grid"


@dataclass(frozen=True)
class Searching:
    """What one option of ``conf/search`` says; a knob that it does not have is None."""

    method: str  # the option
    trials: Count
    seed: Annotated[int, Range(low=0, high=2**32 - 1)]
    max_seconds: Positive | None
    window: Count | None
    startup_trials: NotNegativeInt | None

    def knobs(self) -> dict[str, Any]:
        """Those that the option has, by name."""
        return {name: value for name, value in vars(self).items() if name != "method" and value is not None}


def searching(method: str, node: Mapping[str, Any]) -> Searching:
    """The settings of a search whose ``node`` of the composed tree has no faults."""
    absent = dict.fromkeys(get_type_hints(Searching))
    return Searching(**{**absent, **node, "method": method})


def search_faults(method: str, node: Any, catalog: Catalog) -> Iterator[str]:
    """What is wrong with the knobs of a search, whose option is one of the catalog's."""
    types, option = get_type_hints(Searching, include_extras=True), catalog.option(SEARCH, method)
    for name, value in (node if isinstance(node, Mapping) else {}).items():
        if name not in option.knobs or name not in types:
            yield unknown_knob(SEARCH, f"{SEARCH}.{name}", name, value, option, catalog)
        elif not isinstance(value, Unresolved):
            yield from faults(value, types[name], f"{SEARCH}.{name}")
