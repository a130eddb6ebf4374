"""A sweep about to begin, or to go on: checked, its data read, its folder made and owned."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from runner.compose.hydra_bridge import Trees
from runner.compose.request import Request, parse
from runner.config.catalog import Catalog, conf_folders
from runner.config.run_config import Config
from runner.config.searching import longer
from runner.config.sweeping import Sweeping
from runner.errors import ConfigError, DataError, DeviceError, RunnerError
from runner.runs.directory import SWEEP, check_writable, claim, make
from runner.runs.summary import now
from runner.sweep.check import job_config
from runner.sweep.folder import Header, SweepFolder, owned
from runner.sweep.job import SharedData, Training, Trial
from runner.sweep.line import GridJob
from runner.sweep.local import LocalJobs
from runner.sweep.machine import Machine
from runner.sweep.plan import Job, Planned, job_of, numbered_on, sweep_name, with_identity, with_threads
from runner.sweep.record import SweepRun
from runner.sweep.rungs import Halving
from runner.sweep.search_plan import SearchPlan, differences, plan_of_fact
from runner.sweep.trial import Needs, try_jobs
from runner.sweep.trials import Trials
from runner.text import here, waiting


@dataclass(frozen=True)
class Ground:
    """What the jobs of a sweep stand on: a machine, data that is read once, options, what a user says now."""

    machine: Machine
    read: SharedData
    catalog_folders: tuple[Path, ...]
    changes: Mapping[str, Any]

    def work(self, kind: type[Training] | type[Trial]) -> LocalJobs:
        return LocalJobs(kind(self.catalog_folders, self.changes, self.read), self.machine.slots)

    def read_for(self, job: Job) -> None:
        """Reads the job's data where no job before it did, so that it need not; what is wrong the job says itself."""
        with suppress(RunnerError):
            self.read(job.config(self.changes))


def sweep(request: Request, planned: Planned) -> int:
    """Run the jobs, which are checked: 0 when all have finished, 1 when one has failed.

    Raises RunnerError, before a folder is made where the data or a first step shows it; Interrupted after a signal.
    """
    jobs, configs, search = planned.jobs, planned.configs, planned.search
    first = configs[0]
    named = named_folder(first.sweep)
    check_writable(named or Path(first.output_dir).expanduser())
    torch.set_num_threads(1)  # a process that has computed with several cannot be forked
    machine = Machine.here(first.device, first.sweep.jobs_per_gpu)
    ground = Ground(machine, SharedData(), conf_folders(request.flags.config_dir), {"trusted": first.trusted})
    with waiting("reading the data"):
        digests = [ground.read.digest(config) for config in configs]
    with waiting("taking a first step of each kind of job"):
        needs = try_jobs(jobs, ground.work(Trial), machine.places) if first.sweep.check else Needs()
    num_jobs = len(jobs) if search is None else search.most_at_a_time
    at_a_time = min(machine.at_a_time(first.sweep.jobs, num_jobs, needs.memory), num_jobs)
    name = sweep_name(configs)
    path = named or claim(Path(first.output_dir).expanduser(), name, under="sweeps").path
    make(path)
    with owned(path):
        folder = SweepFolder.opened(path, header(request, first, name, machine, at_a_time, search))
        check_same_search(folder, search)
        if search is not None:
            trials = trials_of(search, request, folder, ground)
            run = SweepRun(folder, ground.work(Training), ground.read_for, first.sweep, at_a_time, needs, search=trials)
            return run.run(folder.jobs)
        fixed = [
            with_identity(with_threads(job, folder.header.threads), digest, machine.device)
            for job, digest in zip(jobs, digests, strict=True)
        ]
        folder.add(numbered_on(fixed, folder.jobs))
        wanted = {job.identity for job in fixed}
        todo = [job for job in folder.jobs if job.identity in wanted]
        return SweepRun(folder, ground.work(Training), ground.read_for, first.sweep, at_a_time, needs).run(todo)


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


def trials_of(plan: SearchPlan, request: Request, folder: SweepFolder, ground: Ground) -> Trials:
    """The trials of a search, each composed and checked as it is proposed."""
    trees = Trees(Catalog(ground.catalog_folders))

    def make(asked: GridJob) -> Job:
        config = job_config(request, asked, len(folder.jobs), trees)
        job = with_threads(job_of(0, asked, config), folder.header.threads)
        return with_identity(job, ground.read.digest(config), ground.machine.device)

    return (Halving if plan.rungs else Trials)(plan, folder, make)


def header(
    request: Request, first: Config, name: str, machine: Machine, at_a_time: int, search: SearchPlan | None
) -> Header:
    """What a sweep that begins fixes for all its jobs, of which ``first`` is one.

    How many jobs of a search run beside each other decides nothing of it, also not through their threads.
    """
    side_by_side = at_a_time if search is None else min(machine.places, search.most_at_a_time)
    return Header(
        name=name,
        started=now(),
        words=request.argv,
        config_dir=request.flags.config_dir,
        threads=first.threads or max(1, machine.cores // side_by_side),
        jobs_at_a_time=at_a_time,
        jobs_per_gpu=first.sweep.jobs_per_gpu,
        device=machine.device,
        monitor=first.monitor,
        keep=first.sweep.keep,
        search=None if search is None else search.as_fact(),
    )


def resume_sweep(
    path: Path, sweeping: Sweeping, changes: Mapping[str, Any], search: Mapping[str, Any], *, retries_failed: bool
) -> int:
    """Run what is left of a sweep; as ``sweep``. ``search`` says how much longer a search goes on."""
    torch.set_num_threads(1)
    with owned(path):
        folder = SweepFolder.opened(path)
        if search and folder.header.search is not None:
            folder.rewrite(replace(folder.header, search=longer(folder.header.search, search)))
        fixed = folder.header
        machine = Machine.here(
            "cpu" if fixed.device == "cpu" else "auto", max(sweeping.jobs_per_gpu, fixed.jobs_per_gpu)
        )
        if fixed.device not in (machine.device, "cpu"):
            raise DeviceError(
                f"{here(path)}: its jobs compute on {fixed.device}, which this machine does not have; "
                "resume it where there is one"
            )
        ground = Ground(machine, SharedData(), conf_folders(fixed.config_dir), changes)
        wanted = sweeping.jobs if isinstance(sweeping.jobs, int) else fixed.jobs_at_a_time
        at_a_time = machine.at_a_time(wanted, len(folder.jobs), memory=0)
        run = SweepRun(
            folder, ground.work(Training), ground.read_for, sweeping, at_a_time, Needs(), retries_failed=retries_failed
        )
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
    path = Path(sweeping.dir).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise ConfigError(f"sweep.dir={sweeping.dir}: is a file; name a folder")
    if path.is_dir() and any(path.iterdir()) and not (path / SWEEP).exists():
        raise ConfigError(f"sweep.dir={sweeping.dir}: holds files of no sweep; name an empty folder, or a new one")
    if path.is_dir() and (path / SWEEP).exists():
        with owned(path):
            pass
    return path
