"""What a job's process does: begin its run, or go on with it; and the one step that shows whether it can be begun."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from runner.config.catalog import Catalog
from runner.config.run_config import Config
from runner.contracts import Data, Progress
from runner.data.checks import digest
from runner.engine import state
from runner.engine.fit import fit
from runner.errors import RunError
from runner.experiment.assemble import Experiment, read_data, read_split, split_settings
from runner.runs.checkpoint import pack
from runner.runs.directory import RunDirectory
from runner.runs.files import write_whole
from runner.runs.saved_run import SavedRun
from runner.runs.summary import versions
from runner.sweep.plan import Job
from runner.training.folds import prepare
from runner.training.resume import go_on

MOST_DATA_SETS = 3  # that are held at once for the jobs to come
SAVED_STATES = 3  # last, the one before it, and a best of another epoch


@dataclass
class SharedData:
    """The data sets of the jobs, each read once; the processes forked later find them here."""

    held: dict[str, Data] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def __call__(self, config: Config) -> Data:
        """As ``read_data``. Raises ConfigError or DataError."""
        key = json.dumps([config.dataset.option, config.dataset.target, _of_rows(config), config.data_dir])
        if key not in self.held:
            while len(self.held) >= MOST_DATA_SETS:
                del self.held[next(iter(self.held))]
            self.held[key] = read_data(config)
        return self.held[key]

    def digest(self, config: Config) -> str:
        """That of the rows as the job sees them, columns fitted to its train rows."""
        dataset = config.dataset
        key = json.dumps([dataset.option, dataset.target, dataset.knobs, config.data_dir, str(split_settings(config))])
        if key not in self.digests:
            self.digests[key] = digest(read_split(config, self)[0])
        return self.digests[key]


def _of_rows(config: Config) -> dict[str, Any]:
    shaped = ("limit", "transforms", "augment", "numeric", "target_transform")  # afterwards
    return {name: value for name, value in config.dataset.knobs.items() if name not in shaped}


@dataclass(frozen=True)
class Work:
    """What the process of a job is called with, besides the job."""

    catalog_folders: Sequence[Path]
    changes: Mapping[str, Any]  # what a user says now: whom he trusts, where the data is
    read: Callable[[Config], Data]


class Training(Work):
    """The work of a job: its run trained to the end, whether it is begun here or was begun before."""

    def __call__(self, job: Job, folder: Path) -> None:
        begun = time.perf_counter()
        directory = RunDirectory(folder)
        with directory.owned():
            if directory.config.exists():
                stored = SavedRun(directory, self.changes)
                go_on(stored, begun, force=False, read=self.read, brief=True, stops=job.stops)
                return
            write_words(directory, job.words)
            prepared = prepare(job.config(self.changes), Catalog(self.catalog_folders), self.read)
            prepared.record(directory, brief=True, begun=begun, hint="", stops=job.stops)


class NodeTraining(Training):
    """The same on a node of a cluster, where torch may be another than where the run was begun."""

    def __call__(self, job: Job, folder: Path) -> None:
        """Raises RunError where it is: the run would not go on to the same bits."""
        begun_with, here = torch_of(SavedRun(RunDirectory(folder))), versions()["torch"]
        if begun_with not in (None, here):
            raise RunError(
                f"{platform.node()} has torch {here}, and the run was begun with {begun_with}: "
                "it goes on where that is installed\n  all nodes need the environment that the sweep is started in"
            )
        super().__call__(job, folder)


def torch_of(run: SavedRun) -> str | None:
    """The version that it was begun with; None where it was not."""
    found = run.known.get("versions", {}).get("torch")
    return None if found is None else str(found)


def write_words(directory: RunDirectory, words: Sequence[str]) -> None:
    """What was typed for the job, where every run has it."""
    (directory.path / ".hydra").mkdir(exist_ok=True)
    text = yaml.safe_dump(list(words), allow_unicode=True)
    write_whole(directory.path / ".hydra" / "overrides.yaml", text.encode())


class Trial(Work):
    """The work of a check: the job is built and takes one step, in a process that ends with it."""

    def __call__(self, job: Job, folder: Path) -> dict[str, int]:
        """What a job takes in bytes: ``memory`` of its own, ``disk`` for its checkpoints."""
        config = replace(job.config(self.changes), output_dir=str(folder))
        experiment = prepare(config, Catalog(self.catalog_folders), self.read).first
        plan = replace(experiment.plan, epochs=1, max_steps=1)
        with suppress(RunError):  # a loss that is not finite is a result, not a fault of the command
            for _ in fit(experiment.parts, experiment.train, {}, plan, Progress()):
                pass
        return {"memory": own_memory(), "disk": SAVED_STATES * size_of_state(experiment)}


def size_of_state(experiment: Experiment) -> int:
    with suppress(RunError):  # weights that are not finite are not saved
        return len(pack(state.capture(experiment.parts, Progress(), experiment.new_monitor())))
    return 0


def own_memory() -> int:
    """Bytes of this process that it shares with no other; 0 where the system does not say."""
    with suppress(OSError):
        for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
            if line.startswith("Private_Dirty:"):
                return int(line.split()[1]) * 1024
    return 0
