"""What a line with ``search=`` asks for: a space to choose from, what repeats each trial, and the words of all jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from itertools import product
from typing import Any

from hydra.core.override_parser.types import Override

from runner.compose.hydra_bridge import interval_ends
from runner.config.catalog import GROUPS, PARTS, SEARCH, Catalog
from runner.config.part_types import EVERY_OPTION
from runner.config.run_config import Config, annotation_at
from runner.config.searching import MAY_CHANGE, Searching, searching
from runner.config.types import expected, faults, shown
from runner.errors import ConfigError
from runner.runs.ranking import REPEATED
from runner.search.halving import Rung, rungs, table
from runner.search.space import Choice, Dimension, Interval, Point, Space, described, space_of_fact
from runner.sweep.axes import axis, check_number, folds
from runner.sweep.line import GridJob, Line
from runner.text import short_names

MOST_VALUES = 10_000  # of a range, whose values are kept one by one
LOGARITHMIC = "log"
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
    space, repeats = _space(line), _repeats(line)
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


def _space(line: Line) -> Space:
    swept = {key: word for key, word in line.swept.items() if key not in REPEATED}
    found, wrong = dict[str, Dimension](), list(_misplaced(line))
    for key, word in sorted(swept.items(), key=lambda item: item[0] not in GROUPS):  # knobs depend on options
        try:
            found[key] = _dimension(word, line, found)
        except ConfigError as error:
            wrong += error.faults
    if not swept:
        example = "'optimizer.lr=tag(log,interval(1e-4,1e-1))'"
        wrong.append(f"search={line.method}: nothing to choose from; give a setting several values, as {example}")
    if wrong:
        raise ConfigError(wrong)
    only_with = {key: holder for key in line.of_the_jobs if (holder := _holder(key, found, line.catalog))}
    return Space({key: found[key] for key in line.swept if key in found}, only_with)


def _misplaced(line: Line) -> Iterator[str]:
    """What goes with the combinations of a grid alone."""
    for name in ("zip", "skip"):
        if getattr(line.settings, name):
            yield f"sweep.{name}: is for combinations, search=grid; you chose search={line.method}"
    if "folds" in line.swept:
        yield f"{_said(line.swept['folds'])}: a search compares trials of one number of folds; give one"
    for key in REPEATED:
        if key in line.swept and line.swept[key].is_interval_sweep():
            yield f"{_said(line.swept[key])}: repeats every trial, and is not searched; write it out: {key}=0,1,2"


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


def _said(word: Override) -> str:
    return str(word.input_line).lstrip("+")


def _dimension(word: Override, line: Line, options: Mapping[str, Dimension]) -> Dimension:
    """``options`` are the dimensions of groups. Raises ConfigError."""
    if word.is_interval_sweep():
        return _interval(word, _annotation(word.key_or_group, line, options))
    found = axis(word, line.catalog)
    if found.size > MOST_VALUES:
        raise ConfigError(f"{_said(word)}: {found.size:,} values are too many to list; write int(interval(low,high))")
    values = [value for (value,) in found.read().once().points]
    return Choice(tuple(v.word for v in values), tuple(v.text for v in values), bool(word.is_range_sweep()))


def _annotation(key: str, line: Line, options: Mapping[str, Dimension]) -> Any:
    """The type of a setting; of a knob that of the first option that has it."""
    holder = _holder(key, options, line.catalog)
    chosen = {group: dimension.text(0) for group, dimension in options.items() if isinstance(dimension, Choice)}
    return annotation_at(key, {**line.choices, **chosen, **({holder[0]: holder[1][0]} if holder else {})}, line.catalog)


def _interval(word: Override, annotation: Any) -> Interval:
    """Of whole numbers where the setting takes no others, or int(interval(...)) was said. Raises ConfigError."""
    key, said = word.key_or_group, _said(word)
    low, high, tags = interval_ends(word)

    def fits(value: float) -> bool:
        return annotation is None or not faults(value, annotation, key)

    if key in GROUPS or not any(map(fits, (low, high, 1, 0.5, -1))):
        what = "the name of an option" if key in GROUPS else expected(annotation)
        raise ConfigError(f"{said}: an interval is of numbers, and {key} takes {what}; write its values out: {key}=a,b")
    if not low < high:
        mended = f"{low:g}" if low == high else f"interval({high:g},{low:g})"
        raise ConfigError(f"{said}: holds nothing between its ends; write {key}={mended}")
    if others := tags - {LOGARITHMIC}:
        raise ConfigError(f"{said}: tag({min(others)},...) means nothing here; write tag(log,...) or no tag")
    if tags and low <= 0:
        raise ConfigError(f"{said}: a logarithm begins above 0; write tag(log,interval({high / 1000:g},{high:g}))")
    has_whole_ends = low == int(low) and high == int(high)
    is_whole = has_whole_ends and (isinstance(low, int) or (fits(int(low)) and not fits(low + 0.5)))
    if is_whole:
        low, high = int(low), int(high)
    return Interval(low, high, is_log=bool(tags), is_whole=is_whole)


def _holder(key: str, options: Mapping[str, Dimension], catalog: Catalog) -> tuple[str, tuple[str, ...]] | None:
    """(group, the options that have this knob) where some that may be chosen have it, and others do not."""
    group, _, knob = key.partition(".")
    chosen = options.get(group)
    if not knob or group not in PARTS or not isinstance(chosen, Choice) or knob in EVERY_OPTION.get(group, ()):
        return None
    names = {knob, knob.partition(".")[0]}
    owners = tuple(option for option in chosen.texts if names & catalog.knob_names(group, option))
    return (group, owners) if 0 < len(owners) < len(chosen.texts) else None


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
