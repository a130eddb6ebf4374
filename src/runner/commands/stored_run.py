"""What follows a verb that reads a run: ``RUN [key=value ...]``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from runner.config.settings import Config, changed, load_stored
from runner.config.spelling import nearest
from runner.errors import ConfigError
from runner.records.run_directory import RunDirectory, find

ANYWHERE = ("data_dir", "device", "threads", "trusted", "output_dir")  # none of them changes what a run is


@dataclass(frozen=True)
class StoredRun:
    """A run directory, its own config with what the user changed, and the verb's own arguments."""

    directory: RunDirectory
    config: Config
    changes: Mapping[str, Any]


def open_run(verb: str, argv: Sequence[str], settings: Sequence[str] = (), own: Sequence[str] = ()) -> StoredRun:
    """Read ``RUN key=value ...``: ``settings`` are keys of the config that may change, ``own`` belong to the verb.

    Raises ConfigError or DataError when the run is not there or a key may not be given.
    """
    names = [word for word in argv if "=" not in word]
    if len(names) != 1:
        raise ConfigError(
            f"{verb}: give one run directory, or last: python -m runner {verb} RUN\n  given: {names or 'none'}"
        )
    allowed = [*own, *settings, *ANYWHERE]
    changes = dict(read_change(verb, word, allowed) for word in argv if "=" in word)
    output_dir = changes.get("output_dir") or os.environ.get("RUNNER_OUTPUTS", "outputs")
    directory = find(names[0], Path(str(output_dir)))
    config = load_stored(directory.config, changes.get("trusted", ()))
    edits = {key: value for key, value in changes.items() if key not in (*own, "trusted", "output_dir")}
    return StoredRun(directory, changed(config, edits) if edits else config, changes)


def read_change(verb: str, word: str, allowed: Sequence[str]) -> tuple[str, Any]:
    key, _, text = word.partition("=")
    if key not in allowed:
        meant = nearest(key, allowed)
        advice = f"did you mean {meant}? " if meant else ""
        raise ConfigError(f"{word}: {verb} takes the run as it is; {advice}\n  it can change {', '.join(allowed)}")
    try:
        return key, yaml.safe_load(text)
    except yaml.YAMLError as fault:
        raise ConfigError(f"{word}: the value cannot be read") from fault
