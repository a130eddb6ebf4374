"""The directory of one run: where it lies, who owns it, what is in it."""

from __future__ import annotations

import hashlib
import json
import math
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
from runner.runs.files import read_json, rid_of_other_names, sweep_temporaries, write_json, write_whole
from runner.text import here

CLAIM_TRIES = 100
CLAIMED = re.compile(r"\d\d-\d\d-\d\d-\d{6}-.+")  # what ``claim`` calls a directory
RESULTS = ("status", "best", "final", "baseline", "linear", "judged_split", "confusion", "sd", "per_fold", "config")
KINDS: dict[str, Any] = {  # of what a summary says
    **dict.fromkeys(("status", "started", "name", "reason", "monitor", "judged_split"), str),
    **dict.fromkeys(("data", "final", "baseline", "linear", "sd"), dict),
    **dict.fromkeys(("class_names", "confusion", "remarks"), list),
    "seconds": int | float,
}
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

    @property
    def is_begun(self) -> bool:
        """Whether a run came so far that its config was written; folds, rows and results come after it."""
        return self.config.exists() or self.metrics.exists() or self.status not in ("", "running")

    @property
    def is_claimed(self) -> bool:
        """Whether a run was to be in it, begun or not."""
        own = (".lock", ".owner", ".hydra", "summary.json")
        return bool(CLAIMED.fullmatch(self.path.name)) or any((self.path / name).exists() for name in own)

    @property
    def is_in_use(self) -> bool:
        """Whether a process owns it now."""
        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        except OSError:
            return False
        lock.release()
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
            lock.acquire(timeout=0)
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

    def read_summary(self) -> dict[str, Any]:
        """summary.json. Raises DataError when it is missing or damaged."""
        if not self.summary.exists():
            raise DataError(f"{self.path}: no run directory: it has no summary.json")
        content = read_json(self.summary)
        for name, kind in KINDS.items():
            if name in content and not isinstance(content[name], kind):
                raise DataError(f"{self.summary}: damaged: {name} is {str(content[name])[:40]!r}")
        if not math.isfinite(content.get("seconds", 0)):
            raise DataError(f"{self.summary}: damaged: seconds is {content['seconds']}")
        return content

    def read_results(self) -> dict[str, Any]:
        """summary.json, where its results are told or counted. Raises DataError also when they were edited.

        A summary of an older build has no digest of them.
        """
        content = self.read_summary()
        if content.get("digest", digest := results_digest(content)) != digest:
            raise DataError(f"{self.summary}: its results are not those that the run wrote: they were changed since")
        return content

    def write_summary(self, content: Mapping[str, Any]) -> None:
        write_json(self.summary, {**content, "digest": results_digest(content)})


def results_digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of what a summary says of results, so that a changed one does not pass for the run's own."""
    told = {name: content.get(name) for name in RESULTS}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def check_links(folder: Path) -> None:
    """Raise DataError where something in a run directory is a link: it came from elsewhere and may lead anywhere.

    Likewise where it is a pipe: who writes there waits for ever.

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
    if not directory.is_begun and directory.is_claimed:
        raise DataError(why_not_begun(directory))
    if not directory.summary.exists() and not directory.config.exists():
        raise DataError(
            f"{run}: not a run directory: it holds neither config.yaml nor summary.json; "
            f"those below it: python -m runner report {shlex.quote(run)}"
        )
    return directory


def why_not_begun(directory: RunDirectory) -> str:
    """Of a directory that was claimed for a run and holds none: what happened, and how to start it again."""
    if (directory.path / ".lock").exists() and directory.is_in_use:
        return f"{here(directory.path)}: a run is about to begin here; wait for it"
    try:
        words = read_words(directory.path / ".hydra" / "overrides.yaml")
        again = f"start it again: {shlex.join(['python', '-m', 'runner', 'train', *words])}"
    except ConfigError:
        again = "start it again with python -m runner train ...; it was not written yet what was typed"
    return f"{here(directory.path)}: the run was killed before it began, nothing of it was saved\n  {again}"


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
    """The run started last, by the time in its summary: never by the file system's clock.

    Folds are no runs, nor is a directory without config.yaml.
    """
    if not (paths := [path for path in by_start(output_dir) if RunDirectory(path).config.exists()]):
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
