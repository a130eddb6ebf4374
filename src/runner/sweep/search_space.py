"""The space of a search, read from the words of its line: what each setting may be, and which options have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hydra.core.override_parser.types import Override

from runner.compose.hydra_bridge import interval_ends
from runner.config.catalog import GROUPS, PARTS, Catalog
from runner.config.part_types import EVERY_OPTION
from runner.config.run_config import annotation_at
from runner.config.types import expected, faults
from runner.errors import ConfigError
from runner.runs.ranking import REPEATED
from runner.search.space import Choice, Dimension, Interval, Space
from runner.sweep.axes import axis
from runner.sweep.line import Line

MOST_VALUES = 10_000  # of a range, whose values are kept one by one
LOGARITHMIC = "log"


def read_space(line: Line) -> Space:
    """Raises ConfigError with all that is wrong with it."""
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
