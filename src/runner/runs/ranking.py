"""Runs put in order: those that differ in nothing but seed and fold are one entry, with mean and deviation."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, stdev

from runner.config.catalog import PARTS
from runner.runs.saved_run import PastRun

REPEATED = ("seed", "fold")  # what an entry's runs may differ in
MOST_METRICS = 4


@dataclass(frozen=True)
class Score:
    """A metric over the runs of an entry; ``sd`` is the sample's, None for a single run."""

    mean: float
    sd: float | None


@dataclass(frozen=True)
class Entry:
    """Finished runs that are the same but for seed and fold; a repeat of one counts once, the newest."""

    runs: tuple[PastRun, ...]

    @property
    def settings(self) -> Mapping[str, str]:
        return self.runs[0].settings

    @property
    def repeats(self) -> str:
        """What the runs are: 5 seeds, 5 folds, 2 seeds x 5 folds; "" for a single run."""
        counts = {name: len({run.settings.get(name) for run in self.runs}) for name in REPEATED}
        return " x ".join(f"{count} {name}s" for name, count in counts.items() if count > 1)

    @cached_property
    def scores(self) -> dict[str, Score]:
        """Of every metric that all the runs have."""
        names = [name for name in self.runs[0].metrics if all(name in run.metrics for run in self.runs)]
        return {name: score([run.metrics[name] for run in self.runs]) for name in names}

    @property
    def is_folded(self) -> bool:
        """Whether its runs are the folds of one command."""
        return len({run.settings.get("fold") for run in self.runs}) > 1


@dataclass(frozen=True)
class Contest:
    """The entries that can be compared with each other: of one data set, by one metric, best first."""

    dataset: str
    metric: str
    higher_is_better: bool | None  # None where the runs do not say
    entries: tuple[Entry, ...]

    def best_run(self, entry: Entry) -> PastRun:
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


def contests(runs: Iterable[PastRun], metric: str | None = None) -> list[Contest]:
    """A contest for each data set and monitor (or ``metric``, where it was measured) among the finished runs.

    Runs that have two metrics of one name, of which one is better when high, are in two.
    """
    rivals: dict[tuple[str, str, bool | None], list[PastRun]] = defaultdict(list)
    for run in runs:
        chosen = metric or run.monitor
        if run.is_done and (metric is None or metric in run.metrics):
            rivals[dataset_of(run), chosen, run.is_higher_better(chosen)].append(run)
    return [Contest(*of_all, ranked(entries(group), *of_all[1:])) for of_all, group in rivals.items()]


def dataset_of(run: PastRun) -> str:
    """The option, and the file where it names one: csv prices.csv."""
    path = run.settings.get("dataset.path", "null")
    return run.settings["dataset"] if path == "null" else f"{run.settings['dataset']} {path}"


def entries(runs: Sequence[PastRun]) -> list[Entry]:
    """The runs, which come by their time, put together where only seed or fold differ."""
    groups: dict[tuple[tuple[str, str], ...], dict[tuple[str | None, ...], PastRun]] = defaultdict(dict)
    for run in runs:
        alike = tuple(sorted((name, value) for name, value in run.settings.items() if name not in REPEATED))
        groups[alike][tuple(run.settings.get(name) for name in REPEATED)] = run
    return [Entry(tuple(group.values())) for group in groups.values()]


def ranked(found: Iterable[Entry], metric: str, higher_is_better: bool | None) -> tuple[Entry, ...]:
    def place_of(entry: Entry) -> float:
        return place(entry.scores[metric].mean if metric in entry.scores else None, higher_is_better)

    return tuple(sorted(found, key=place_of))


def place(value: float | None, higher_is_better: bool | None) -> float:
    """What the values of a metric are sorted by: the best is the smallest, none and NaN are last.

    Where nobody says which end is better the largest comes first.
    """
    if value is None or math.isnan(value):
        return math.inf
    return value if higher_is_better is False else -value


def order(metric: str, higher_is_better: bool | None) -> str:
    """The order of a ranking in words: smallest val/loss first."""
    unsaid = " (which end is better is not said)" if higher_is_better is None else ""
    return f"{'smallest' if higher_is_better is False else 'largest'} {metric} first{unsaid}"


def score(values: Sequence[float]) -> Score:
    if len(values) == 1 or not all(map(math.isfinite, values)):
        return Score(sum(values) / len(values), None)
    return Score(fmean(values), stdev(values))


def differing(all_settings: Sequence[Mapping[str, str]], besides: Sequence[str] = REPEATED) -> list[str]:
    """The settings that are not the same everywhere, in their own order, ``besides`` left out.

    A knob that some options lack tells nothing that the option's name does not: it counts only where it differs among
    those that chose the same option.
    """
    names = dict.fromkeys(name for settings in all_settings for name in settings if name not in besides)
    return [name for name in names if _differs(name, all_settings)]


def _differs(name: str, all_settings: Sequence[Mapping[str, str]]) -> bool:
    group = name.partition(".")[0]
    if group == name or group not in PARTS:
        return len({settings.get(name) for settings in all_settings}) > 1
    values: dict[str | None, set[str | None]] = defaultdict(set)
    for settings in all_settings:
        values[settings.get(group)].add(settings.get(name))
    return any(len(found) > 1 for found in values.values())
