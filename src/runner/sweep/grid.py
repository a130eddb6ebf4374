"""What the words of ``train -m`` ask for: the jobs, counted before they are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, product
from math import prod
from typing import Any

from hydra.core.override_parser.types import Override

from runner.compose.command import quoted
from runner.compose.composition import compose, is_of_a_sweep, outline
from runner.compose.hydra_bridge import Trees
from runner.compose.request import Request, parsed, readable
from runner.config.catalog import Catalog, conf_folders
from runner.config.run_config import setting_types
from runner.config.setting_faults import setting_faults, unknown_settings
from runner.config.sweeping import Sweeping
from runner.errors import ConfigError
from runner.sweep.axes import Axis, Value, axis, folds, with_folds, zipped
from runner.sweep.skip import Skip

SKIP = "sweep.skip"
MOST_TRIED = 100_000  # combinations that are looked at one by one


@dataclass(frozen=True)
class GridJob:
    """One combination."""

    overrides: tuple[str, ...]  # all of them, for Hydra: ++optimizer.lr=0.1
    swept: Mapping[str, str]  # of what is swept alone, for people: {"optimizer.lr": "0.1", "model": "mlp"}


@dataclass(frozen=True)
class Grid:
    """The jobs of a sweep in their order, and how the sweep is run."""

    jobs: tuple[GridJob, ...]
    num_skipped: int
    settings: Sweeping


def grid(request: Request, trees: Trees | None = None) -> Grid:
    """The jobs that a line asks for. Raises ConfigError with what is wrong with the line, and with its first job."""
    line = _Line(request, trees or Trees(Catalog(conf_folders(request.flags.config_dir))))
    try:
        line.check()
        return line.grid()
    except ConfigError as error:
        raise ConfigError(list(dict.fromkeys([*error.faults, *line.faults_of_the_first_job()]))) from error


def _check_number(count: int, most: int) -> None:
    if count > most:
        raise ConfigError(
            f"{count:,} jobs: more than sweep.max_jobs={most}; to run them all add sweep.max_jobs={count}"
        )


class _Line:
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
        if found := [*self.faults, *map(_one_for_all, whole), *faults]:
            raise ConfigError(found)

    @cached_property
    def settings(self) -> Sweeping:
        return Sweeping(**self.data["sweep"])

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

    @cached_property
    def data(self) -> dict[str, Any]:
        """What all jobs share comes to."""
        own = [str(word.input_line) for word in self.of_the_sweep if not word.is_sweep_override()]
        return self._outline(own)[0]

    def _outline(self, words: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        return outline(self.request.with_overrides([*self.hydra, *self.fixed.values(), *words]), self.trees)

    def grid(self) -> Grid:
        """Counted before they are made, and after what is left out where that can be counted. Raises ConfigError."""
        axes, settings = self.axes(), self.settings
        count = prod(axis.size for axis in axes)
        self._check_affordable(count)
        keys = [key for axis in axes for key in axis.keys]
        points = product(*(axis.points for axis in axes))
        combinations = (dict(zip(keys, chain(*point), strict=True)) for point in points)
        if settings.skip is None:
            _check_number(count, settings.max_jobs)
            found = list(combinations)
        else:
            leaves_out = Skip(settings.skip, axes, self.catalog, self._outline)
            found = [values for values in combinations if not leaves_out(values)]
        if not found:
            raise ConfigError(f"sweep.skip={settings.skip}: leaves out all {count:,} jobs; check what it compares")
        self.first = found[0]
        _check_number(len(found), settings.max_jobs)
        return Grid(tuple(map(self.job, found)), count - len(found), settings)

    def axes(self) -> list[Axis]:
        """What is swept over, in the order of the line. Raises ConfigError."""
        found = self._swept()
        self._check_affordable(_number(found, self.settings.zip))
        found = [axis.once() for axis in zipped([axis.read() for axis in found], self.settings.zip)]
        if not (self.is_each_fold and "folds" in self.swept):
            return found
        found = with_folds(found)
        self._check_affordable(prod(axis.size for axis in found))
        return [axis.read() for axis in found]

    def _check_affordable(self, count: int) -> None:
        """Before they are read: what is left out of so many is not looked for."""
        if count > MOST_TRIED:
            _check_number(count, self.settings.max_jobs)

    def _swept(self) -> list[Axis]:
        """The values of each setting, still to be read."""
        found, faults = dict[str, Axis](), list[str]()
        count = self.data.get("folds") if self.is_each_fold and "folds" not in self.swept else None
        for key in [*self.of_the_jobs, "fold"]:
            try:
                if key in self.swept:
                    found[key] = axis(self.swept[key], self.catalog)
                elif key == "fold" and isinstance(count, int) and count > 0:
                    found.setdefault(key, folds(count))
            except ConfigError as error:
                faults += error.faults
        if faults:
            raise ConfigError(faults)
        return list(found.values())

    def job(self, values: Mapping[str, Value]) -> GridJob:
        """Its words in the order of the line."""
        words = {**self.of_the_jobs, **values}
        overrides = [values[key].word if key in values else self.fixed[key] for key in words]
        return GridJob((*self.hydra, *overrides), {key: values[key].text for key in words if key in values})

    def faults_of_the_first_job(self) -> tuple[str, ...]:
        """Those of the first combination, as far as that can be told."""
        words = self.job(self.first).overrides if self.first else self._first_words()
        try:
            compose(self.request.with_overrides(words), 0, self.trees)
        except ConfigError as error:
            return error.faults
        return ()

    def _first_words(self) -> list[str]:
        words = [*self.hydra, *self.fixed.values()]
        for word in self.swept.values():
            with suppress(ConfigError):
                words.append(next(iter(axis(word, self.catalog).points))[0].word)
        return words


def _whole(word: str) -> str:
    """A condition is one text for Hydra's grammar, whatever is in it."""
    key, _, value = word.partition("=")
    return f"{key}={quoted(value)}" if key.lstrip("+") == SKIP and value not in ("", "null") else word


def _folds(line: str) -> str:
    """``fold=0,all`` is all of them."""
    key, _, value = line.partition("=")
    return f"{key}=all" if key.lstrip("+") == "fold" and "all" in value.split(",") else line


def _number(axes: Sequence[Axis], zipped: Sequence[str]) -> int:
    """Of combinations, where the zipped lists are of one length."""
    together = [axis.size for axis in axes if axis.keys[0] in zipped]
    return prod(axis.size for axis in axes if axis.keys[0] not in zipped) * max(together, default=1)


def _one_for_all(word: Override) -> str:
    said = str(word.input_line).lstrip("+")
    key, _, value = said.partition("=")
    if key == "sweep.zip":
        return f"{said}: write a list in brackets: sweep.zip=[{value}]"
    where = "; sweep.dir sets where a sweep goes" if key == "output_dir" else ""
    return f"{said}: holds for all jobs; it takes one value{where}"
