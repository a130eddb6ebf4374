"""The jobs of a sweep, composed and checked once, each with what it takes to run it: its settings and its folder."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from runner.compose.request import Request
from runner.compose.run_name import told_apart
from runner.config.clustering import Cluster
from runner.config.run_config import Config, check, settings_with
from runner.config.stored import with_later_keys
from runner.runs.ranking import differing
from runner.sweep.check import checked
from runner.sweep.line import GridJob
from runner.sweep.search_plan import SearchPlan

NOT_OF_IDENTITY = ("said", *settings_with("is_identity", False))


@dataclass(frozen=True)
class Job:
    """One run of a sweep; ``packed`` is its config, small: a sweep may have thousands."""

    number: int
    words: tuple[str, ...]  # after train, as typed
    folder: str
    packed: bytes
    identity: str = ""  # what the run is, whatever it is called: digest of settings, data and kind of device
    stops: Mapping[int, float | None] = field(default_factory=dict)  # where a search may end it, as ``record`` takes it

    @property
    def settings(self) -> dict[str, str]:
        """As typed: {"optimizer.lr": "0.1", "model": "mlp"}."""
        return dict(word.split("=", 1) for word in self.words if "=" in word)

    def plain(self) -> dict[str, Any]:
        """The config as plain data, and the names of what somebody ``said``."""
        plain: dict[str, Any] = json.loads(zlib.decompress(self.packed))
        return plain

    def config(self, changes: Mapping[str, Any]) -> Config:
        """With what a user says now; whom he trusts is never read from a file."""
        tree = self.plain()
        options, said = tree.pop("options"), tree.pop("said")
        return check({**with_later_keys(tree), "trusted": [], **changes}, options, None, said)

    def as_fact(self) -> dict[str, Any]:
        """What the journal keeps of it."""
        told = {name: getattr(self, name) for name in ("words", "folder", "identity")}
        return {"job": self.number, **told, "config": self.plain()}


def job_of_fact(fact: Mapping[str, Any]) -> Job:
    """Raises KeyError, TypeError or ValueError where something of it is missing, or its folder lies elsewhere."""
    if not re.fullmatch(r"\d{4,}(-[^/\\]*)?", fact["folder"]):
        raise ValueError(f"{fact['folder']!r} is no folder of a job")
    return Job(fact["job"], tuple(fact["words"]), fact["folder"], packed_config(fact["config"]), fact["identity"])


def packed_config(plain: Mapping[str, Any]) -> bytes:
    return zlib.compress(json.dumps(plain, ensure_ascii=False).encode())


@dataclass(frozen=True)
class Planned:
    """What a line asks for, checked: every job, or the few that a search was checked by; the config of each."""

    jobs: list[Job]
    configs: list[Config]
    num_skipped: int  # combinations that sweep.skip left out
    cluster: Cluster | None  # where they run; None: on this machine
    search: SearchPlan | None


def check_jobs(request: Request) -> Planned:
    """Its jobs are numbered as they stand on the line. Raises ConfigError with the faults of all, equal ones once."""
    grid, configs = checked(request)
    jobs = [job_of(number, job, config) for number, (job, config) in enumerate(zip(grid.jobs, configs, strict=True))]
    return Planned(jobs, configs, grid.num_skipped, grid.cluster, grid.search)


def job_of(number: int, job: GridJob, config: Config) -> Job:
    """Without a folder yet."""
    words = tuple(word.lstrip("+") for word in job.overrides if not word.startswith("hydra"))
    return Job(number, words, "", packed_config({**config.as_dict(), "said": sorted(config.said)}))


def with_threads(job: Job, threads: int) -> Job:
    """The job with the number of threads that the sweep fixed, where nobody had said one."""
    plain = job.plain()
    return replace(job, packed=packed_config({**plain, "threads": plain["threads"] or threads}))


def with_identity(job: Job, data_digest: str, device: str) -> Job:
    """The job with what it is, once its threads are fixed."""
    plain = {name: value for name, value in job.plain().items() if name not in NOT_OF_IDENTITY}
    plain["dataset"].pop("path", None)  # the digest of its rows says more
    told = json.dumps([plain, data_digest, device], sort_keys=True)
    return replace(job, identity=hashlib.sha256(told.encode()).hexdigest()[:16])


def numbered_on(new: Sequence[Job], known: Sequence[Job]) -> list[Job]:
    """The jobs that are not among the ``known``, each once, numbered behind them from 1 on; each with a folder."""
    there, number = {job.identity for job in known}, max((job.number for job in known), default=0) + 1
    added: dict[str, Job] = {job.identity: job for job in reversed(new) if job.identity not in there}
    in_order = [job for job in new if added.get(job.identity) is job]
    names = differing([job.settings for job in [*known, *in_order]], besides=())
    return [
        replace(job, number=place, folder=folder_name(place, {n: v for n, v in job.settings.items() if n in names}))
        for place, job in enumerate(in_order, start=number)
    ]


def folder_name(number: int, settings: Mapping[str, str]) -> str:
    """What TensorBoard shows a job as: 0003-cnn-lr=0.1."""
    return "-".join(filter(None, [f"{number:04}", told_apart(settings)]))


def sweep_name(configs: Sequence[Config]) -> str:
    """What the names of all jobs have in common, else their net and data set: cnn-epochs=3-digits."""
    first, *others = (re.split(r"-(?!\d)", config.name) for config in configs)
    common = [word for word in first if all(word in other for other in others)]
    options = [{getattr(config, group).option for config in configs} for group in ("model", "dataset")]
    return "-".join(common or [found.pop() for found in options if len(found) == 1]) or "sweep"
