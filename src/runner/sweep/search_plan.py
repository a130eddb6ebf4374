"""What a line with ``search=`` asks for: a space to choose from, what repeats each trial, and the words of all jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from itertools import product
from typing import Any

from runner.config.catalog import SEARCH
from runner.config.run_config import Config
from runner.config.searching import MAY_CHANGE, Searching, searching
from runner.config.types import shown
from runner.errors import ConfigError
from runner.runs.ranking import REPEATED
from runner.search.halving import Rung, rungs, table
from runner.search.space import Choice, Dimension, Interval, Point, Space, described, space_of_fact
from runner.sweep.axes import axis, check_number, folds
from runner.sweep.line import GridJob, Line
from runner.sweep.search_space import read_space
from runner.text import short_names

PACKAGES = {"tpe": ["optuna"], "cmaes": ["optuna", "cmaes"]}  # that runner[search] installs


@dataclass(frozen=True)
class SearchPlan:
    """A search as sweep.json keeps it."""

    searching: Searching
    space: Space
    repeats: tuple[Mapping[str, str], ...]  # seeds and folds of each trial: ({"seed": "0"}, {"seed": "1"})
    words: Mapping[str, str | None]  # of a job in their order, for Hydra, by setting; None: its trial says it
    epochs: int | None = None  # of every run; None where the data decides that

    @cached_property
    def rungs(self) -> list[Rung]:
        """Of ``search=halving``; [] of others."""
        settings = self.searching
        if settings.eta is None or settings.min_epochs is None or self.epochs is None:
            return []
        return rungs(settings.trials, self.epochs, settings.eta, settings.min_epochs)

    def job(self, point: Point, repeat: Mapping[str, str]) -> GridJob:
        """A job of the trial at ``point``."""
        own = {key: self.space.word(key, place) for key, place in point.items()}
        own |= {key: f"++{key}={text}" for key, text in repeat.items()}
        words = {key: own.get(key, word) for key, word in self.words.items() if self.space.has(key, point)}
        texts = {key: self.space.dimensions[key].text(place) for key, place in point.items()}
        return GridJob(tuple(word for word in words.values() if word), {**texts, **repeat})

    @property
    def most_at_a_time(self) -> int:
        """How many jobs may run beside each other."""
        return (self.searching.window or self.searching.trials) * len(self.repeats)

    def common(self) -> dict[str, str]:
        """What all jobs say, but for a knob that some have no use for."""
        lines = (word.lstrip("+").split("=", 1) for word in self.words.values() if word)
        return {key: text for key, text in lines if key not in self.repeats[0]}

    def own(self, settings: Mapping[str, str]) -> dict[str, str]:
        """What a job has for itself, by short names."""
        names = [*self.space.dimensions, *self.repeats[0]]
        short = short_names(names)
        return {short[name]: settings[name] for name in names if name in settings}

    def as_fact(self) -> dict[str, Any]:
        """As sweep.json has it."""
        settings = {"method": self.searching.method, **self.searching.knobs()}
        return {
            **settings,
            **self.space.as_fact(),
            "repeats": list(map(dict, self.repeats)),
            "words": dict(self.words),
            "epochs": self.epochs,
        }


def plan_of_fact(fact: Mapping[str, Any]) -> SearchPlan:
    """Raises KeyError where something of it is missing."""
    knobs = {name: value for name, value in fact.items() if name in Searching.__annotations__ and name != "method"}
    settings, space = searching(fact["method"], knobs), space_of_fact(fact)
    return SearchPlan(settings, space, tuple(fact["repeats"]), fact["words"], fact["epochs"])


def differences(held: SearchPlan, asked: SearchPlan) -> Iterator[str]:
    """In what a search differs from the one whose folder it would go into, setting by setting."""
    before, now = _settings(held), _settings(asked)
    for name in dict.fromkeys([*before, *now]):
        if before.get(name) != now.get(name):
            yield f"its search has {name}={before.get(name, 'nothing')}, this one {now.get(name, 'nothing')}"


def _settings(plan: SearchPlan) -> dict[str, str]:
    """All that a search says, as people read it, but for how long it goes on."""
    free = () if plan.rungs else MAY_CHANGE
    knobs = {name: value for name, value in plan.searching.knobs().items() if name not in free}
    repeats = {key: ",".join(dict.fromkeys(each[key] for each in plan.repeats)) for key in plan.repeats[0]}
    named = {f"{SEARCH}.{name}": shown(value) for name, value in knobs.items()}
    return {SEARCH: plan.searching.method, **named, **plan.common(), **described(plan.space), **repeats}


def search_plan(line: Line) -> SearchPlan:
    """Raises ConfigError with all that is wrong with the space."""
    settings = searching(line.method, line.data[SEARCH])
    check_installed(settings.method)
    space, repeats = read_space(line), _repeats(line)
    check_number(settings.trials * len(repeats), line.settings.max_jobs)
    fixed: dict[str, str | None] = dict(line.fixed)
    return SearchPlan(settings, space, repeats, {key: fixed.get(key) for key in [*line.of_the_jobs, "fold"]})


def check_installed(method: str) -> None:
    """Raises ConfigError where a package is missing."""
    missing = [name for name in PACKAGES.get(method, ()) if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"search={method}: needs {' and '.join(missing)}; pip install 'runner[search]'\n"
            "  search=random, search=qmc and search=halving do without"
        )


def plan_for(plan: SearchPlan, configs: Sequence[Config]) -> SearchPlan:
    """The plan with the epochs of its runs, of which these are some. Raises ConfigError where they do not suit it."""
    lengths = {config.epochs for config in configs}
    epochs = lengths.pop() if len(lengths) == 1 else None
    known = replace(plan, epochs=epochs if isinstance(epochs, int) else None)
    if faults := list(_length_faults(known)):
        raise ConfigError(faults)
    return known


def _length_faults(plan: SearchPlan) -> Iterator[str]:
    settings = plan.searching
    needs = f"search.pruning={settings.pruning}" if settings.pruning else f"search={settings.method}"
    if settings.pruning and len(plan.repeats) > 1:
        yield f"{needs}: ends single runs, and each trial has several; take one value of {', '.join(plan.repeats[0])}"
    if (settings.pruning or settings.eta) and plan.epochs is None:
        yield f"{needs}: compares runs at equal epochs of one length; say how long they are, as epochs=27"
    elif settings.eta and settings.min_epochs and settings.trials < settings.eta:
        yield f"search.trials={settings.trials}: one of search.eta={settings.eta} goes on; take {settings.eta} or more"
    elif settings.eta and settings.min_epochs and len(plan.rungs) == 1:
        least = settings.eta * settings.min_epochs
        yield f"epochs={plan.epochs}: too few for two rungs of search=halving; take epochs={least} or more"


def introduced(plan: SearchPlan) -> list[tuple[str, list[str]]]:
    """(label, cells) of each line on what is searched and how."""
    knobs = [f"{name} {value}" for name, value in plan.searching.knobs().items()]
    holders = {key: f" (with {group}={','.join(options)})" for key, (group, options) in plan.space.only_with.items()}
    space = [f"{key} {text}{holders.get(key, '')}" for key, text in described(plan.space).items()]
    lines = [("search", [plan.searching.method, *knobs]), ("space", space), *(("", [note]) for note in _notes(plan))]
    if plan.rungs:
        first, *others = table(plan.rungs)
        lines += [("rungs", [first]), *(("", [line]) for line in others)]
    return lines


def _notes(plan: SearchPlan) -> Iterator[str]:
    """What a search cannot do as it was asked for, and does otherwise."""
    trials, startup_trials = plan.searching.trials, plan.searching.startup_trials
    if startup_trials is not None and startup_trials >= trials:
        yield f"all {trials} trials are drawn at random: the first search.startup_trials={startup_trials} are"
    if (size := plan.space.size()) < trials:
        yield f"there are {size:.0f} different settings at most; search=grid trains each of them once"
    dimensions, only_with = plan.space.dimensions.items(), plan.space.only_with
    options = [key for key, each in dimensions if key in only_with or (isinstance(each, Choice) and not each.is_range)]
    if plan.searching.method == "cmaes" and options:
        yield f"{', '.join(options)}: drawn at random, for cmaes adapts numbers that all trials have"


def _repeats(line: Line) -> tuple[Mapping[str, str], ...]:
    """What differs between the jobs of a trial: its seeds and its folds."""
    axes = {key: axis(word, line.catalog).read() for key, word in line.swept.items() if key in REPEATED}
    count = line.data.get("folds")
    if line.is_each_fold and isinstance(count, int) and count > 0:
        axes["fold"] = folds(count)
    texts = ([value.text for (value,) in each.once().points] for each in axes.values())
    return tuple(dict(zip(axes, values, strict=True)) for values in product(*texts))


def probes(plan: SearchPlan) -> Iterator[GridJob]:
    """Jobs in which every value of every dimension stands, of an interval its ends, and every seed and fold."""
    points = [_probe(plan.space, {})]
    for key, dimension in plan.space.dimensions.items():
        points += (_probe(plan.space, {key: place}) for place in _outermost(dimension))
    repeated = [(points[0], repeat) for repeat in plan.repeats]
    jobs = [plan.job(*each) for each in [*repeated, *((point, plan.repeats[0]) for point in points[1:])]]
    yield from {job.overrides: job for job in jobs}.values()


def _probe(space: Space, wanted: Point) -> Point:
    """The first of all values but the ``wanted``, with an option that has them."""
    for group, options in (space.only_with[key] for key in wanted if key in space.only_with):
        dimension = space.dimensions[group]
        assert isinstance(dimension, Choice)
        wanted = {**wanted, group: dimension.texts.index(options[0])}
    return space.point(lambda key, dimension: wanted.get(key, _outermost(dimension)[0]))


def _outermost(dimension: Dimension) -> Sequence[float]:
    return (dimension.low, dimension.high) if isinstance(dimension, Interval) else range(len(dimension.texts))
