"""Runs as their directories tell of them, many at a time. Imports no torch."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.config.run_config import settings_with
from runner.config.stored import load_stored
from runner.config.types import shown
from runner.config.validate import leaves
from runner.engine.best import is_higher_better, stored_directions
from runner.errors import DataError
from runner.runs.directory import RunDirectory

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
