"""Jobs handed to SLURM by submitit, or to its executor on this machine: they go on without the sweep."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from types import FrameType

from submitit import JobEnvironment, LocalExecutor, SlurmExecutor
from submitit.core.core import Job as SubmittedJob
from submitit.core.utils import FailedJobError, FailedSubmissionError
from submitit.helpers import Checkpointable

from runner.config.clustering import Slurm
from runner.engine.stop import Interruption
from runner.errors import ConfigError
from runner.runs.directory import RunDirectory
from runner.runs.files import read_json, write_json
from runner.sweep.folder import SweepFolder
from runner.sweep.local import Ended, Work, done, print_to
from runner.sweep.plan import Job
from runner.text import here, program

FILES = "submitit"  # the folder of a sweep that holds what submitit writes
END = "ended.json"  # of a job's folder: how its process ended
MOST_REQUEUED = 10_000  # times that a job is queued again at its time limit: each time it has come further
SIGNAL_DELAY_S = 90  # from submitit's signal to the end of a job's time
LOOKED_AT_S = 2.0  # how often the files of jobs are looked at, on a disk that nodes share
SEEN_WITHIN_S = 15.0  # until such a disk shows a file that another machine has written; as submitit has it
LOCK_LOOKED_AT_S = 1.0


@dataclass(frozen=True)
class Submission(Checkpointable):
    """What submitit calls where the job runs, and calls again when the job was queued again."""

    work: Work
    job: Job
    folder: Path
    is_local: bool

    def __call__(self) -> None:
        """Writes ``END``, unless the job is queued again."""
        directory = RunDirectory(self.folder)
        print_to(directory.log)
        while directory.is_in_use:  # by the process of a submission that a killed sweep could not write down
            time.sleep(LOCK_LOOKED_AT_S)
        with preemption() as queue_again:
            told, code = done(self.work, self.job, self.folder)
            while told.get("is_saved") and not (queue_again.is_asked or self.is_local):
                time.sleep(LOCK_LOOKED_AT_S)  # after SIGTERM, SLURM itself ends the job or queues it again
            if told.get("is_saved") and queue_again.is_asked:
                queue_again()
        write_json(self.folder / END, {"id": JobEnvironment().job_id, "exit_code": code, **told})


class QueueAgain:
    """Calling it ends the process, and submitit calls its work again later."""

    is_asked = False

    def __init__(self) -> None:
        self.by_submitit = signal.getsignal(signal.SIGUSR2)

    def __call__(self) -> None:
        assert callable(self.by_submitit)
        self.by_submitit(signal.SIGUSR2, None)

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The time of the job is over, or another job needs its place: a run is told to save, once."""
        self.is_asked = True
        run = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
        if not isinstance(run, Interruption):  # nothing is to be saved, yet or any more
            self()
        elif run.number is None:
            run.handle(signal.SIGTERM, frame)


@contextmanager
def preemption() -> Iterator[QueueAgain]:
    """Listens to the signal of submitit."""
    asked = QueueAgain()
    signal.signal(signal.SIGUSR2, asked.handle)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGUSR2, asked.by_submitit)


@dataclass
class Handle:
    """A job that was handed over."""

    job: Job
    folder: Path
    submitted: SubmittedJob[None] | None = None  # None before that, or where a killed sweep could not write down which
    began: float = field(default_factory=time.monotonic)  # when it was first seen to run; while it waits, now
    has_run: bool = False
    gone: float | None = None  # since when it is known to be

    @property
    def id(self) -> str:
        return "" if self.submitted is None else str(self.submitted.job_id)


class SlurmJobs:
    """As ``LocalJobs``; what was submitted between two calls of ``wait`` goes to SLURM as one array."""

    outlives_driver = True

    def __init__(self, cluster: Slurm, work: Work, folder: SweepFolder):
        self.cluster, self.work, self.folder = cluster, work, folder
        self.executor = executor(cluster, folder.path / FILES, folder.header.name)
        self._new = list[Handle]()

    def submit(self, task: Job, folder: Path) -> Handle:
        (folder / END).unlink(missing_ok=True)
        self._new.append(Handle(task, folder))
        return self._new[-1]

    def under_way(self, task: Job, folder: Path) -> Handle | None:
        """The job as a sweep before this one left it, where it runs, waits, or has ended by itself."""
        known = self.folder.submitted.get(task.number)
        job = None if known is None else self.executor.job_class(self.executor.folder, known)
        handle = Handle(task, folder, job)
        return None if self._is_gone(handle) and self._end(handle) is None else handle

    def state(self, handle: Handle) -> Ended | None:
        """By the files of the run; only of one that neither runs nor has ended SLURM is asked."""
        is_gone = self._is_gone(handle)  # asked before the file is read: it is written first
        if (end := self._end(handle)) is not None:
            return end
        if not is_gone:
            handle.gone = None
            return None
        handle.gone = handle.gone or time.monotonic()
        if not self.cluster.local and time.monotonic() < handle.gone + SEEN_WITHIN_S:
            return None
        return Ended(-signal.SIGKILL, reason_of(handle))

    def cancel(self, handle: Handle, number: int = signal.SIGTERM) -> None:
        """SLURM kills what does not end by itself."""
        if handle.submitted is None:
            return
        if not self.cluster.local:
            handle.submitted.cancel(check=False)
            return
        with suppress(OSError, ValueError):
            owner = handle.folder / ".owner"  # submitit's process would pass on no SIGKILL
            pid = int(owner.read_text()) if number == signal.SIGKILL else int(handle.id)
            os.kill(pid, number)

    def wait(self, handles: Collection[Handle], seconds: float) -> None:
        """Hands over what is new. Raises ConfigError with the words of SLURM where it refuses."""
        new, self._new = self._new, []
        if new:
            self._hand_over(new)
        time.sleep(seconds if self.cluster.local else LOOKED_AT_S)

    def farewell(self, handles: Collection[Handle]) -> str:
        """The command that ends the jobs."""
        ids = " ".join(handle.id for handle in handles if handle.submitted is not None)
        return f"{'kill' if self.cluster.local else 'scancel'} {ids}" if ids else ""

    def _hand_over(self, handles: Collection[Handle]) -> None:
        is_local = self.cluster.local
        calls = [Submission(self.work, handle.job, handle.folder, is_local) for handle in handles]
        with signals_held(), redirect_stderr(StringIO()):  # where submitit repeats the words of SLURM
            try:
                jobs = self.executor.submit_array(calls)
            except (FailedJobError, FailedSubmissionError) as refusal:
                told = f"cluster=slurm: {str(refusal).strip()}"
                raise ConfigError(
                    f"{told}\n  go on with: {program()} resume {here(self.folder.path)} cluster.partition=..."
                ) from refusal
            for handle, job in zip(handles, jobs, strict=True):
                handle.submitted = job
                self.folder.write_submitted(handle.job, handle.id)

    def _is_gone(self, handle: Handle) -> bool:
        if RunDirectory(handle.folder).is_in_use:
            handle.has_run = True
            return False
        if not handle.has_run:
            handle.began = time.monotonic()
        job = handle.submitted
        return job is None or (job.done() and not (self.cluster.local and is_process_of_submitit(handle.id)))

    def _end(self, handle: Handle) -> Ended | None:
        """As the process of this submission has written it."""
        path = handle.folder / END
        if not path.exists():
            return None
        told = read_json(path)
        return Ended(**told) if told.pop("id") == handle.id else None


def executor(cluster: Slurm, folder: Path, name: str) -> LocalExecutor | SlurmExecutor:
    logging.getLogger("submitit").setLevel(logging.CRITICAL)  # sacct that does not answer is asked again
    if cluster.local:
        local = LocalExecutor(folder, max_num_timeout=MOST_REQUEUED)
        local.update_parameters(timeout_min=cluster.time_min, gpus_per_node=cluster.gpus, setup=cluster.setup)
        return local
    remote = SlurmExecutor(folder, max_num_timeout=MOST_REQUEUED)
    asked = {
        "job_name": name,
        "partition": cluster.partition,
        "account": cluster.account,
        "time": cluster.time_min,
        "mem": f"{round(cluster.mem_gb * 1024)}M",
        "cpus_per_task": cluster.cpus,
        "gpus_per_node": cluster.gpus or None,
        "array_parallelism": cluster.array_size,
        "setup": cluster.setup or None,
        "signal_delay_s": SIGNAL_DELAY_S,
    }
    remote.update_parameters(**{key: value for key, value in asked.items() if value is not None})
    return remote


def reason_of(handle: Handle) -> str:
    """What SLURM and the log of a job say that ended without a word of its own."""
    if handle.submitted is None:
        return "its process ended without a result"
    log = (handle.submitted.stderr() or "").strip().splitlines()
    state = "" if isinstance(handle.submitted, LocalExecutor.job_class) else f" ({handle.submitted.state})"
    return f"its process ended without a result{state}{f': {log[-1]}' if log else ''}"


def is_process_of_submitit(pid: str) -> bool:
    """Whether the process runs: its pid may have been given to another, or be that of one that has ended."""
    command = ["ps", "-p", pid, "-o", "args="]
    return "submitit" in subprocess.run(command, capture_output=True, text=True, check=False).stdout


@contextmanager
def signals_held() -> Iterator[None]:
    """What is begun in the block gets no Ctrl-C of this terminal; here it takes effect after the block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
