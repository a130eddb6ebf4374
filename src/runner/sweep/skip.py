"""Which combinations ``sweep.skip`` leaves out, told before any of them is composed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, get_args

from runner.config.catalog import GROUPS, PARTS, RECIPES, Catalog, unknown_option
from runner.config.condition import Condition
from runner.config.part_types import EVERY_OPTION
from runner.config.run_config import setting_types
from runner.config.setting_faults import meant_setting
from runner.config.spelling import nearest
from runner.config.validate import MISSING, Unresolved
from runner.errors import ConfigError
from runner.sweep.axes import Axis, Value

Outline = tuple[Mapping[str, Any], Mapping[str, Any]]  # data, choices


class Skip:
    """Whether a combination is left out. Raises ConfigError where the condition is none.

    ``outline`` gives what the words that all jobs share come to with a few more.
    """

    def __init__(self, text: str, axes: Sequence[Axis], catalog: Catalog, outline: Callable[[Sequence[str]], Outline]):
        self.text, self.catalog = text, catalog
        self.outline = cache(outline)
        self.swept = {key: _texts(axis, place) for axis in axes for place, key in enumerate(axis.keys)}
        self.words = {word for group in GROUPS for word in catalog.options(group)}
        self.words |= {text for texts in self.swept.values() for text in texts} | set(_literals())
        try:
            self.condition = Condition(text, self._name_fault, self.words.__contains__)
        except ValueError as error:
            raise ConfigError(f"sweep.skip={text}: {error}") from error
        if faults := list(self._option_faults()):
            raise ConfigError(faults)
        self.deciding = [key for key in self.swept if key in GROUPS or _is_of(key, self.condition.names)]
        self.known: dict[tuple[Value, ...], bool] = {}

    def __call__(self, values: Mapping[str, Value]) -> bool:
        """Whether the job with these values is left out. Raises ConfigError where that cannot be said."""
        own = {key: values[key] for key in self.deciding}
        combination = tuple(own.values())
        if combination not in self.known:
            try:
                self.known[combination] = self.condition(lambda name: self._value(name, own))
            except ValueError as error:
                raise ConfigError(f"sweep.skip={self.text}: {error}") from error
        return self.known[combination]

    def _value(self, name: str, values: Mapping[str, Value]) -> Any:
        """The job's own word for it, else what the words of all jobs and its options come to. Raises KeyError."""
        holders = (key for key in values if name == key or (key not in GROUPS and name.startswith(f"{key}.")))
        if holder := next(holders, None):
            return _inside(values[holder].plain, name[len(holder) + 1 :])
        group = name.partition(".")[0]
        choosing = {*RECIPES, group, *(["dataset"] if group == "model" else [])} & set(GROUPS)
        data, choices = self._outline(tuple(value.word for key, value in values.items() if key in choosing))
        return choices[name] if name in GROUPS else _inside(data, name)

    def _outline(self, words: tuple[str, ...]) -> Outline:
        with suppress(ConfigError):
            return self.outline(words)
        return {}, {}  # it cannot be composed: the check of the jobs says so

    def _name_fault(self, name: str) -> str | None:
        group, _, knob = name.partition(".")
        types = {known: hint for known, hint in setting_types().items() if not known.startswith("sweep.")}
        if name in types or name in GROUPS or name in self.swept:
            return None
        if group in PARTS and (knob in EVERY_OPTION.get(group, ()) or self._owners(group, knob)):
            return None
        meant = self._meant(name, types)
        return f"no such setting; {f'did you mean {meant}?' if meant else 'see them: python -m runner show settings'}"

    def _meant(self, name: str, types: Mapping[str, Any]) -> str | None:
        """The knob of any option of its group, else the setting or the option, that is written nearly so."""
        group, _, knob = name.partition(".")
        if group in PARTS and knob:
            names = {
                known for option in self.catalog.options(group) for known in self.catalog.knob_names(group, option)
            }
            near = nearest(knob, sorted(names))
            return f"{group}.{near}" if near else None
        chosen = [(g, o) for g, o in self.catalog.defaults.items() if o in self.catalog.options(g)]
        options = {group: self.catalog.option(group, option) for group, option in chosen}
        return meant_setting(name, types, options) or nearest(name, sorted(self.words))

    def _owners(self, group: str, knob: str) -> bool:
        if group == "metric":
            option, _, knob = knob.partition(".")
            return knob in self.catalog.knob_names(group, option)
        return bool(self.catalog.owners(group, knob.partition(".")[0]))

    def _option_faults(self) -> Iterator[str]:
        for name, text in self.condition.texts:
            if name in PARTS and text not in (*self.catalog.options(name), *self.swept.get(name, ())):
                yield f"sweep.skip={self.text}: {unknown_option(self.catalog, name, text)}"


def _is_of(key: str, names: Collection[str]) -> bool:
    return any(name == key or name.startswith(f"{key}.") for name in names)


def _texts(axis: Axis, place: int) -> list[str]:
    return [point[place].text for point in axis.points]


def _literals() -> Iterator[str]:
    """auto, all: words that settings take."""
    hints = list(setting_types().values())
    while hints:
        hint = hints.pop()
        if isinstance(hint, str):
            yield hint
        hints += [part for part in get_args(hint) if isinstance(part, str) or get_args(part)]


def _inside(data: Any, name: str) -> Any:
    """What stands at a dotted name. Raises KeyError where nothing does."""
    for part in filter(None, name.split(".")):
        if not isinstance(data, Mapping):
            raise KeyError(name)
        data = data[part]
    if data == MISSING or isinstance(data, Unresolved):
        raise KeyError(name)
    return data
