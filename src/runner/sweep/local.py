"""Jobs in processes of this machine, forked from the sweep's own: they find torch imported and the data read."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from runner.engine.stop import SIGNALS
from runner.errors import Interrupted, RunError, RunnerError, memory_ran_out
from runner.runs.directory import RunDirectory

MOST_SENT = 4000  # characters of a reason; a pipe takes 64 kB before its writer has to wait
PARENT_LOOKED_AT_S = 0.2
SAVED_WITHIN_S = 30.0  # by a job without a sweep; one that hangs is not waited for
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
Work = Callable[[Any, Path], Any]  # (what is to be done, its folder); what it returns is told at the end


@dataclass(frozen=True)
class Ended:
    """How a job's process ended."""

    exit_code: int  # -9 after SIGKILL
    reason: str = ""
    is_saved: bool = False  # it was told to end by a signal, and can be gone on with
    is_short_of_memory: bool = False
    is_short_of_disk: bool = False
    is_lost: bool = False  # with the machine that it ran on: another one goes on with it
    answer: Any = None  # what the work returned


@dataclass
class Handle:
    """A job that was begun."""

    process: BaseProcess
    answers: connection.Connection
    slot: str | None  # the GPU that it has
    began: float = field(default_factory=time.monotonic)


class LocalJobs:
    """Where jobs run: ``submit``, then ``state`` until it says how the job ended; ``cancel`` asks it to save and end.

    ``slots`` are the GPUs, each as often as jobs may share it; without them a job has no GPU to itself.
    """

    outlives_driver = False

    def __init__(self, work: Work, slots: Sequence[str] = ()):
        self.work = work
        self._free = list(slots)
        self._has_slots = bool(slots)
        self._context = context()

    def submit(self, task: Any, folder: Path) -> Handle:
        slot = max(self._free, key=self._free.count) if self._has_slots else None  # the GPU with the fewest jobs
        listening, telling = self._context.Pipe(duplex=False)
        process = self._context.Process(  # type: ignore[attr-defined]  # of every context but the abstract one
            target=_child, args=(self.work, task, folder, telling, slot, os.getpid())
        )
        try:
            begin(process)
        except OSError as refusal:
            listening.close()
            raise RunError(
                f"cannot start another process for a job: {refusal.strerror}; run fewer at a time: sweep.jobs=1"
            ) from refusal
        finally:
            telling.close()
        if slot is not None:
            self._free.remove(slot)
        return Handle(process, listening, slot)

    def under_way(self, task: Any, folder: Path) -> None:
        """None: the jobs of a sweep that was killed have ended with it."""

    def farewell(self, handles: Collection[Handle]) -> str:
        """Nothing: no job stays behind."""
        return ""

    def state(self, handle: Handle) -> Ended | None:
        """None while it runs."""
        if handle.process.exitcode is None:
            return None
        told: Mapping[str, Any] = {}
        with handle.answers, suppress(EOFError):  # it may have ended without a word
            told = handle.answers.recv() if handle.answers.poll() else {}
        if handle.slot is not None:
            self._free.append(handle.slot)
        code = handle.process.exitcode
        handle.process.close()
        return Ended(code, **told)

    def cancel(self, handle: Handle, number: int = signal.SIGTERM) -> None:
        with suppress(ProcessLookupError):
            os.kill(handle.process.pid or 0, number)

    def wait(self, handles: Collection[Handle], seconds: float) -> None:
        """Until one of them has ended, or the time is over, or a signal came."""
        connection.wait([handle.process.sentinel for handle in handles], seconds)


def begin(process: BaseProcess) -> None:
    with warnings.catch_warnings():  # of threads: those of OpenBLAS, which it stops and starts around a fork
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()


def context() -> BaseContext:
    """Forked where that is safe after torch is imported; elsewhere each process imports it for itself."""
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def _child(work: Work, task: Any, folder: Path, telling: Any, slot: str | None, parent: int) -> None:
    """Runs in the job's process."""
    if hasattr(os, "setpgrp"):
        os.setpgrp()  # Ctrl-C goes to the sweep, which passes it on once
    for name in SIGNALS:
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN:
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    if slot is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = slot
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    print_to(RunDirectory(folder).log)
    told, code = done(work, task, folder)
    with suppress(OSError):  # nobody listens any more
        telling.send(told)
    os._exit(code)  # nothing of what the sweep would do at its own end


def done(work: Work, task: Any, folder: Path) -> tuple[dict[str, Any], int]:
    """What is told of the job, and its exit code."""
    try:
        return {"answer": work(task, folder)}, 0
    except RunnerError as error:
        return _told(error, str(error)), error.exit_code
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
        return {"reason": f"exit code {code}" if error.code in (code, None) else str(error.code)}, code
    except BaseException as error:
        traceback.print_exc()
        return _told(error, f"{type(error).__name__}: {error}"), 1


def _told(error: BaseException, reason: str) -> dict[str, Any]:
    causes = list(_causes(error))
    return {
        "reason": reason[:MOST_SENT],
        "is_saved": isinstance(error, Interrupted),
        "is_short_of_memory": any(map(memory_ran_out, causes)),
        "is_short_of_disk": any(isinstance(cause, OSError) and cause.errno in NO_SPACE for cause in causes),
    }


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def print_to(log: Path) -> None:
    """From now on what is printed, also by libraries in C, goes to the end of ``log``, line by line."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(file, stream)
    sys.stdout = sys.stderr = os.fdopen(file, "w", encoding="utf-8", buffering=1)


def _end_with_parent(parent: int) -> None:
    """A sweep that was killed leaves no job behind: it saves and ends."""
    while os.getppid() == parent:
        time.sleep(PARENT_LOOKED_AT_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SAVED_WITHIN_S)
    os.kill(os.getpid(), signal.SIGKILL)
