"""What follows a verb that reads a run: ``RUN [key=value ...]``."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from runner.config.run_config import Config, changed, settings_with
from runner.config.spelling import nearest
from runner.config.stored import load_stored
from runner.config.types import shown
from runner.config.validate import leaves
from runner.engine.best import is_higher_better, stored_directions
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


FORMATS = (1,)  # of summary.json
DONE = ("finished", "stopped_early")
NEEDED = ("dataset", "model", "optimizer")  # parts that no run is without


@dataclass(frozen=True)
class PastRun:
    """One run: what it was told and what came out. Every setting is text, as it is typed."""

    path: Path
    summary: Mapping[str, Any]
    config: Mapping[str, Any]  # config.yaml as plain data
    settings: Mapping[str, str]  # dotted name -> value, those that decide what is learnt
    metrics: Mapping[str, float]  # of the best checkpoint
    monitor: str

    def is_higher_better(self, metric: str) -> bool | None:
        """Whether a higher value of ``metric`` is the better one; None where the run does not say."""
        return is_higher_better(metric, stored_directions(self.summary))

    @property
    def status(self) -> str:
        return str(self.summary["status"])

    @property
    def is_done(self) -> bool:
        return self.status in DONE

    @property
    def reason(self) -> str:
        return str(self.summary.get("reason", "")).partition("\n")[0]

    @property
    def started(self) -> str:
        return str(self.summary.get("started", ""))


def read_runs(folders: Iterable[Path]) -> tuple[list[PastRun], list[str]]:
    """Every run in or below ``folders``, each once, by the time it was started; and a line for each that is left out.

    Where a run is made of folds, the folds are its runs.
    """
    runs: list[PastRun] = []
    left_out: list[str] = []
    for path in dict.fromkeys(path.resolve() for folder in folders for path in run_paths(folder)):
        try:
            runs.append(read_run(path))
        except DataError as fault:
            told = str(fault).partition("\n")[0]
            left_out.append(told if str(path) in told else f"{path}: {told}")
    return sorted(runs, key=lambda run: (run.started, str(run.path))), left_out


def run_paths(folder: Path) -> Iterator[Path]:
    """The run directories in and below ``folder``: what holds a summary.json or config.yaml, or the folds in it."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return  # not ours to read
    inner = [entry for entry in entries if not entry.name.startswith(".") and is_folder(entry)]
    if not any(entry.name in ("summary.json", "config.yaml") for entry in entries):
        below = inner
    elif not (below := [entry for entry in inner if entry.name.startswith("fold-")]):
        yield Path(folder)
    for entry in below:
        yield from run_paths(Path(entry.path))


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one: to one that it lies in it would lead round and round."""
    if not entry.is_symlink():
        return entry.is_dir()
    above = Path(entry.path).absolute().parents
    return os.path.isdir(entry) and Path(entry.path).resolve() not in map(Path.resolve, above)


def read_run(path: Path) -> PastRun:
    """The run in ``path``. Raises DataError saying what is missing or wrong."""
    directory = RunDirectory(path)
    if not directory.summary.exists():
        raise DataError(f"{path}: no summary.json: the run ended before its first step; start it again, or resume it")
    summary = directory.read_results()
    if not isinstance(summary.get("status"), str):
        raise DataError(f"{path}: its summary.json is not one of this program")
    if summary.get("format") not in FORMATS:
        raise DataError(f"{path}: format {summary.get('format')}, this build reads format {FORMATS[-1]}")
    config = summary.get("config") or load_stored(directory.config).as_dict()  # summaries did not always hold it
    try:
        metrics, settings = numbers(summary.get("best", {})), settings_of(config)
        check_parts(config)
        return PastRun(path, summary, config, settings, metrics, monitor=str(config["monitor"]))
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise DataError(f"{directory.summary}: damaged: {type(fault).__name__} in config or best: {fault}") from fault


def check_parts(config: Mapping[str, Any]) -> None:
    """Raises KeyError or TypeError where a config does not name its parts and say what their knobs are."""
    options = config["options"]
    for group, option in (*options.items(), *((needed, options[needed]) for needed in NEEDED)):
        named = {option: config[group]} if group != "metric" else {name: config[group][name] for name in option}
        if not all(isinstance(name, str) and isinstance(node, Mapping) for name, node in named.items()):
            raise TypeError(f"{group} is no part")


def settings_of(config: Mapping[str, Any]) -> dict[str, str]:
    """The options chosen, then every knob and setting that decides what is learnt, as text by dotted name."""
    options = {group: shown(option) for group, option in config["options"].items()}
    neutral = settings_with("is_neutral", True)
    others = {key: value for key, value in config.items() if key not in ("options", *neutral)}
    plain = ((name, value) for name, value in leaves(others, ()) if not name.endswith("_target_"))
    knobs = {name: value if isinstance(value, str) else shown(value) for name, value in plain}
    return options | knobs


def numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in metrics.items() if isinstance(value, int | float)}
