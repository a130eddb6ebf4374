"""The directory of one run: where it lies, who owns it, what is in it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from runner.config import regular_file
from runner.config.yaml_file import read_words
from runner.errors import ConfigError, DataError, RunError
from runner.runs.files import rid_of_other_names, sweep_temporaries, write_json, write_whole
from runner.text import here

CLAIM_TRIES = 100
CLAIMED = re.compile(r"\d\d-\d\d-\d\d-\d{6}-(.+)")  # what ``claim`` calls a directory
RESULTS = ("status", "best", "final", "baseline", "linear", "judged_split", "confusion", "sd", "per_fold", "config")
LATER = ("trees",)  # results that older runs do not have
SWEEP, OLDER_SWEEP = "sweep.json", "multirun.yaml"  # either is in a folder whose folders are the jobs of a sweep
JOURNAL = "journal.jsonl"  # beside sweep.json
OWN_FOLDER = re.compile(r"checkpoints|projector|\.hydra|fold-\d+")  # that the program writes in, inside a run
LOCK_TAKEN_S = 0.1  # who looks whether a run is in use holds its lock for a moment


class Place:
    """A file, or folder, of a run directory."""

    def __init__(self, name: str):
        self.name = name

    def __get__(self, directory: RunDirectory, kind: type) -> Path:
        return directory.path / self.name


@dataclass(frozen=True)
class RunDirectory:
    path: Path

    config = Place("config.yaml")
    metrics = Place("metrics.jsonl")
    log = Place("train.log")
    checkpoints = Place("checkpoints")
    summary = Place("summary.json")
    schema = Place("schema.json")

    def fold(self, number: int) -> RunDirectory:
        """One of the folds of a command that trains them all."""
        return RunDirectory(self.path / f"fold-{number}")

    @property
    def whole(self) -> RunDirectory:
        """That of the whole command: the one above where this run is one of its folds."""
        above = RunDirectory(self.path.parent)
        is_fold = re.fullmatch(r"fold-\d+", self.path.name) and above.summary.exists()
        return above if is_fold else self

    @property
    def sweep(self) -> Path | None:
        """The folder of the sweep whose job this run is, or one of whose folds."""
        above = self.whole.path.parent
        return above if is_sweep(above) else None

    @property
    def is_claimed(self) -> bool:
        """Whether a run was to be in it, begun or not."""
        own = (".lock", ".owner", ".hydra", "summary.json")
        return bool(CLAIMED.fullmatch(self.path.name)) or any((self.path / name).exists() for name in own)

    @property
    def is_in_use(self) -> bool:
        """Whether a process owns it now."""
        if not (self.path / ".lock").exists():
            return False
        try:
            with FileLock(self.path / ".lock", timeout=0):
                return False
        except Timeout:
            return True
        except OSError:
            return False

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Nobody else writes here inside the block. The lock dies with the process, however it ends.

        Raises DataError where a link would lead what is written elsewhere, RunError when another process owns the run,
        or the directory cannot be written.
        """
        check_links(self.path)
        lock, owner = FileLock(self.path / ".lock"), self.path / ".owner"
        try:
            lock.acquire(timeout=LOCK_TAKEN_S, poll_interval=LOCK_TAKEN_S / 10)
        except Timeout as taken:
            pid = regular_file.content(owner).decode() if owner.exists() else "unknown"
            raise RunError(
                f"{self.path}: in use by process {pid}\n  Wait for it to end, or start a run of its own"
            ) from taken
        except OSError as refusal:
            raise RunError(f"{self.path}: not writable: {(refusal.strerror or str(refusal)).lower()}") from refusal
        try:
            sweep_temporaries(self.path)
            sweep_temporaries(self.checkpoints)
            write_whole(owner, str(os.getpid()).encode())
            for appended in (self.metrics, self.log):
                rid_of_other_names(appended)
            yield
        finally:
            lock.release()

    def write_summary(self, content: Mapping[str, Any]) -> None:
        write_json(self.summary, {**content, "digest": results_digest(content)})


def is_sweep(folder: Path) -> bool:
    """Whether the runs in it are the jobs of a sweep."""
    return (folder / SWEEP).exists() or (folder / OLDER_SWEEP).exists()


def results_digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of what a summary says of results, so that a changed one does not pass for the run's own."""
    told = {name: content.get(name) for name in RESULTS} | {name: content[name] for name in LATER if name in content}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def check_links(folder: Path) -> None:
    """Raise DataError where something in a run directory is a link: it came from elsewhere and may lead anywhere.

    Likewise where it is a pipe: who writes there waits for ever. The directory itself may be reached through a link.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as refusal:
        raise RunError(f"{folder}: cannot be read: {refusal.strerror}") from refusal
    for entry in entries:
        if entry.is_symlink():
            raise DataError(
                f"{entry.path}: is a link to {os.readlink(entry.path)}; a run directory must not "
                "hold links: replace it by what it names"
            )
        if not (entry.is_dir() or entry.is_file()):
            raise DataError(f"{entry.path}: is a pipe or a device, not a file; take it out of the run directory")
        if entry.is_dir() and OWN_FOLDER.fullmatch(entry.name):
            check_links(Path(entry.path))


def check_writable(folder: Path) -> None:
    """Raise RunError when ``folder``, or the nearest parent that exists, cannot take new directories."""
    nearest = folder.absolute()
    while not nearest.exists() and not nearest.is_symlink():
        nearest = nearest.parent
    if not nearest.is_dir():
        raise RunError(f"output_dir={folder}: {nearest} is not a directory; choose another output_dir=...")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise RunError(f"output_dir={folder}: {nearest} is not writable; choose another output_dir=...")


def claim(output_dir: Path, name: str, under: str = "") -> RunDirectory:
    """A new directory ``<output_dir>/[under/]<date>/<time with microseconds>-<name>`` that nobody else has.

    Raises RunError when it cannot be made.
    """
    for _ in range(CLAIM_TRIES):
        now = datetime.now()
        path = output_dir.absolute() / under / f"{now:%Y-%m-%d}" / f"{now:%H-%M-%S-%f}-{name}"
        if make(path):
            return RunDirectory(path)
    raise RunError(f"{path}: taken {CLAIM_TRIES} times over; check the clock of this machine")


def make(path: Path) -> bool:
    """Make ``path``; False when it was there already."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir()
    except FileExistsError:
        return False
    except OSError as refusal:
        raise RunError(f"{path}: not made: {refusal.strerror}; choose another output_dir=...") from refusal
    return True


def usual_output_dir() -> Path:
    """Where runs are looked for when nobody says."""
    return Path(os.environ.get("RUNNER_OUTPUTS", "outputs"))


def why_not_begun(directory: RunDirectory) -> str:
    """Of a directory that was claimed for a run and holds none: what happened, and how to start it again."""
    if directory.is_in_use:
        return f"{here(directory.path)}: a run is about to begin here; wait for it"
    if (directory.path.parent / SWEEP).exists():
        again = f"python -m runner resume {shlex.quote(here(directory.path.parent))}"
        return f"{here(directory.path)}: a job that was killed before it began; its sweep goes on with it\n  {again}"
    try:
        words = read_words(directory.path / ".hydra" / "overrides.yaml")
        again = f"start it again: {shlex.join(['python', '-m', 'runner', 'train', *words])}"
    except ConfigError:
        again = "start it again with python -m runner train ...; the command was not saved yet"
    return f"{here(directory.path)}: the run was killed before it began, nothing of it was saved\n  {again}"
