"""The jobs of a sweep, one after another, each in a process of its own."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from pathlib import Path
from types import FrameType
from typing import Any

from runner.compose.request import Request
from runner.errors import RunnerError
from runner.runs.directory import RunDirectory
from runner.runs.saved_run import DONE, SavedRun
from runner.text import say

LONGEST_NAME = 100  # characters of a job's folder
JOB = "runner.train:job"  # (argv, run_dir) -> exit code
PRELOAD = ["runner.sweep.preload"]  # modules that the process has imported from which the jobs are forked


@dataclass(frozen=True)
class Job:
    """One run of a sweep, and how its process ended."""

    number: int
    overrides: Mapping[str, str]  # setting -> value, as given: {"optimizer.lr": "0.1", "model": "mlp"}
    run: SavedRun
    exit_code: int
    reason: str  # "" when it finished


def run_jobs(request: Request, jobs: Sequence[Sequence[str]], sweep_dir: Path, job: str | None = None) -> list[Job]:
    """Each of the jobs, which are checked, ended, in ``<sweep_dir>/<number>-<its settings>``.

    One that fails stops no other. INT, TERM and HUP go to the running job, which saves; the rest is not started.
    """
    context, ended, said = fork_context(), [], set[str]()
    typed = [[word.lstrip("+") for word in overrides if not word.startswith("hydra")] for overrides in jobs]
    with _passed_on() as running:
        for number, (overrides, words) in enumerate(zip(jobs, typed, strict=True)):
            own = [word for word in words if any(word not in others for others in typed)]
            run = SavedRun(RunDirectory(sweep_dir / folder_name(number, own)))
            if running.signal_number:
                code, reason = 128 + running.signal_number, "not started: the sweep was interrupted"
            else:
                say(f"job {number}: {' '.join(words) or 'as it is'}")
                argv = [*request.with_overrides(overrides).argv, f"hydra.job.num={number}", f"hydra.job.id={number}"]
                code, reason = _run(context, job or JOB, argv, run, running)
                new = [note for note in dict.fromkeys(_notes(run)) if note not in said]
                said.update(new)
                say(*(f"  {line}" for text in (reason or _result(run), *new) for line in text.split("\n")))
            given = {key: value for key, _, value in (word.partition("=") for word in words)}
            ended.append(Job(number, given, run, code, reason))
    return ended


def folder_name(number: int, words: Sequence[str]) -> str:
    """What TensorBoard shows a job as: 3-lr=0.1-model=mlp."""
    pairs = (word.partition("=") for word in words)
    plain = (re.sub(r"[^\w.=+-]+", "_", f"{key.rpartition('.')[2]}={value}") for key, _, value in pairs)
    return "-".join([str(number), *plain])[:LONGEST_NAME]


def _result(run: SavedRun) -> str:
    """A finished job in a line: val/loss 0.0758 after 2.1 s."""
    monitor = run.known.get("monitor", "")
    value = run.known.get("best", {}).get(monitor)
    score = f"{monitor} {value:.4g}" if isinstance(value, int | float) else str(run.known.get("status"))
    return f"{score} after {run.known.get('seconds', 0):.1f} s"


def _notes(run: SavedRun) -> list[str]:
    """How the job's data was read, where a user should know of it."""
    first_fold = SavedRun(run.directory.fold(0))  # above folds there is no data
    return [note for each in (run, first_fold) for note in each.known.get("data", {}).get("notes", [])]


@dataclass
class _Running:
    """The job that runs now, and the signal that came for it."""

    pid: int | None = None
    signal_number: int = 0


@contextmanager
def _passed_on() -> Iterator[_Running]:
    """Signals for the sweep go to its running job alone, once each."""
    running = _Running()

    def pass_on(number: int, frame: FrameType | None) -> None:
        running.signal_number = number
        if running.pid is not None:
            os.kill(running.pid, number)

    wanted = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, pass_on) for number in wanted}
    try:
        yield running
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def fork_context() -> BaseContext:
    """For processes that begin with torch imported."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    return context


def _run(context: Any, job: str, argv: list[str], run: SavedRun, running: _Running) -> tuple[int, str]:
    """(exit code, reason) of one job, whatever became of its process."""
    listening, telling = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(job, argv, str(run.path), telling))
    process.start()
    telling.close()
    running.pid = process.pid
    process.join()
    running.pid = None
    told = ""
    with listening, suppress(EOFError):  # it may have ended without a word
        told = str(listening.recv()) if listening.poll() else ""
    return _verdict(process.exitcode, told, run)


def _verdict(exit_code: int, told: str, run: SavedRun) -> tuple[int, str]:
    if exit_code < 0:
        return 128 - exit_code, f"killed by {signal.Signals(-exit_code).name}"
    if exit_code == 0:
        return (0, "") if run.known.get("status") in DONE else (1, "its process ended without a result")
    return exit_code, told or str(run.known.get("reason") or f"exit code {exit_code}; see {run.directory.log}")


def _child(job: str, argv: list[str], folder: str, telling: Any) -> None:
    """Runs in the job's process."""
    if hasattr(os, "setpgrp"):
        os.setpgrp()  # Ctrl-C goes to the sweep, which passes it on once
    threading.Thread(target=_end_with_parent, daemon=True).start()
    module, _, name = job.partition(":")
    try:
        code = getattr(importlib.import_module(module), name)(argv, folder)
    except RunnerError as error:
        telling.send(str(error)[:4000])
        code = error.exit_code
    except Exception as error:
        telling.send(f"{type(error).__name__}: {error}"[:4000])
        raise
    sys.exit(code)


def _end_with_parent() -> None:
    """A sweep that was killed leaves no job behind: it saves and ends."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
