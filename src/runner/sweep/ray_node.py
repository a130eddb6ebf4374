"""What a node of a Ray cluster does for a sweep: a job, on the data that the node has.

The node need not see the driver's folders: a job's run directory comes and goes as bytes.
"""

from __future__ import annotations

import os
import platform
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runner.config.catalog import packaged_conf
from runner.config.clustering import Ray
from runner.config.run_config import Config
from runner.contracts import Data
from runner.errors import DataError, RunnerError
from runner.runs.transfer import Changes, Sender
from runner.sweep.job import NodeTraining, SharedData
from runner.sweep.local import Ended, LocalJobs
from runner.sweep.plan import Job

SCRATCH = "runner-job"  # folders of jobs, in the node's own for temporary files


@dataclass(frozen=True)
class Task:
    """A job that is sent to a node, with the digest that its data has where the sweep was begun."""

    job: Job
    data_digest: str
    data_dir: str | None  # that somebody said; None: each node has its own


@dataclass(frozen=True)
class News:
    """How a job stands."""

    changes: Changes | None = None  # of its run directory; None where they wait for the next checkpoint
    ended: Ended | None = None  # None while it runs


@dataclass
class NodeData(SharedData):
    """The data sets as this node has them, whatever ``data_dir`` was where the sweep was begun."""

    data_dir: str = field(kw_only=True)

    def __call__(self, config: Config) -> Data:
        return super().__call__(replace(config, data_dir=self.data_dir))


def checked_data(task: Task, config: Config) -> NodeData:
    """Raises DataError where the rows of the job are others here, or are not here."""
    data = NodeData(data_dir=task.data_dir or os.environ.get("RUNNER_DATA", config.data_dir))
    node = f"node {platform.node()}"
    try:
        own = data.digest(config)
    except RunnerError as fault:
        raise DataError(f"{node}: {fault}") from fault
    if own != task.data_digest:
        raise DataError(
            f"{node}: dataset={config.dataset.option}: other rows than where the sweep began "
            f"(digest {own[:12]}, there {task.data_digest[:12]})\n  put the same files there"
        )
    return data


def data_faults(tasks: Sequence[Task], changes: Mapping[str, Any]) -> list[str]:
    """What is wrong here with the data of ``tasks``."""
    faults = list[str]()
    for task in tasks:
        try:
            checked_data(task, task.job.config(changes))
        except DataError as fault:
            faults.append(str(fault))
    return faults


@dataclass(frozen=True)
class OnNode:
    """The work of a job, on the data of this node."""

    catalog_folders: Sequence[Path]
    changes: Mapping[str, Any]

    def __call__(self, task: Task, folder: Path) -> None:
        """Raises DataError where the node has not the data that the sweep was begun with."""
        data = checked_data(task, task.job.config(self.changes))
        NodeTraining(self.catalog_folders, self.changes, data)(task.job, folder)


class Node:
    """The process of a job, called from the driver through Ray: it begins the job in another, and tells of it."""

    def __init__(self, changes: Mapping[str, Any], conf: Sequence[Changes], cluster: Ray):
        """``conf`` are the folders of options that the driver has besides the program's own."""
        self.changes, self.conf, self.sync_s = changes, conf, cluster.sync_s
        if not cluster.gpus:
            os.environ["CUDA_VISIBLE_DEVICES"] = ""  # which others have asked for

    def begin(self, task: Task, name: str, content: Changes) -> None:
        """Begin the job, or go on with it, in a folder of that ``name``."""
        scratch = own_scratch()
        conf = [scratch / f"conf-{number}" for number in range(len(self.conf))]
        for folder, files in zip([*conf, scratch / name], [*self.conf, content], strict=True):
            folder.mkdir()
            files.put(folder)
        self.sender = Sender(scratch / name)
        self.sender.changes()  # they came from where they would go
        self.jobs = LocalJobs(OnNode((*conf, packaged_conf()), self.changes))
        self.running = self.jobs.submit(task, scratch / name)
        self.sent = time.monotonic()

    def news(self, seconds: float) -> News:
        """What there is to be said of the job, after that time at the latest."""
        self.jobs.wait([self.running], seconds)
        ended = self.jobs.state(self.running)
        is_due = time.monotonic() - self.sent >= self.sync_s and self.sender.has_checkpoint
        if ended is None and not is_due:
            return News()
        news, self.sent = News(self.sender.changes(), ended), time.monotonic()
        if ended is not None:
            shutil.rmtree(self.sender.folder.parent)
        return news

    def cancel(self, number: int) -> None:
        """Ray's own processes are deaf to Ctrl-C, and so are those that they begin: the job is told SIGTERM instead."""
        self.jobs.cancel(self.running, signal.SIGTERM if number == signal.SIGINT else number)


def own_scratch() -> Path:
    """A new folder for this process; those of processes that were killed are taken away."""
    for folder in Path(tempfile.gettempdir()).glob(f"{SCRATCH}-*-*"):
        if not is_running(int(folder.name.split("-")[-2])):
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{SCRATCH}-{os.getpid()}-"))


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError as refusal:
        return not isinstance(refusal, ProcessLookupError)  # it may be another user's
    return True
