"""What the words of ``train -m`` ask for: the jobs, counted before they are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, product
from math import prod

from runner.compose.composition import compose
from runner.compose.hydra_bridge import Trees
from runner.compose.request import Request
from runner.config.catalog import Catalog, conf_folders
from runner.config.clustering import Cluster
from runner.config.searching import GRID
from runner.config.sweeping import Sweeping
from runner.errors import ConfigError
from runner.sweep.axes import Axis, axis, check_number, folds, with_folds, zipped
from runner.sweep.line import GridJob, Line
from runner.sweep.search_plan import SearchPlan, probes, search_plan
from runner.sweep.skip import Skip

MOST_TRIED = 100_000  # combinations that are looked at one by one


@dataclass(frozen=True)
class Grid:
    """The jobs of a sweep in their order, and how the sweep is run; of a search some that show what is wrong with it.

    Those are as few as hold every value and both ends of every interval.
    """

    jobs: tuple[GridJob, ...]
    num_skipped: int
    settings: Sweeping
    cluster: Cluster | None  # None: this machine
    search: SearchPlan | None = None


def grid(request: Request, trees: Trees | None = None) -> Grid:
    """The jobs that a line asks for. Raises ConfigError with what is wrong with the line, and with its first job."""
    line = Line(request, trees or Trees(Catalog(conf_folders(request.flags.config_dir))))
    try:
        line.check()
        return combined(line) if line.method == GRID else searched(line)
    except ConfigError as error:
        raise ConfigError(list(dict.fromkeys([*error.faults, *faults_of_the_first_job(line)]))) from error


def searched(line: Line) -> Grid:
    """Raises ConfigError where there is nothing to search, or a value is none."""
    search = search_plan(line)
    return Grid(tuple(probes(search)), 0, line.settings, line.cluster, search)


def combined(line: Line) -> Grid:
    """Counted before they are made, and after what is left out where that can be counted. Raises ConfigError."""
    axes, settings = axes_of(line), line.settings
    if not (axes or line.is_each_fold or settings.dir):  # into a folder one job more may be asked for
        advice = "give a setting several values, as optimizer.lr=0.1,0.01, or leave -m out"
        raise ConfigError(f"-m: nothing is varied; {advice}")
    count = prod(axis.size for axis in axes)
    check_affordable(count, settings)
    keys = [key for axis in axes for key in axis.keys]
    points = product(*(axis.points for axis in axes))
    combinations = (dict(zip(keys, chain(*point), strict=True)) for point in points)
    if settings.skip is None:
        check_number(count, settings.max_jobs)
        found = list(combinations)
    else:
        leaves_out = Skip(settings.skip, axes, line.catalog, line.outline)
        found = [values for values in combinations if not leaves_out(values)]
    if not found:
        raise ConfigError(f"sweep.skip={settings.skip}: leaves out all {count:,} jobs; check what it compares")
    line.first = found[0]
    check_number(len(found), settings.max_jobs)
    return Grid(tuple(map(line.job, found)), count - len(found), settings, line.cluster)


def axes_of(line: Line) -> list[Axis]:
    """What is swept over, in the order of the line. Raises ConfigError."""
    found = _swept(line)
    check_affordable(_number(found, line.settings.zip), line.settings)
    found = [axis.once() for axis in zipped([axis.read() for axis in found], line.settings.zip)]
    if not (line.is_each_fold and "folds" in line.swept):
        return found
    found = with_folds(found)
    check_affordable(prod(axis.size for axis in found), line.settings)
    return [axis.read() for axis in found]


def check_affordable(count: int, settings: Sweeping) -> None:
    """Before they are read: what is left out of so many is not looked for. Raises ConfigError."""
    if count > MOST_TRIED:
        check_number(count, settings.max_jobs)


def _swept(line: Line) -> list[Axis]:
    """The values of each setting, still to be read."""
    found, faults = dict[str, Axis](), list[str]()
    count = line.data.get("folds") if line.is_each_fold and "folds" not in line.swept else None
    for key in [*line.of_the_jobs, "fold"]:
        try:
            if key in line.swept:
                found[key] = axis(line.swept[key], line.catalog)
            elif key == "fold" and isinstance(count, int) and count > 0:
                found.setdefault(key, folds(count))
        except ConfigError as error:
            faults += error.faults
    if faults:
        raise ConfigError(faults)
    return list(found.values())


def faults_of_the_first_job(line: Line) -> tuple[str, ...]:
    """Those of the first combination, as far as that can be told."""
    words = line.job(line.first).overrides if line.first else tuple(_first_words(line))
    try:
        compose(line.request.with_overrides(words), 0, line.trees)
    except ConfigError as error:
        return error.faults
    return ()


def _first_words(line: Line) -> Iterator[str]:
    yield from (*line.hydra, *line.fixed.values())
    for word in line.swept.values():
        with suppress(ConfigError):
            yield next(iter(axis(word, line.catalog).points))[0].word


def _number(axes: Sequence[Axis], zipped: Sequence[str]) -> int:
    """Of combinations, where the zipped lists are of one length."""
    together = [axis.size for axis in axes if axis.keys[0] in zipped]
    return prod(axis.size for axis in axes if axis.keys[0] not in zipped) * max(together, default=1)
