"""Jobs on the nodes of a Ray cluster, which need not share a disk: each in a process of Ray's, an actor.

Ray finds a node with room for a job, and says when the node has died. All else is as on this machine.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, ObjectLostError, RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from runner.config.catalog import packaged_conf
from runner.config.clustering import Ray
from runner.errors import ConfigError, DataError, RunError
from runner.experiment.located import located
from runner.runs.directory import RunDirectory
from runner.runs.transfer import Sender
from runner.sweep.job import SharedData
from runner.sweep.local import Ended
from runner.sweep.plan import Job, packed_config
from runner.sweep.ray_node import News, Node, Task, data_faults

ANSWERS_WITHIN_S = 10.0
READS_WITHIN_S = 1800.0  # a node, the data, which it may have to fetch
LOOKED_AT_S = 0.25  # how long a node waits for something to say
LOCAL = "local"  # an address: Ray is begun on this machine
NODE_DIED = "its node has died"  # Ray's words for it


@dataclass
class RayJob:
    """A job that was handed to Ray."""

    node: Any  # the actor that runs it
    folder: Path  # of the run, here
    answer: Any  # of the actor, still to come
    owned: ExitStack  # holds the folder's lock
    has_begun: bool = False  # on a node
    began: float = field(default_factory=time.monotonic)


class RayJobs:
    """As ``LocalJobs``; a job that no node has room for waits in Ray's own queue."""

    outlives_driver = False

    def __init__(self, cluster: Ray, read: SharedData, catalog_folders: Sequence[Path], changes: Mapping[str, Any]):
        """Raises ConfigError where no Ray answers."""
        connect(cluster.address)
        self.cluster, self.read, self.changes = cluster, read, changes
        self.conf = [Sender(folder).changes() for folder in catalog_folders if folder != packaged_conf()]
        self.actor: Any = ray.remote(Node).options(num_cpus=cluster.cpus, num_gpus=cluster.gpus)

    def places(self) -> int:
        """How many jobs find room while nobody else uses the cluster. Raises ConfigError where no node has any."""
        if found := sum(map(self.room, self.nodes())):
            return found
        asked = f"cluster.cpus={self.cluster.cpus:g} cluster.gpus={self.cluster.gpus:g}"
        raise ConfigError(f"{asked}: no node of the cluster has so many; ask for fewer")

    def nodes(self) -> list[Mapping[str, Any]]:
        """Those that live and have room for a job."""
        return [node for node in ray.nodes() if node["Alive"] and self.room(node)]  # type: ignore[no-untyped-call]

    def room(self, node: Mapping[str, Any]) -> int:
        """For how many jobs."""
        wanted = {"CPU": self.cluster.cpus, "GPU": self.cluster.gpus}
        return min(int(node["Resources"].get(name, 0) // number) for name, number in wanted.items() if number)

    def check_data(self, jobs: Sequence[Job]) -> None:
        """Raises DataError where a node has other data than this machine, or none; ConfigError where it cannot say."""
        tasks = list({task.data_digest: task for task in map(self.task, jobs)}.values())
        asked = [on(node).remote(tasks, self.changes) for node in self.nodes()]
        try:
            found: list[list[str]] = ray.get(asked, timeout=READS_WITHIN_S)
        except RayError as fault:
            told = str(fault).strip().rpartition("\n")[2]  # below the traceback of the node
            raise ConfigError(f"cluster.address={self.cluster.address}: a node cannot run jobs: {told}") from fault
        if faults := [fault for of_node in found for fault in of_node]:
            raise DataError("\n".join(dict.fromkeys(faults)))

    def task(self, job: Job) -> Task:
        """The job with its folders in full, as they are here, and what its data is here."""
        config = job.config(self.changes)
        full, is_said = located(config), "data_dir" in config.said and config.data_dir != os.environ.get("RUNNER_DATA")
        packed = packed_config({**full.as_dict(), "said": sorted(config.said)})
        return Task(replace(job, packed=packed), self.read.digest(config), full.data_dir if is_said else None)

    def submit(self, job: Job, folder: Path) -> RayJob:
        node, owned = self.actor.remote(self.changes, self.conf, self.cluster), ExitStack()
        owned.enter_context(RunDirectory(folder).owned())
        return RayJob(node, folder, node.begin.remote(self.task(job), folder.name, Sender(folder).changes()), owned)

    def under_way(self, job: Job, folder: Path) -> None:
        """None: the jobs of a sweep that was killed have ended with it."""

    def state(self, handle: RayJob) -> Ended | None:
        """None while it waits or runs."""
        if not handle.has_begun:
            handle.began = time.monotonic()
        if not ray.wait([handle.answer], timeout=0)[0]:
            return None
        ended = heard(handle)
        if ended is None:
            handle.answer = handle.node.news.remote(LOOKED_AT_S)
        else:
            ray.kill(handle.node)  # its place is free; a node that was lost may be there and only not be heard
            handle.owned.close()
        return ended

    def cancel(self, handle: RayJob, number: int = signal.SIGTERM) -> None:
        if handle.has_begun and number != signal.SIGKILL:
            handle.node.cancel.remote(number)
        else:
            ray.kill(handle.node)

    def wait(self, handles: Collection[RayJob], seconds: float) -> None:
        """Until one of them has something to say, or the time is over."""
        ray.wait([handle.answer for handle in handles], timeout=seconds)

    def farewell(self, handles: Collection[RayJob]) -> str:
        """Nothing: no job stays behind."""
        return ""


def heard(handle: RayJob) -> Ended | None:
    """How the job ended, by the answer of its node; what has changed in its folder is put down here."""
    try:
        news: News | None = ray.get(handle.answer)
    except RayTaskError as fault:
        return Ended(1, f"on its node: {fault.cause}")
    except RayError as loss:
        is_lost = isinstance(loss, ActorUnavailableError | ObjectLostError) or NODE_DIED in str(loss)
        return Ended(-signal.SIGKILL, "its node died" if is_lost else "its process on the node died", is_lost=is_lost)
    handle.has_begun = True
    try:
        if news is not None and news.changes is not None:
            news.changes.put(handle.folder)
    except (RunError, OSError) as refusal:
        return Ended(1, str(refusal), is_short_of_disk=True)
    return None if news is None else news.ended


def on(node: Mapping[str, Any]) -> Any:
    """``data_faults`` as a task of that node."""
    there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
    return ray.remote(data_faults).options(num_cpus=0, scheduling_strategy=there)


def connect(address: str) -> None:
    """Raises ConfigError where no Ray answers, which Ray itself would wait for by the minute."""
    if ray.is_initialized():
        return
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # of a Ray that is begun here
    fault = [f"not within {ANSWERS_WITHIN_S:g} s"]

    def try_it() -> None:
        try:
            if found := re.fullmatch(r"(?:ray://)?(.+):(\d+)", address):  # Ray would print that nobody is there
                socket.create_connection((found[1], int(found[2])), ANSWERS_WITHIN_S).close()
            ray.init(address, log_to_driver=False, logging_level=logging.CRITICAL, include_dashboard=False)
            fault.clear()
        except Exception as refusal:  # of kinds that differ with the address
            told = (isinstance(refusal, OSError) and refusal.strerror) or str(refusal)
            fault[:] = [" ".join(told.split())]

    if address == LOCAL:
        try_it()  # in this thread: with a thread Linux ends the processes that it has begun
    else:
        thread = Thread(target=try_it, daemon=True)
        thread.start()
        thread.join(ANSWERS_WITHIN_S)
    if fault:
        raise ConfigError(
            f"cluster.address={address}: no Ray answers: {fault[0]}\n"
            "  start one with ray start --head, or try it on this machine alone: cluster.address=local"
        )
