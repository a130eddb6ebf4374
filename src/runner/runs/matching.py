"""The runs that words choose: dataset=wine model=mlp, optimizer.lr=0.1,0.01."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from contextlib import suppress

from runner.config.spelling import listed, nearest
from runner.errors import ConfigError
from runner.runs.saved_run import SavedRun, settings_of

MOST_VALUES = 12  # named in a message


def matching(runs: Sequence[SavedRun], words: Sequence[str], line: Sequence[str]) -> list[SavedRun]:
    """The runs whose settings are as all the words say; of several values one is enough.

    Raises ConfigError where a word names no setting or no run is left, with ``line`` mended where it can be.
    """
    if not words:
        return list(runs)  # to put thousands of them into words takes a while
    said = [(run, {**settings_of(run.plain_config), "status": run.standing}) for run in runs]
    for word in words:
        key, _, value = word.partition("=")
        values = dict.fromkeys(settings[key] for _, settings in said if key in settings)
        if not values:
            raise ConfigError(_unknown(word, key, {name for _, settings in said for name in settings}, line))
        said = [(run, settings) for run, settings in said if key in settings and _is(settings[key], value)]
        if not said:
            raise ConfigError(f"report {word}: no such run; {key} is {listed(list(values)[:MOST_VALUES])}")
    return [run for run, _ in said]


def _is(value: str, wanted: str) -> bool:
    choices = [wanted] if wanted.startswith("[") else wanted.split(",")
    return any(_same(value, choice) or choice in value.strip("[]").split(",") for choice in choices)


def _same(value: str, wanted: str) -> bool:
    with suppress(ValueError):
        return float(value) == float(wanted)
    return value == wanted


def _unknown(word: str, key: str, names: set[str], line: Sequence[str]) -> str:
    meant = setting_named(key, names)
    fault = f"report {word}: the runs have no setting {key}"
    if meant is None:
        return fault
    mended = [f"{meant}={other.partition('=')[2]}" if other == word else other for other in line]
    return f"{fault}; did you mean:\n  python -m runner report {shlex.join(mended)}"


def setting_named(key: str, names: Collection[str]) -> str | None:
    """The setting of runs that ``key`` stands for: optimizer.lr for lr."""
    tails = {name.rpartition(".")[2]: name for name in sorted(names)}
    if key in names or key in tails:
        return key if key in names else tails[key]
    tail = nearest(key, tails)
    return nearest(key, names) or (tails[tail] if tail else None)
