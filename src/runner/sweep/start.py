"""A sweep about to begin, or to go on: checked, its data read, its folder made and owned."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

import torch

from runner.compose.hydra_bridge import Trees
from runner.compose.request import Request, parse
from runner.config.catalog import CLUSTER, Catalog, conf_folders
from runner.config.clustering import FIXED, LOCAL, Cluster, Ray, Slurm, as_fact, cluster_of_fact, moved
from runner.config.searching import longer
from runner.config.setting_faults import home_fault
from runner.config.sweeping import Sweeping
from runner.errors import ConfigError, DataError, DeviceError, RunnerError
from runner.experiment.assemble import read_data
from runner.ranks import num_launched
from runner.runs.directory import SWEEP, check_writable, claim, make
from runner.runs.summary import now
from runner.sweep.check import job_config
from runner.sweep.driver import BackEnd
from runner.sweep.folder import Header, SweepFolder, owned
from runner.sweep.job import NodeTraining, SharedData, Training, Trial
from runner.sweep.line import GridJob
from runner.sweep.local import LocalJobs
from runner.sweep.machine import Machine, machine_for, places_for
from runner.sweep.plan import Job, Planned, job_of, numbered_on, sweep_name, with_identity, with_threads
from runner.sweep.record import SweepRun
from runner.sweep.rungs import Halving
from runner.sweep.search_plan import SearchPlan, differences, plan_of_fact
from runner.sweep.trial import Needs, try_jobs
from runner.sweep.trials import Trials
from runner.text import expanded, here, waiting

if TYPE_CHECKING:
    from runner.sweep.ray_jobs import RayJobs

COMMANDS = ("sbatch", "srun", "scancel", "sacct")  # of SLURM, as submitit calls them


@dataclass(frozen=True)
class Ground:
    """What the jobs of a sweep stand on: a machine, data that is read once, options, what a user says now."""

    machine: Machine
    read: SharedData
    catalog_folders: tuple[Path, ...]
    changes: Mapping[str, Any]
    cluster: Cluster | None

    def trying(self) -> LocalJobs:
        """Where a first step of each kind of job is taken: on this machine, which may lack what the cluster has."""
        changes = {**self.changes, "device": "auto"} if self.cluster else self.changes
        return LocalJobs(Trial(self.catalog_folders, changes, self.read), self.machine.slots)

    def back_end(self, folder: SweepFolder) -> BackEnd:
        """Where the jobs of the folder run."""
        if isinstance(self.cluster, Slurm):
            from runner.sweep.slurm import SlurmJobs  # brings submitit, which others need not have

            return SlurmJobs(self.cluster, NodeTraining(self.catalog_folders, self.changes, read_data), folder)
        return self.ray or LocalJobs(Training(self.catalog_folders, self.changes, self.read), self.machine.slots)

    @cached_property
    def ray(self) -> RayJobs | None:
        """Where the jobs run by Ray. Raises ConfigError where none answers."""
        if not isinstance(self.cluster, Ray):
            return None
        os.environ["RAY_DEDUP_LOGS_SKIP_REGEX"] = "."  # which Ray reads at import; it would print between our lines
        from runner.sweep.ray_jobs import RayJobs  # brings Ray, which others need not have

        return RayJobs(self.cluster, self.read, self.catalog_folders, self.changes)

    def jobs_at_a_time(self, wanted: int | str, num_jobs: int, memory: int) -> int:
        """Raises ConfigError where none finds a place."""
        if self.ray is not None:
            found = self.ray.places()
            return wanted if isinstance(wanted, int) else found
        return places_for(self.cluster, self.machine, wanted, num_jobs, memory)

    def read_for(self, job: Job) -> None:
        """Reads the job's data where no job before it did, so that it need not; what is wrong the job says itself."""
        with suppress(RunnerError):
            self.read(job.config(self.changes))


def sweep(request: Request, planned: Planned) -> int:
    """Run the jobs, which are checked: 0 when all have finished, 1 when one has failed.

    Raises RunnerError, before a folder is made where the data or a first step shows it; Interrupted after a signal.
    """
    check_not_launched()
    jobs, configs, search = planned.jobs, planned.configs, planned.search
    first = configs[0]
    named = named_folder(first.sweep)
    check_writable(named or expanded(first.output_dir))
    torch.set_num_threads(1)  # a process that has computed with several cannot be forked
    check_cluster_is_here(planned.cluster)
    cluster, machine = planned.cluster, machine_for(planned.cluster, first.device, first.sweep.jobs_per_gpu)
    changes = {"trusted": first.trusted}
    ground = Ground(machine, SharedData(), conf_folders(request.flags.config_dir), changes, cluster)
    with waiting("reading the data"):
        digests = [ground.read.digest(config) for config in configs]
    with waiting("taking a first step of each kind of job"):
        needs = try_jobs(jobs, ground.trying(), machine.places) if first.sweep.check else Needs()
    num_jobs = len(jobs) if search is None else search.most_at_a_time
    at_a_time = min(ground.jobs_at_a_time(first.sweep.jobs, num_jobs, needs.memory), num_jobs)
    if ground.ray is not None and first.sweep.check:
        with waiting("asking the nodes for the data"):
            ground.ray.check_data(jobs)
    name = sweep_name(configs)
    path = named or claim(expanded(first.output_dir), name, under="sweeps").path
    make(path)
    with owned(path):
        folder = SweepFolder.opened(path, header(request, planned, name, machine, at_a_time))
        check_same_search(folder, search)
        check_same_cluster(folder, cluster)
        if search is not None:
            trials = trials_of(search, request, folder, ground)
            run = SweepRun(
                folder, ground.back_end(folder), ground.read_for, first.sweep, at_a_time, needs, search=trials
            )
            return run.run(folder.jobs)
        fixed = [
            with_identity(with_threads(job, folder.header.threads), digest, machine.device)
            for job, digest in zip(jobs, digests, strict=True)
        ]
        folder.add(numbered_on(fixed, folder.jobs))
        wanted = {job.identity for job in fixed}
        todo = [job for job in folder.jobs if job.identity in wanted]
        return SweepRun(folder, ground.back_end(folder), ground.read_for, first.sweep, at_a_time, needs).run(todo)


def check_not_launched() -> None:
    if num_launched() > 1:
        raise ConfigError("torchrun trains one run; leave it out for a sweep, whose jobs share the devices, one each")


def check_cluster_is_here(cluster: Cluster | None) -> None:
    """Raises ConfigError where this machine has no commands of SLURM."""
    if isinstance(cluster, Slurm) and not cluster.local and (missing := [c for c in COMMANDS if which(c) is None]):
        raise ConfigError(
            f"cluster=slurm: there is no {' and no '.join(missing)} on this machine; start the sweep where SLURM is\n"
            "  cluster.local=true tries it out without SLURM"
        )


def check_same_cluster(folder: SweepFolder, asked: Cluster | None) -> None:
    """Raises ConfigError where the folder's jobs run elsewhere; what may change is written down."""
    held, now = folder.header.cluster or {}, as_fact(asked) or {}
    for name in ("option", *FIXED):
        if (there := held.get(name, LOCAL)) != (wanted := now.get(name, LOCAL)):
            knob = CLUSTER if name == "option" else f"{CLUSTER}.{name}"
            raise ConfigError(
                f"sweep.dir={here(folder.path)}: its jobs run with {knob}={there}, these with {knob}={wanted}; "
                "name another folder"
            )
    folder.rewrite(replace(folder.header, cluster=as_fact(asked)))


def check_same_search(folder: SweepFolder, asked: SearchPlan | None) -> None:
    """Raises ConfigError where the folder holds a search of other values, or one is no search.

    Only how long it goes on may be another than it was, which is written down.
    """
    held, where = folder.header.search, f"sweep.dir={here(folder.path)}"
    if asked is None or held is None:
        if asked is not None or held is not None:
            kinds = [f"a search by {held['method']}" if held else "a grid", "a search" if asked else "a grid"]
            raise ConfigError(f"{where}: holds {kinds[0]}, and this is {kinds[1]}; name another folder")
        return
    if faults := list(differences(stored_plan(folder), asked)):
        raise ConfigError([f"{where}: {fault}; name another folder for another search" for fault in faults])
    folder.rewrite(replace(folder.header, search=asked.as_fact()))


def stored_plan(folder: SweepFolder) -> SearchPlan:
    """The search that sweep.json holds. Raises DataError where that is damaged."""
    try:
        return plan_of_fact(folder.header.search or {})
    except (AttributeError, KeyError, TypeError) as fault:
        told = f"{type(fault).__name__} in search: {fault}"
        raise DataError(f"{here(folder.path / SWEEP)}: damaged: {told}; put the file back") from fault


def stored_cluster(folder: SweepFolder) -> Cluster | None:
    """Where the jobs run, by sweep.json. Raises DataError where that is damaged."""
    try:
        return cluster_of_fact(folder.header.cluster)
    except (AttributeError, KeyError, TypeError) as fault:
        told = f"{type(fault).__name__} in cluster: {fault}"
        raise DataError(f"{here(folder.path / SWEEP)}: damaged: {told}; put the file back") from fault


def trials_of(plan: SearchPlan, request: Request, folder: SweepFolder, ground: Ground) -> Trials:
    """The trials of a search, each composed and checked as it is proposed."""
    trees = Trees(Catalog(ground.catalog_folders))

    def make(asked: GridJob) -> Job:
        config = job_config(request, asked, len(folder.jobs), trees)
        job = with_threads(job_of(0, asked, config), folder.header.threads)
        return with_identity(job, ground.read.digest(config), ground.machine.device)

    return (Halving if plan.rungs else Trials)(plan, folder, make)


def header(request: Request, planned: Planned, name: str, machine: Machine, at_a_time: int) -> Header:
    """What a sweep that begins fixes for all its jobs.

    How many jobs of a search run beside each other decides nothing of it, also not through their threads.
    """
    first, search, cluster = planned.configs[0], planned.search, planned.cluster
    side_by_side = at_a_time if search is None else min(machine.places, search.most_at_a_time)
    return Header(
        name=name,
        started=now(),
        words=request.argv,
        config_dir=request.flags.config_dir,
        threads=first.threads or max(1, int(cluster.cpus) if cluster else machine.cores // side_by_side),
        jobs_at_a_time=at_a_time,
        jobs_per_gpu=first.sweep.jobs_per_gpu,
        device=machine.device,
        monitor=first.monitor,
        keep=first.sweep.keep,
        search=None if search is None else search.as_fact(),
        cluster=as_fact(cluster),
    )


def resume_sweep(
    path: Path,
    sweeping: Sweeping,
    changes: Mapping[str, Any],
    search: Mapping[str, Any],
    asked: Mapping[str, Any],
    *,
    retries_failed: bool,
) -> int:
    """Run what is left of a sweep; as ``sweep``.

    ``search`` says how much longer a search goes on, ``asked`` what jobs to come ask the cluster for.
    """
    check_not_launched()
    torch.set_num_threads(1)
    with owned(path):
        folder = SweepFolder.opened(path)
        if search and folder.header.search is not None:
            folder.rewrite(replace(folder.header, search=longer(folder.header.search, search)))
        if asked and folder.header.cluster is not None:
            folder.rewrite(replace(folder.header, cluster=moved(folder.header.cluster, asked)))
        fixed, cluster = folder.header, stored_cluster(folder)
        check_cluster_is_here(cluster)
        device = "cpu" if fixed.device == "cpu" else "auto"
        machine = machine_for(cluster, device, max(sweeping.jobs_per_gpu, fixed.jobs_per_gpu))
        if fixed.device not in (machine.device, "cpu"):
            raise DeviceError(
                f"{here(path)}: its jobs compute on {fixed.device}, which this machine does not have; "
                "resume it where there is one"
            )
        ground = Ground(machine, SharedData(), conf_folders(fixed.config_dir), changes, cluster)
        wanted = sweeping.jobs if isinstance(sweeping.jobs, int) else fixed.jobs_at_a_time
        at_a_time = ground.jobs_at_a_time(wanted, len(folder.jobs), memory=0)
        how = sweeping, at_a_time, Needs()
        run = SweepRun(folder, ground.back_end(folder), ground.read_for, *how, retries_failed=retries_failed)
        if fixed.search is not None:
            request = parse(["--config-dir", fixed.config_dir] if fixed.config_dir else [])
            run.search = trials_of(stored_plan(folder), request, folder, ground)
        return run.run(folder.jobs)


def named_folder(sweeping: Sweeping) -> Path | None:
    """``sweep.dir`` in full.

    Raises ConfigError where it holds something else than a sweep, RunError where another process owns that.
    """
    if sweeping.dir is None:
        return None
    if fault := home_fault("sweep.dir", sweeping.dir):
        raise ConfigError(fault)
    path = expanded(sweeping.dir).absolute()
    if path.exists() and not path.is_dir():
        raise ConfigError(f"sweep.dir={sweeping.dir}: is a file; name a folder")
    if path.is_dir() and any(path.iterdir()) and not (path / SWEEP).exists():
        raise ConfigError(f"sweep.dir={sweeping.dir}: holds files of no sweep; name an empty folder, or a new one")
    if path.is_dir() and (path / SWEEP).exists():
        with owned(path):
            pass
    return path
