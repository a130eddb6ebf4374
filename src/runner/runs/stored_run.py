"""What follows a verb that reads a run: ``RUN [key=value ...]``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from runner.config.run_config import Config, changed, settings_with
from runner.config.spelling import nearest
from runner.config.stored import load_stored
from runner.errors import ConfigError, DataError
from runner.runs.directory import RunDirectory, find, usual_output_dir
from runner.text import here

LENGTHS = settings_with("is_length", True)
ANYWHERE = settings_with("changes", "anywhere")  # none of them changes what a run is


@dataclass(frozen=True)
class StoredRun:
    """A run directory, its own config with what the user changed, and the verb's own arguments."""

    directory: RunDirectory
    as_written: Config
    config: Config  # with the changes
    changes: Mapping[str, Any]

    def changed(self, *settings: str) -> list[str]:
        """Those of ``settings`` that are not as they were."""
        return [key for key in settings if getattr(self.config, key) != getattr(self.as_written, key)]

    @property
    def folds(self) -> list[StoredRun]:
        """Every fold, done or not begun yet, of a command that trains them all; [] of any other run."""
        if self.config.fold != "all" or self.config.folds is None:
            return []
        return [self.of_fold(number) for number in range(self.config.folds)]

    def of_fold(self, number: int) -> StoredRun:
        directory, config = self.directory.fold(number), replace(self.config, fold=number)
        if not directory.config.exists():
            return StoredRun(directory, config, config, self.changes)
        written = load_stored(directory.config, self.config.trusted)
        config = replace(config, batch_size=written.batch_size, dataset=written.dataset)  # by the rows of the fold
        return StoredRun(directory, written, config, self.changes)


def open_run(verb: str, argv: Sequence[str], settings: Sequence[str] = (), own: Sequence[str] = ()) -> StoredRun:
    """Read ``RUN key=value ...``: ``settings`` are keys of the config that may change, ``own`` belong to the verb.

    Which run ``last`` is, is said on standard error: standard output may be data. Raises ConfigError or DataError when
    the run is not there or a key may not be given.
    """
    allowed = [*own, *settings, *ANYWHERE]
    if flags := [word for word in argv if word.startswith("-")]:
        raise ConfigError(f"{verb}: {flags[0]}: no such flag; it can change {', '.join(allowed)}, as device=cpu")
    names = [word for word in argv if is_run(word, allowed)]
    if len(names) != 1:
        given = shlex.join(names) or "none"
        raise ConfigError(f"{verb}: give one run directory, or last: python -m runner {verb} RUN\n  given: {given}")
    changes = dict(read_change(verb, word, allowed) for word in argv if word not in names)
    directory = find(names[0], Path(str(changes.get("output_dir") or usual_output_dir())))
    if names[0] == "last":
        with suppress(OSError):  # nobody reads it
            print(f"last is {here(directory.path)}", file=sys.stderr)
    if not directory.config.exists():
        raise DataError(
            f"{directory.config}: not there; of a run without its settings only its results can be told\n"
            f"  python -m runner report {shlex.quote(here(directory.path))}"
        )
    config = load_stored(directory.config, changes.get("trusted", ()))
    edits = {key: value for key, value in changes.items() if key not in (*own, "trusted", "output_dir")}
    return StoredRun(directory, config, changed(config, edits) if edits else config, changes)


def is_run(word: str, allowed: Sequence[str]) -> bool:
    """Whether a word names a directory rather than a change; a path may have an = in it, as those of sweeps do."""
    key, equals, _ = word.partition("=")
    return not equals or not key.replace(".", "").isidentifier() or (key not in allowed and Path(word).is_dir())


def read_change(verb: str, word: str, allowed: Sequence[str]) -> tuple[str, Any]:
    key, _, text = word.partition("=")
    if key not in allowed:
        meant = nearest(key, allowed)
        advice = f"; did you mean {meant}?" if meant else ", another is a new run: train"
        raise ConfigError(f"{word}: {verb} takes the run as it is{advice}\n  it can change {', '.join(allowed)}")
    try:
        return key, yaml.safe_load(text)
    except yaml.YAMLError as fault:
        raise ConfigError(f"{word}: the value cannot be read") from fault


def in_each_fold(stored: StoredRun, verb: str) -> str:
    """Why the directory above the folds cannot answer, and which of those below it can."""
    first, last = stored.folds[0].directory.path, stored.folds[-1].directory.path
    return (
        f"{stored.directory.path}: holds a net for each of its {len(stored.folds)} folds; "
        f"choose one, {first.name} to {last.name}\n  python -m runner {verb} {shlex.quote(str(first))} ..."
    )
