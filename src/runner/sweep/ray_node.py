"""What a node of a Ray cluster does for a sweep: its jobs, one after the other, each in a process of its own.

The node need not see the driver's folders: a job's run directory comes and goes as bytes.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from runner.config.catalog import packaged_conf
from runner.config.clustering import Ray
from runner.config.run_config import Config
from runner.contracts import Data
from runner.errors import DataError, RunnerError
from runner.runs.transfer import Changes, Sender
from runner.sweep.job import NodeTraining, SharedData
from runner.sweep.local import Ended, Handle, LocalJobs
from runner.sweep.plan import Job, packed_config


@dataclass(frozen=True)
class Task:
    """A job that is sent to a node, with the digest that its data has where the sweep was begun."""

    job: Job
    data_digest: str


@dataclass(frozen=True)
class News:
    """How a job stands."""

    changes: Changes | None  # of its run directory; None where they wait for the next checkpoint
    ended: Ended | None  # None while it runs


class NodeData(SharedData):
    """The data sets as this node has them: below its own RUNNER_DATA, where that is set."""

    def __call__(self, config: Config) -> Data:
        return super().__call__(replace(config, data_dir=os.environ.get("RUNNER_DATA", config.data_dir)))

    def check(self, task: Task, config: Config) -> None:
        """Raises DataError where the rows of the job are others here, or are not here."""
        try:
            own = self.digest(config)
        except RunnerError as fault:
            raise DataError(f"node {os.uname().nodename}: {fault}") from fault
        if own != task.data_digest:
            raise DataError(
                f"node {os.uname().nodename}: dataset={config.dataset.option}: other rows than where the sweep began "
                f"(digest {own[:12]}, there {task.data_digest[:12]})\n  put the same files there"
            )


def data_faults(configs: Mapping[str, Mapping[str, Any]], trusted: Sequence[str]) -> list[str]:
    """What is wrong here with the data of ``configs``, which are plain, by the digests that it has to have."""
    data, faults = NodeData(), list[str]()
    for data_digest, plain in configs.items():
        try:
            job = Job(0, (), "", packed_config(plain))
            data.check(Task(job, data_digest), job.config({"trusted": trusted}))
        except DataError as fault:
            faults.append(str(fault))
    return faults


@dataclass(frozen=True)
class OnNode:
    """The work of a job, on the data of this node."""

    training: NodeTraining
    data: NodeData
    node: int  # the process that sends what comes of it

    def __call__(self, task: Task, folder: Path) -> Any:
        """Raises DataError where the node has not the data that the sweep was begun with."""
        try:
            self.data.check(task, task.job.config(self.training.changes))
            return self.training(task.job, folder)
        finally:
            if os.getppid() != self.node:  # nobody is left who would send it
                shutil.rmtree(folder.parent)


class Node:
    """Called from the driver, through Ray."""

    def __init__(self, changes: Mapping[str, Any], conf: Sequence[Changes], cluster: Ray):
        """``conf`` are the folders of options that the driver has besides the program's own."""
        torch.set_num_threads(1)  # a process that has computed with several cannot be forked
        self.changes, self.conf, self.sync_s = changes, conf, cluster.sync_s
        if not cluster.gpus:
            os.environ["CUDA_VISIBLE_DEVICES"] = ""  # which others have asked for
        self.data = NodeData()

    def begin(self, task: Task, name: str, content: Changes) -> None:
        """Begin the job, or go on with it, in a folder of that ``name``."""
        scratch = Path(tempfile.mkdtemp(prefix="runner-"))
        for folder, files in (
            own := {scratch / f"conf-{number}": files for number, files in enumerate(self.conf)}
        ).items():
            files.put(folder)
        folder = scratch / name
        folder.mkdir()
        content.put(folder)
        self.sender = Sender(folder)
        self.sender.changes()  # they came from where they would go
        with suppress(RunnerError):  # which the job says itself
            self.data.check(task, task.job.config(self.changes))
        training = NodeTraining((*own, packaged_conf()), self.changes, self.data)
        self.jobs = LocalJobs(OnNode(training, self.data, os.getpid()))
        self.running: Handle | None = self.jobs.submit(task, folder)
        self.sent = time.monotonic()

    def news(self, seconds: float) -> News:
        """What there is to be said of the job, after that time at the latest."""
        assert self.running is not None
        self.jobs.wait([self.running], seconds)
        ended = self.jobs.state(self.running)
        is_due = time.monotonic() - self.sent >= self.sync_s and self.sender.has_checkpoint
        if ended is None and not is_due:
            return News(None, None)
        changes, self.sent = self.sender.changes(), time.monotonic()
        if ended is not None:
            self.running = None
            shutil.rmtree(self.sender.folder.parent)
        return News(changes, ended)

    def cancel(self, number: int) -> None:
        """Ray's own processes are deaf to Ctrl-C, and so are those that they begin: the job is told SIGTERM instead."""
        if self.running is not None:
            self.jobs.cancel(self.running, signal.SIGTERM if number == signal.SIGINT else number)
