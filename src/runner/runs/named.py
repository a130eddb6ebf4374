"""What a word names: a run, a sweep, or the last of them; how the verbs that read one are told. Imports no torch."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from runner.config.spelling import nearest
from runner.errors import ConfigError, DataError
from runner.runs.directory import CLAIMED, OWN_FOLDER, RunDirectory, is_sweep, usual_output_dir, why_not_begun
from runner.runs.saved_run import ANYWHERE, SavedRun
from runner.runs.saved_sweep import SavedSweep
from runner.text import expanded, here, say

Saved = SavedRun | SavedSweep


def open_run(verb: str, argv: Sequence[str], settings: Sequence[str] = (), own: Sequence[str] = ()) -> SavedRun:
    """Read ``RUN key=value ...``: ``settings`` are keys of the config that may change, ``own`` belong to the verb.

    Of a sweep it is the best job. Raises ConfigError or DataError when the run is not there or a key may not be given.
    """
    word, found = _opened(verb, argv, settings, own)
    run = found if isinstance(found, SavedRun) else best_job(found)
    tell(word, found, "" if run is found else run.path.name)
    return _readable(run)


def open_run_or_sweep(verb: str, argv: Sequence[str], settings: Sequence[str] = (), own: Sequence[str] = ()) -> Saved:
    """As ``open_run``, for a verb that takes a sweep as a whole; ``changes`` are what is said of it."""
    word, found = _opened(verb, argv, settings, own)
    tell(word, found)
    return found if isinstance(found, SavedSweep) else _readable(found)


def _opened(verb: str, argv: Sequence[str], settings: Sequence[str], own: Sequence[str]) -> tuple[str, Saved]:
    """The word that names it, and the run or the sweep with what is said of it."""
    allowed = list(dict.fromkeys([*own, *settings, *ANYWHERE]))
    if flags := [word for word in argv if word.startswith("-")]:
        name, _, value = flags[0].lstrip("-").partition("=")
        name, value = name.replace("-", "_"), value or next(iter(argv[argv.index(flags[0]) + 1 :]), "...")
        advice = f"write {name}={value}" if name in allowed else f"it can change {', '.join(allowed)}, as device=cpu"
        raise ConfigError(f"{verb}: {flags[0]}: no such flag; {advice}")
    names = [word for word in argv if is_run(word, allowed)]
    if len(names) != 1:
        given = shlex.join(names) or "none"
        raise ConfigError(f"{verb}: give one run directory, or last; given: {given}")
    changes: Mapping[str, Any] = dict(read_change(verb, word, allowed) for word in argv if word not in names)
    found = find(names[0], Path(str(changes.get("output_dir") or usual_output_dir())))
    return names[0], replace(found, changes=changes)


def output_dir_said(words: Sequence[str]) -> Path:
    """The folder of runs that a line is about."""
    said = next((word.partition("=")[2] for word in words if word.startswith("output_dir=")), "")
    return Path(said or usual_output_dir())


def tell(word: str, found: Saved, best_job: str = "") -> None:
    """Says on standard error, for standard output may be data, what ``last`` is, and which job of a sweep is taken."""
    is_sweep, path = isinstance(found, SavedSweep), here(found.path)
    if word != "last" and not best_job:
        return
    told = f"last is {'the sweep ' if is_sweep else ''}{path}" if word == "last" else f"{path} is a sweep"
    with suppress(OSError):  # nobody reads it
        say(f"{told}; its best job {best_job}" if best_job else told, file=sys.stderr)


def best_job(sweep: SavedSweep) -> SavedRun:
    """The winner, with what is said of the sweep. Raises DataError where no job is done."""
    if (best := sweep.winner) is not None:
        return replace(best, changes=sweep.changes)
    raise sweep.nothing_done


def _readable(run: SavedRun) -> SavedRun:
    """The run, whose config is there and right. Raises ConfigError or DataError."""
    if not run.directory.config.exists():
        raise DataError(
            f"{run.directory.config}: not there; without its settings a run can only be reported\n"
            f"  python -m runner report {shlex.quote(here(run.path))}"
        )
    _ = run.config  # what is wrong with it is to be known now
    return run


def is_run(word: str, allowed: Sequence[str]) -> bool:
    """Whether a word names a directory rather than a change; a path may have an = in it, as those of sweeps do."""
    key, equals, _ = word.partition("=")
    return not equals or not key.replace(".", "").isidentifier() or (key not in allowed and Path(word).is_dir())


def read_change(verb: str, word: str, allowed: Sequence[str]) -> tuple[str, Any]:
    key, _, text = word.partition("=")
    if key not in allowed:
        meant = nearest(key, allowed)
        advice = f"; did you mean {meant}={text}?" if meant else ""
        raise ConfigError(f"{word}: {verb} takes the run as it is{advice}\n  it can change {', '.join(allowed)}")
    try:
        return key, yaml.safe_load(text)
    except yaml.YAMLError as fault:
        raise ConfigError(f"{word}: the value cannot be read") from fault


def in_each_fold(run: SavedRun, verb: str, *more: str) -> str:
    """Why the directory above the folds cannot answer, and the words, ``more`` behind them, that ask one below it."""
    first, last = run.folds[0].path, run.folds[-1].path
    return (
        f"{run.path}: holds a net for each of its {len(run.folds)} folds; "
        f"choose one, {first.name} to {last.name}\n"
        f"  {' '.join(['python -m runner', verb, shlex.quote(here(first)), *more])}"
    )


def find(word: str, output_dir: Path) -> Saved:
    """The run or the sweep that ``word`` names: a path, or ``last``.

    Raises ConfigError or DataError when there is none.
    """
    if word == "last":
        return newest(output_dir)
    directory = RunDirectory(expanded(word).absolute())
    if not directory.path.is_dir():
        above = next((folder for folder in directory.path.parents if RunDirectory(folder).config.exists()), None)
        is_file = f"is a file of the run {here(above)}" if above else "is a file"
        named = newest_named(word, output_dir)
        advice = f"did you mean {here(named)}?" if named else "give a run directory, or last"
        raise ConfigError(f"{word}: {is_file if directory.path.exists() else 'no such directory'}; {advice}")
    if is_sweep(directory.path):
        return SavedSweep(directory.path)
    run = SavedRun(directory)
    if not run.is_begun and directory.is_claimed:
        raise DataError(why_not_begun(directory))
    if not directory.summary.exists() and not directory.config.exists():
        raise DataError(
            f"{word}: not a run directory: it holds neither config.yaml nor summary.json; "
            f"those below it: python -m runner report {shlex.quote(word)}"
        )
    return run


def newest(output_dir: Path) -> Saved:
    """The run or the sweep started last, by the time in its files: never by the file system's clock.

    Neither folds nor the jobs of a sweep are looked at by themselves, nor is a run without config.yaml.
    """
    for found in newest_first(output_dir):
        if isinstance(found, SavedSweep) or found.directory.config.exists():
            return found
    raise ConfigError(
        f"last: no run under {output_dir} yet; start one: python -m runner train, or name the folder of one elsewhere"
    )


def short_name(path: Path) -> str:
    """What a command calls a run or a sweep that has just been: last, where it is."""
    with suppress(ConfigError):
        if newest(usual_output_dir()).path == path:
            return "last"
    return here(path)


def newest_named(word: str, output_dir: Path) -> Path | None:
    """The newest run or sweep whose name is the end of ``word``: what was meant without the date and the time."""
    paths = (found.path for found in newest_first(output_dir))
    named = (path for path in paths if (claimed := CLAIMED.fullmatch(path.name)) and claimed[1] == Path(word).name)
    return next(named, None)


def newest_first(output_dir: Path) -> list[Saved]:
    """Every run and sweep; a damaged stranger does not hide the others, and named directly it says what is wrong."""
    return sorted(_below(output_dir.absolute()), key=lambda found: (found.started, found.path), reverse=True)


def _below(folder: Path) -> Iterator[Saved]:
    """The runs and sweeps in and below ``folder``; what lies in a sweep is not looked at."""
    if is_sweep(folder):
        yield SavedSweep(folder)
        return
    run = SavedRun(RunDirectory(folder))
    if run.directory.whole == run.directory and run.known:
        yield run
    with suppress(OSError):
        inner = [entry for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
        for entry in inner:
            if not OWN_FOLDER.fullmatch(entry.name) or not run.directory.summary.exists():
                yield from _below(folder / entry.name)


def folder_of_runs(verb: str, word: str, output_dir: Path) -> Path:
    """What ``word`` names: a run, a sweep or a folder of them, or ``last``, which is told.

    Raises ConfigError where there is none.
    """
    if word == "last":
        tell(word, last := newest(output_dir))
        return last.path
    folder = expanded(word)
    if not folder.is_dir():
        named = newest_named(word, output_dir)
        advice = f"did you mean {here(named)}?" if named else "give a run, or a folder that runs lie in"
        raise ConfigError(f"{verb} {word}: {'is a file' if folder.is_file() else 'no such directory'}; {advice}")
    return folder
