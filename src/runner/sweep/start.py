"""A sweep about to begin, or to go on: checked, its data read, its folder made and owned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from runner.compose.request import Request
from runner.config.catalog import conf_folders
from runner.config.run_config import Config
from runner.config.sweeping import Sweeping
from runner.errors import ConfigError, DeviceError, RunnerError
from runner.runs.directory import SWEEP, check_writable, claim, make
from runner.runs.summary import now
from runner.sweep.folder import Header, SweepFolder, owned
from runner.sweep.job import SharedData, Training, Trial
from runner.sweep.local import LocalJobs
from runner.sweep.machine import Machine
from runner.sweep.plan import Job, numbered_on, sweep_name, with_identity, with_threads
from runner.sweep.record import SweepRun
from runner.sweep.trial import Needs, try_jobs
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


def sweep(request: Request, jobs: Sequence[Job], configs: Sequence[Config]) -> int:
    """Run the jobs, which are checked: 0 when all have finished, 1 when one has failed.

    Raises RunnerError, before a folder is made where the data or a first step shows it; Interrupted after a signal.
    """
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
    at_a_time = machine.at_a_time(first.sweep.jobs, len(jobs), needs.memory)
    name = sweep_name(configs)
    path = named or claim(Path(first.output_dir).expanduser(), name, under="sweeps").path
    make(path)
    with owned(path):
        folder = SweepFolder.opened(path, header(request, first, name, machine, at_a_time))
        fixed = [
            with_identity(with_threads(job, folder.header.threads), digest, machine.device)
            for job, digest in zip(jobs, digests, strict=True)
        ]
        folder.add(numbered_on(fixed, folder.jobs))
        wanted = {job.identity for job in fixed}
        todo = [job for job in folder.jobs if job.identity in wanted]
        return SweepRun(folder, ground.work(Training), ground.read_for, first.sweep, at_a_time, needs).run(todo)


def header(request: Request, first: Config, name: str, machine: Machine, at_a_time: int) -> Header:
    """What a sweep that begins fixes for all its jobs, of which ``first`` is one."""
    return Header(
        name=name,
        started=now(),
        words=request.argv,
        config_dir=request.flags.config_dir,
        threads=first.threads or max(1, machine.cores // at_a_time),
        jobs_at_a_time=at_a_time,
        jobs_per_gpu=first.sweep.jobs_per_gpu,
        device=machine.device,
        monitor=first.monitor,
        keep=first.sweep.keep,
    )


def resume_sweep(path: Path, sweeping: Sweeping, changes: Mapping[str, Any], *, retries_failed: bool) -> int:
    """Run what is left of a sweep; as ``sweep``."""
    torch.set_num_threads(1)
    with owned(path):
        folder = SweepFolder.opened(path)
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
