"""The words of ``train -m``, each read and checked: those of the sweep, those of all jobs, and those that are swept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hydra.core.override_parser.types import Override

from runner.compose.command import quoted
from runner.compose.composition import outline
from runner.compose.hydra_bridge import Trees
from runner.compose.line import is_of_a_sweep
from runner.compose.request import Request, parsed, readable
from runner.config.catalog import CLUSTER, SEARCH
from runner.config.clustering import LOCAL, Cluster, cluster_faults, cluster_of
from runner.config.run_config import setting_types
from runner.config.searching import GRID, search_faults
from runner.config.setting_faults import setting_faults, unknown_settings
from runner.config.sweeping import Sweeping
from runner.errors import ConfigError
from runner.sweep.axes import Value

SKIP = "sweep.skip"


@dataclass(frozen=True)
class GridJob:
    """One combination."""

    overrides: tuple[str, ...]  # all of them, for Hydra: ++optimizer.lr=0.1
    swept: Mapping[str, str]  # of what is swept alone, for people: {"optimizer.lr": "0.1", "model": "mlp"}


class Line:
    """The words of a line: those of the sweep, those of all jobs, and those that are swept."""

    def __init__(self, request: Request, trees: Trees):
        self.request, self.trees = request, trees
        self.catalog = trees.catalog
        lines = readable(list(map(_whole, request.overrides)), self.catalog, multirun=True)
        self.faults = lines.faults
        self.hydra = [line for line in lines.overrides if line.startswith("hydra.")]
        found = [parsed(_folds(line), True) for line in lines.overrides if line not in self.hydra]
        words = {override.key_or_group: override for override in found if override}  # the last one of each key
        self.of_the_sweep = [word for key, word in words.items() if is_of_a_sweep(key)]
        self.first: Mapping[str, Value] = {}  # combination that is not left out
        self.of_the_jobs = {key: word for key, word in words.items() if not is_of_a_sweep(key)}

    def check(self) -> None:
        """Raises ConfigError where a word is wrong by itself."""
        whole = [word for word in self.of_the_sweep if word.is_sweep_override()]
        if (output_dir := self.of_the_jobs.get("output_dir")) and output_dir.is_sweep_override():
            whole.append(output_dir)
        own = {"sweep": self.data.get("sweep")}
        types = {name: hint for name, hint in setting_types().items() if is_of_a_sweep(name)}
        faults = [*setting_faults(own, types), *unknown_settings(own, types, {}, self.catalog)]
        faults += search_faults(self.method, self.data.get(SEARCH), self.catalog)
        faults += cluster_faults(self.choices.get(CLUSTER, LOCAL), self.data.get(CLUSTER) or {}, self.catalog)
        if found := [*self.faults, *map(_one_for_all, whole), *faults]:
            raise ConfigError(found)

    @cached_property
    def settings(self) -> Sweeping:
        return Sweeping(**self.data["sweep"])

    @property
    def cluster(self) -> Cluster | None:
        """Where the jobs run; None: on this machine."""
        return cluster_of(self.choices.get(CLUSTER, LOCAL), self.data.get(CLUSTER))

    @cached_property
    def swept(self) -> dict[str, Override]:
        return {key: word for key, word in self.of_the_jobs.items() if word.is_sweep_override()}

    @cached_property
    def is_each_fold(self) -> bool:
        return "fold" not in self.swept and bool(self.data.get("fold") == "all")

    @cached_property
    def fixed(self) -> dict[str, str]:
        """The words that all jobs share, by key."""
        words = {key: word for key, word in self.of_the_jobs.items() if not word.is_sweep_override()}
        return {key: f"{word.get_key_element()}={word.get_value_element_as_str()}" for key, word in words.items()}

    @property
    def data(self) -> dict[str, Any]:
        """What all jobs share comes to."""
        return self._composed[0]

    @property
    def choices(self) -> dict[str, Any]:
        """The option of each group that all jobs share."""
        return self._composed[1]

    @property
    def method(self) -> str:
        """How values are chosen: grid, or the name of a search."""
        return str(self.choices.get(SEARCH, GRID))

    @cached_property
    def _composed(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return self.outline([str(word.input_line) for word in self.of_the_sweep if not word.is_sweep_override()])

    def outline(self, words: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        return outline(self.request.with_overrides([*self.hydra, *self.fixed.values(), *words]), self.trees)

    def job(self, values: Mapping[str, Value]) -> GridJob:
        """Its words in the order of the line."""
        words = {**self.of_the_jobs, **values}
        overrides = [values[key].word if key in values else self.fixed[key] for key in words]
        return GridJob((*self.hydra, *overrides), {key: values[key].text for key in words if key in values})


def _whole(word: str) -> str:
    """A condition is one text for Hydra's grammar, whatever is in it."""
    key, _, value = word.partition("=")
    return f"{key}={quoted(value)}" if key.lstrip("+") == SKIP and value not in ("", "null") else word


def _folds(line: str) -> str:
    """``fold=0,all`` is all of them."""
    key, _, value = line.partition("=")
    return f"{key}=all" if key.lstrip("+") == "fold" and "all" in value.split(",") else line


def _one_for_all(word: Override) -> str:
    said = str(word.input_line).lstrip("+")
    key, _, value = said.partition("=")
    if key == "sweep.zip":
        return f"{said}: write a list in brackets: sweep.zip=[{value}]"
    where = "; sweep.dir sets where a sweep goes" if key == "output_dir" else ""
    return f"{said}: holds for all jobs; it takes one value{where}"
