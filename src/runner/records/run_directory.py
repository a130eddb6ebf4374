"""The directory of one run: where it lies, who owns it, what is in it."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from runner.errors import ConfigError, DataError, RunError
from runner.records.files import read_json, rid_of_other_names, sweep_temporaries, write_json, write_whole
from runner.records.here import here

CLAIM_TRIES = 100
OWN_FOLDER = re.compile(r"checkpoints|projector|\.hydra|fold-\d+")  # that the program writes in, inside a run
DONE = ("finished", "stopped_early")  # what a summary says of a run that came to its end


@dataclass(frozen=True)
class RunDirectory:
    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.yaml"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def log(self) -> Path:
        return self.path / "train.log"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def summary(self) -> Path:
        return self.path / "summary.json"

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
    def schema(self) -> Path:
        return self.path / "schema.json"

    @property
    def status(self) -> str:
        """How the run stands, by its summary; "" where a kill came before there was one."""
        return str(self.read_summary().get("status", "")) if self.summary.exists() else ""

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Nobody else writes here inside the block. The lock dies with the process, however it ends.

        Raises DataError where a link would lead what is written elsewhere, RunError when another process owns the run,
        or the directory cannot be written.
        """
        check_links(self.path)
        lock, owner = FileLock(self.path / ".lock"), self.path / ".owner"
        try:
            lock.acquire(timeout=0)
        except Timeout as taken:
            pid = owner.read_text() if owner.exists() else "unknown"
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

    def read_summary(self) -> dict[str, Any]:
        """summary.json. Raises DataError when it is missing or damaged."""
        if not self.summary.exists():
            raise DataError(f"{self.path}: no run directory: it has no summary.json")
        return read_json(self.summary)

    def write_summary(self, content: dict[str, Any]) -> None:
        write_json(self.summary, content)


def check_links(folder: Path) -> None:
    """Raise DataError where something in a run directory is a link: it came from elsewhere and may lead anywhere.

    The directory itself may be reached through one.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as refusal:
        raise RunError(f"{folder}: cannot be read: {refusal.strerror}") from refusal
    for entry in entries:
        if entry.is_symlink():
            raise DataError(
                f"{entry.path}: is a link to {os.readlink(entry.path)}; nothing is written through a link inside a run "
                "directory: put what it names in its place"
            )
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
    raise RunError(f"{path}: taken {CLAIM_TRIES} times over; is the clock standing still?")


def claim_exactly(path: Path) -> RunDirectory:
    """The directory a user named. Raises RunError when it holds a run already."""
    path = path.absolute()
    if not make(path) and any(path.iterdir()):
        raise RunError(
            f"{path}: exists already\n  Continue it: python -m runner resume {path}, or choose another directory"
        )
    return RunDirectory(path)


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


def find(run: str, output_dir: Path) -> RunDirectory:
    """The run that ``run`` names: a path, or ``last``. Raises ConfigError or DataError when there is none."""
    if run == "last":
        return newest(output_dir)
    directory = RunDirectory(Path(run).expanduser().absolute())
    if not directory.path.is_dir():
        named = newest_named(run, output_dir)
        advice = f"did you mean {here(named)}?" if named else "give a run directory, or last"
        raise ConfigError(f"{run}: {not_a_directory(directory.path)}; {advice}")
    if not directory.summary.exists() and not directory.config.exists():
        raise DataError(
            f"{run}: not a run directory: it holds neither config.yaml nor summary.json; "
            f"those below it: python -m runner report {shlex.quote(run)}"
        )
    return directory


def not_a_directory(path: Path) -> str:
    """What is there instead, and the run that it lies in."""
    if not path.exists():
        return "no such directory"
    runs = (folder for folder in path.parents if RunDirectory(folder).config.exists())
    run = next(runs, None)
    return f"is a file of the run {here(run)}" if run else "is a file"


def usual_output_dir() -> Path:
    """Where runs are looked for when nobody says."""
    return Path(os.environ.get("RUNNER_OUTPUTS", "outputs"))


def newest(output_dir: Path) -> RunDirectory:
    """The run started last, by the time in its summary: never by the file system's clock. Folds are no runs."""
    if not (paths := by_start(output_dir)):
        raise ConfigError(f"last: no run under {output_dir} yet; start one: python -m runner train")
    return RunDirectory(paths[-1])


def newest_named(word: str, output_dir: Path) -> Path | None:
    """The newest run whose ``name=`` is the end of ``word``: what somebody meant who left out the date and the time."""
    name = re.compile(rf"\d\d-\d\d-\d\d-\d{{6}}-{re.escape(Path(word).name)}")
    return next((path for path in reversed(by_start(output_dir)) if name.fullmatch(path.name)), None)


def by_start(output_dir: Path) -> list[Path]:
    """Every run, the newest at the end."""
    started = []
    for summary in output_dir.absolute().rglob("summary.json"):
        directory = RunDirectory(summary.parent)
        try:
            if directory.whole == directory:
                started.append((str(directory.read_summary().get("started", "")), directory.path))
        except DataError:
            continue  # a damaged stranger does not hide the others; naming it directly says what is wrong
    return [path for _, path in sorted(started)]
