"""Jobs on the nodes of a Ray cluster, which need not share a disk: a process of Ray's for each that runs at a time.

Ray finds a node with room for a job, and says when the node has died. All else is as on this machine.
"""

from __future__ import annotations

import logging
import signal
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
from runner.config.run_config import Config
from runner.errors import ConfigError, DataError
from runner.experiment.located import located
from runner.runs.directory import RunDirectory
from runner.runs.transfer import Sender
from runner.sweep.job import SharedData
from runner.sweep.local import Ended
from runner.sweep.plan import Job, packed_config
from runner.sweep.ray_node import News, Node, Task, data_faults

ANSWERS_WITHIN_S = 10.0
LOOKED_AT_S = 0.25  # how long a node waits for something to say
LOCAL = "local"  # an address: Ray is begun on this machine, and takes seconds for it
NODE_DIED = "its node has died"  # Ray's words for it


@dataclass
class RayJob:
    """A job that was handed to Ray."""

    node: Any  # the process of Ray's that runs it
    folder: Path  # of the run, here
    answer: Any  # of the node, still to come
    owned: ExitStack  # the folder's lock
    has_begun: bool = False  # on a node
    began: float = field(default_factory=time.monotonic)


def places(cluster: Ray) -> int:
    """How many jobs find room now. Raises ConfigError where no Ray answers, or none of its nodes has room for one."""
    connect(cluster.address)
    found = sum(room(cluster, node) for node in nodes_of(cluster))
    if not found:
        raise ConfigError(
            f"cluster.cpus={cluster.cpus:g} cluster.gpus={cluster.gpus:g}: no node of {cluster.address} has so many"
        )
    return found


def nodes_of(cluster: Ray) -> list[Mapping[str, Any]]:
    """Those that live and have room for a job."""
    return [node for node in ray.nodes() if node["Alive"] and room(cluster, node)]  # type: ignore[no-untyped-call]


def room(cluster: Ray, node: Mapping[str, Any]) -> int:
    """For how many jobs there is room on a node, while nobody else uses it."""
    wanted = {"CPU": cluster.cpus, "GPU": cluster.gpus}
    fit: list[int] = [int(node["Resources"].get(name, 0) // number) for name, number in wanted.items() if number]
    return min(fit)


def check_data(cluster: Ray, data: Mapping[str, Config]) -> None:
    """Raises DataError where a node has other ``data`` than this machine, by its digest here, or has it not."""
    connect(cluster.address)
    plain = {digest: {**located(config).as_dict(), "said": sorted(config.said)} for digest, config in data.items()}
    trusted = next((config.trusted for config in data.values()), [])
    try:
        found: list[list[str]] = ray.get([on(node).remote(plain, trusted) for node in nodes_of(cluster)])
    except RayError as fault:
        raise ConfigError(f"cluster.address={cluster.address}: a node cannot run jobs: {last_line(fault)}") from fault
    if faults := [fault for of_node in found for fault in of_node]:
        raise DataError("\n".join(dict.fromkeys(faults)))


def on(node: Mapping[str, Any]) -> Any:
    """``data_faults`` as a task of that node."""
    there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
    return ray.remote(data_faults).options(num_cpus=0, scheduling_strategy=there)


class RayJobs:
    """As ``LocalJobs``; a job that no node has room for waits in Ray's own queue."""

    outlives_driver = False

    def __init__(self, cluster: Ray, read: SharedData, catalog_folders: Sequence[Path], changes: Mapping[str, Any]):
        """Raises ConfigError where no Ray answers."""
        connect(cluster.address)
        conf = [Sender(folder).changes() for folder in catalog_folders if folder != packaged_conf()]
        self.read, self.changes = read, changes
        self.new: Any = ray.remote(Node)
        self.asked = {"num_cpus": cluster.cpus, "num_gpus": cluster.gpus}
        self.words = changes, conf, cluster
        self.idle: list[Any] = []  # nodes that have done a job: torch is imported there and the data read

    def submit(self, job: Job, folder: Path) -> RayJob:
        node = self.idle.pop() if self.idle else self.new.options(**self.asked).remote(*self.words)
        owned = ExitStack()
        owned.enter_context(RunDirectory(folder).owned())
        task = self.task(job, job.config(self.changes))
        return RayJob(node, folder, node.begin.remote(task, folder.name, Sender(folder).changes()), owned)

    def task(self, job: Job, config: Config) -> Task:
        """The job with its folders in full, as they are here, and what its data is here."""
        packed = packed_config({**located(config).as_dict(), "said": sorted(config.said)})
        return Task(replace(job, packed=packed), self.read.digest(config))

    def under_way(self, job: Job, folder: Path) -> None:
        """No job: they end with the sweep."""

    def state(self, handle: RayJob) -> Ended | None:
        """None while it runs. Raises RunError where what came of it cannot be written."""
        if not handle.has_begun:
            handle.began = time.monotonic()
        if not ray.wait([handle.answer], timeout=0)[0]:
            return None
        ended = self.heard(handle)
        if ended is None:
            handle.answer = handle.node.news.remote(LOOKED_AT_S)
        else:
            handle.owned.close()
        return ended

    def heard(self, handle: RayJob) -> Ended | None:
        """How the job ended, by the node's answer."""
        try:
            news: News | None = ray.get(handle.answer)
        except RayTaskError as fault:
            return Ended(1, f"on its node: {fault.cause}")
        except RayError as loss:
            ray.kill(handle.node)  # it may be there and only not be heard
            is_lost = isinstance(loss, ActorUnavailableError | ObjectLostError) or NODE_DIED in str(loss)
            return Ended(-signal.SIGKILL, "its node died" if is_lost else first_line(loss), is_lost=is_lost)
        handle.has_begun = True
        if news is None:
            return None
        if news.changes is not None:
            news.changes.put(handle.folder)
        if news.ended is not None:
            self.idle.append(handle.node)
        return news.ended

    def cancel(self, handle: RayJob, number: int = signal.SIGTERM) -> None:
        if handle.has_begun:
            handle.node.cancel.remote(number)
        else:
            ray.kill(handle.node)

    def wait(self, handles: Collection[RayJob], seconds: float) -> None:
        """Until one of them has something to say, or the time is over."""
        ray.wait([handle.answer for handle in handles], timeout=seconds)

    def farewell(self, handles: Collection[RayJob]) -> str:
        """Nothing: no job stays behind."""
        return ""


def first_line(fault: BaseException) -> str:
    return str(fault).strip().partition("\n")[0]


def last_line(fault: BaseException) -> str:
    """Of a fault with a traceback what it says itself."""
    return str(fault).strip().rpartition("\n")[2]


def connect(address: str) -> None:
    """Raises ConfigError where no Ray answers, which Ray itself would wait for by the minute."""
    if ray.is_initialized():
        return
    fault = [f"not within {ANSWERS_WITHIN_S:g} s"]

    def try_it() -> None:
        try:
            ray.init(address, log_to_driver=False, logging_level=logging.CRITICAL)
            fault.clear()
        except Exception as refusal:  # of kinds that differ with the address
            fault[:] = [first_line(refusal)]

    thread = Thread(target=try_it, daemon=True)
    thread.start()
    thread.join(None if address == LOCAL else ANSWERS_WITHIN_S)
    if fault:
        raise ConfigError(
            f"cluster.address={address}: no Ray answers: {fault[0]}\n"
            "  start one with ray start --head, or try it on this machine alone: cluster.address=local"
        )
