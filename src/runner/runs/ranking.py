"""Runs compared: read, put in order (those that differ but in seed and fold are one entry), two beside each other."""

from __future__ import annotations

import math
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from runner.config.catalog import PARTS, Catalog, conf_folders
from runner.config.usual import is_usual
from runner.errors import DataError
from runner.runs.directory import RunDirectory, is_sweep
from runner.runs.saved_run import FORMATS, SavedRun
from runner.text import counted, figure

REPEATED = ("seed", "fold")  # what an entry's runs may differ in
MOST_METRICS = 4
DIVERGED = 1e12  # the digits of so large a loss say nothing; those of a price in the millions do
NEEDED = ("dataset", "model", "optimizer")  # parts that no run is without

CIRCUMSTANCES = ("status", "device", "threads", "seconds", "data.digest", "git.commit", "versions")
ABSENT = "-"


@dataclass(frozen=True)
class Score:
    """A metric over the runs of an entry; ``sd`` is the sample's, None for a single run."""

    mean: float
    sd: float | None

    def __str__(self) -> str:
        text = figure if self.mean < DIVERGED else "{:.1e}".format
        if self.sd is None:
            return text(self.mean)
        digits = f"{self.sd:.4f}"  # as many as the mean has, where they say something: 0.0008, not 8.127e-04
        is_said = self.sd < 1e-3 <= abs(self.mean) and float(digits) > 0
        return f"{text(self.mean)} ± {digits if is_said else text(self.sd)}"


@dataclass(frozen=True)
class Entry:
    """Finished runs that are the same but for seed and fold; a repeat of one counts once, the newest."""

    runs: tuple[SavedRun, ...]

    @property
    def settings(self) -> Mapping[str, str]:
        return self.runs[0].settings

    @cached_property
    def by_repeat(self) -> dict[tuple[str | None, ...], SavedRun]:
        """Each run by its seed and its fold."""
        return {tuple(run.settings.get(name) for name in REPEATED): run for run in self.runs}

    @property
    def repeats(self) -> str:
        return repeated(self.by_repeat)

    @cached_property
    def scores(self) -> dict[str, Score]:
        """Of every metric that all the runs have."""
        names = [name for name in self.runs[0].metrics if all(name in run.metrics for run in self.runs)]
        return {name: score([run.metrics[name] for run in self.runs]) for name in names}

    def mean(self, metric: str) -> float | None:
        return self.scores[metric].mean if metric in self.scores else None

    @property
    def is_folded(self) -> bool:
        """Whether its runs are the folds of one command."""
        return len({run.settings.get("fold") for run in self.runs}) > 1


def repeated(keys: Collection[tuple[str | None, ...]]) -> str:
    """What (seed, fold), ... are: 5 seeds, 5 folds, 2 seeds x 5 folds, 9 runs where one of these lacks; "" for one."""
    counts = [len(set(values)) for values in zip(*keys, strict=True)]
    if math.prod(counts) != len(keys):
        return counted(len(keys), "run")
    return " x ".join(f"{count} {name}s" for name, count in zip(REPEATED, counts, strict=True) if count > 1)


@dataclass(frozen=True)
class Contest:
    """The entries that can be compared with each other: of one data set, by one metric, best first."""

    dataset: str
    metric: str
    higher_is_better: bool | None  # None where the runs do not say
    entries: tuple[Entry, ...]

    def best_run(self, entry: Entry) -> SavedRun:
        return min(entry.runs, key=lambda run: place(run.metrics.get(self.metric), self.higher_is_better))

    @cached_property
    def settings(self) -> list[str]:
        """The settings in which the entries differ."""
        return differing([entry.settings for entry in self.entries])

    @cached_property
    def metrics(self) -> list[str]:
        """The metric, the same on other rows, then what else was measured on rows not trained on: four at most."""
        names = dict.fromkeys(name for entry in self.entries for name in entry.scores)
        held_out = [name for name in names if name.startswith(("val/", "test/")) and name != self.metric]
        own, loss = self.metric.rpartition("/")[2], "loss"
        held_out.sort(key=lambda name: (name.rpartition("/")[2] != own, name.rpartition("/")[2] == loss))
        return [self.metric, *held_out][:MOST_METRICS]


def contests(runs: Iterable[SavedRun], metric: str | None = None) -> list[Contest]:
    """A contest for each data set and monitor (or ``metric``, where it was measured) among the finished runs.

    Runs that have two metrics of one name, of which one is better when high, are in two.
    """
    rivals: dict[tuple[str, str, bool | None], list[SavedRun]] = defaultdict(list)
    for run in runs:
        chosen = metric or run.monitor
        if run.is_done and (metric is None or metric in run.metrics):
            rivals[dataset_of(run), chosen, run.is_higher_better(chosen)].append(run)
    return [Contest(*of_all, tuple(entries(group, *of_all[1:]))) for of_all, group in rivals.items()]


def dataset_of(run: SavedRun) -> str:
    """The option, and the file where it names one: csv prices.csv."""
    path = run.settings.get("dataset.path", "null")
    return run.settings["dataset"] if path == "null" else f"{run.settings['dataset']} {path}"


def entries(runs: Sequence[SavedRun], metric: str, higher_is_better: bool | None) -> list[Entry]:
    """The runs, which come by their time, put together where only seed or fold differ; best first.

    Equal ones are in the order of their folders, so that jobs side by side end in no other order than one by one.
    """
    groups: dict[tuple[tuple[str, str], ...], dict[tuple[str | None, ...], SavedRun]] = defaultdict(dict)
    for run in runs:
        alike = tuple(sorted((name, value) for name, value in run.settings.items() if name not in REPEATED))
        groups[alike][tuple(run.settings.get(name) for name in REPEATED)] = run
    found = [Entry(tuple(sorted(group.values(), key=lambda run: run.path))) for group in groups.values()]
    return sorted(found, key=lambda entry: (place(entry.mean(metric), higher_is_better), entry.runs[0].path))


def place(value: float | None, higher_is_better: bool | None) -> float:
    """What the values of a metric are sorted by: the best is the smallest, none and NaN are last.

    Where nobody says which end is better the largest comes first.
    """
    if value is None or math.isnan(value):
        return math.inf
    return value if higher_is_better is False else -value


def order(metric: str, higher_is_better: bool | None) -> str:
    """The order of a ranking in words: smallest val/loss first."""
    unsaid = " (whether high or low is better is not known)" if higher_is_better is None else ""
    return f"{'smallest' if higher_is_better is False else 'largest'} {metric} first{unsaid}"


def score(values: Sequence[float]) -> Score:
    if len(values) == 1 or not all(map(math.isfinite, values)):
        return Score(sum(values) / len(values), None)
    return Score(fmean(values), stdev(values))


def differing(all_settings: Sequence[Mapping[str, str]], besides: Sequence[str] = REPEATED) -> list[str]:
    """The settings that are not the same everywhere, in their own order, ``besides`` left out.

    A knob that some options lack tells nothing that the option's name does not: it counts only where it differs among
    those that chose the same option. No more does what is everywhere as the model brings it along.
    """
    catalog = Catalog(conf_folders())
    names = dict.fromkeys(name for settings in all_settings for name in settings if name not in besides)
    apart = [name for name in names if _differs(name, all_settings)]
    return [name for name in apart if not all(is_usual(catalog, settings, name) for settings in all_settings)]


def _differs(name: str, all_settings: Sequence[Mapping[str, str]]) -> bool:
    group = name.partition(".")[0]
    if group == name or group not in PARTS:
        return len({settings.get(name) for settings in all_settings}) > 1
    values: dict[str | None, set[str | None]] = defaultdict(set)
    for settings in all_settings:
        values[settings.get(group)].add(settings.get(name))
    return any(len(found) > 1 for found in values.values())


def read_runs(folders: Iterable[Path]) -> tuple[list[SavedRun], list[str]]:
    """Every run in or below ``folders``, each once, by the time it was started; and a line for each that is left out.

    Where a run is made of folds, the folds are its runs.
    """
    runs: list[SavedRun] = []
    left_out: list[str] = []
    for path in dict.fromkeys(path.resolve() for folder in folders for path in run_paths(folder)):
        try:
            runs.append(read_run(path))
        except DataError as fault:
            told = str(fault).partition("\n")[0]
            left_out.append(told if str(path) in told else f"{path}: {told}")
    return sorted(runs, key=lambda run: (run.started, str(run.path))), left_out


def run_paths(folder: Path, *, of_jobs: bool = True) -> Iterator[Path]:
    """The run directories in and below ``folder``: what holds a summary.json or config.yaml, or the folds in it.

    A sweep is none, whose jobs are; or it stands in their place.
    """
    if (is_whole := is_sweep(Path(folder))) and not of_jobs:
        yield Path(folder)
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return  # not ours to read
    inner = [entry for entry in entries if not entry.name.startswith(".") and is_folder(entry)]
    if is_whole or not any(entry.name in ("summary.json", "config.yaml") for entry in entries):
        below = inner
    elif not (below := [entry for entry in inner if entry.name.startswith("fold-")]):
        yield Path(folder)
    for entry in below:
        yield from run_paths(Path(entry.path), of_jobs=of_jobs)


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one: to one that it lies in it would lead round and round."""
    if not entry.is_symlink():
        return entry.is_dir()
    above = Path(entry.path).absolute().parents
    return os.path.isdir(entry) and Path(entry.path).resolve() not in map(Path.resolve, above)


def read_run(path: Path) -> SavedRun:
    """The run in ``path``. Raises DataError saying what is missing or wrong."""
    run = SavedRun(RunDirectory(path))
    if not run.directory.summary.exists():
        raise DataError(run.no_summary)
    if not isinstance(run.results.get("status"), str):
        raise DataError(f"{path}: its summary.json is not one of this program")
    if (found := run.results.get("format")) not in FORMATS:
        raise DataError(f"{path}: format {found}, this version reads format {FORMATS[-1]}")
    try:
        _ = run.metrics, run.settings, run.monitor
        check_parts(run.plain_config)
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        told = f"{type(fault).__name__} in config or best: {fault}"
        raise DataError(f"{run.directory.summary}: damaged: {told}") from fault
    return run


def check_parts(config: Mapping[str, Any]) -> None:
    """Raises KeyError or TypeError where a config does not name its parts and say what their knobs are."""
    options = config["options"]
    for group, option in (*options.items(), *((needed, options[needed]) for needed in NEEDED)):
        named = {option: config[group]} if group != "metric" else {name: config[group][name] for name in option}
        if not all(isinstance(name, str) and isinstance(node, Mapping) for name, node in named.items()):
            raise TypeError(f"{group} is no part")


@dataclass(frozen=True)
class Difference:
    """(name, left, right) of what differs; metrics all, as numbers or None, in their own order."""

    settings: tuple[tuple[str, str, str], ...]
    circumstances: tuple[tuple[str, str, str], ...]
    metrics: tuple[tuple[str, float | None, float | None], ...]


def difference(left: SavedRun, right: SavedRun) -> Difference:
    names = dict.fromkeys([*left.metrics, *right.metrics])
    return Difference(
        settings=_sides(left.settings, right.settings),
        circumstances=_sides(circumstances(left), circumstances(right)),
        metrics=tuple((name, left.metrics.get(name), right.metrics.get(name)) for name in names),
    )


def _sides(left: Mapping[str, str], right: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    names = differing([left, right], besides=())
    return tuple((name, left.get(name, ABSENT), right.get(name, ABSENT)) for name in names)


def circumstances(run: SavedRun) -> dict[str, str]:
    """Where, with what and on which data the run was made."""
    found: dict[str, str] = {}
    for name in CIRCUMSTANCES:
        value: Any = {**run.summary, "status": run.standing}
        for key in name.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, Mapping):
            found |= {f"{name}.{key}": str(item) for key, item in value.items()}
        elif value is not None:
            found[name] = str(value)[:12] if name in ("data.digest", "git.commit") else str(value)
    return found
