"""``train -m``: the jobs of a sweep, each in a process of its own under one folder; at the end side by side."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import re
import shlex
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

from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from runner.compose.command import command_of_best
from runner.compose.composition import compose
from runner.compose.hydra_bridge import editable
from runner.compose.request import Request, readable
from runner.config.catalog import Catalog, conf_folders
from runner.config.run_config import Config
from runner.engine.stop import SIGNALS
from runner.errors import RunnerError
from runner.runs.directory import RunDirectory, check_writable, claim
from runner.runs.files import write_whole
from runner.runs.ranking import contests, read_runs
from runner.runs.saved_run import DONE, SWEEP, SavedRun
from runner.screen.console import console
from runner.screen.contest import show_contest, unfinished_text
from runner.sweep.check import checked
from runner.text import figure, here, say

SIGNAL_CODES = (129, 130, 143)  # HUP, INT, TERM
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


def sweep(request: Request) -> int:
    """The exit code: 0 when every job finished, 1 when one failed, 128 + n after signal n.

    Everything is composed and checked before the first folder is made. Raises RunnerError.
    """
    words, configs = zip(*check_jobs(request), strict=True)
    output_dir = Path(configs[0].output_dir).expanduser()
    check_writable(output_dir)
    folder = claim(output_dir, sweep_name(configs), under="sweeps").path
    tree = _master(request)
    with editable(tree):
        tree.hydra.sweep.dir = str(folder)
    write_whole(folder / SWEEP, OmegaConf.to_yaml(tree).encode())
    ended = run_jobs(request, words, folder)
    screen = console(sys.stdout)
    screen.print()
    show_ended(screen, folder, ended, Catalog(conf_folders(request.flags.config_dir)))
    has_curves = any(config.tensorboard != "off" for config in configs)
    look = "tensorboard --logdir" if has_curves else "python -m runner report"
    screen.print(f"\nall of them: {look} {shlex.quote(here(folder))}", soft_wrap=True)
    interrupted = [job.exit_code for job in ended if job.exit_code in SIGNAL_CODES]
    return interrupted[0] if interrupted else int(any(job.exit_code for job in ended))


def check_jobs(request: Request) -> list[tuple[list[str], Config]]:
    """The overrides of each job, and its config. Raises ConfigError with the faults of all, equal ones once."""
    found, configs = checked(request)
    return [(list(job.overrides), config) for job, config in zip(found.jobs, configs, strict=True)]


def sweep_name(configs: Sequence[Config]) -> str:
    """What the names of all jobs have in common, else their net and data set: cnn-epochs=3-digits."""
    first, *others = (re.split(r"-(?!\d)", config.name) for config in configs)
    common = [word for word in first if all(word in other for other in others)]
    options = [{getattr(config, group).option for config in configs} for group in ("model", "dataset")]
    return "-".join(common or [found.pop() for found in options if len(found) == 1]) or "sweep"


def show_ended(screen: Console, folder: Path, ended: Sequence[Job], catalog: Catalog) -> None:
    """What the run directories say, as ``report`` tells it, then the jobs that did not finish."""
    runs, left_out = read_runs([folder])
    for line in left_out:
        say(f"warning: {line}; left out", file=sys.stderr)
    for contest in contests(runs):
        show_contest(screen, contest, command_of_best(contest, catalog))
    for job in ended:
        if job.exit_code:
            screen.print(unfinished_text("failed", job.reason, job.run.path), soft_wrap=True)


def _master(request: Request) -> DictConfig:
    """The composition without what is swept over, with the words of the line."""
    catalog = Catalog(conf_folders(request.flags.config_dir))
    lines = readable(request.overrides, catalog, multirun=True)
    own = [line for line in lines.overrides if line.startswith("hydra.")]
    tree = compose(request.with_overrides(own)).tree
    with editable(tree):
        tree.hydra.mode = RunMode.MULTIRUN
        tree.hydra.overrides.task = [line for line in lines.overrides if line not in own]
        tree.hydra.overrides.hydra = own
    return tree


def run_jobs(request: Request, jobs: Sequence[Sequence[str]], sweep_dir: Path) -> list[Job]:
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
                code, reason = _run(context, argv, run, running)
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
    score = f"{monitor} {figure(value)}" if isinstance(value, int | float) else str(run.known.get("status"))
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

    numbers = (getattr(signal, name) for name in SIGNALS if hasattr(signal, name))
    before = {number: signal.signal(number, pass_on) for number in numbers}
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


def _run(context: Any, argv: list[str], run: SavedRun, running: _Running) -> tuple[int, str]:
    """(exit code, reason) of one job, whatever became of its process."""
    listening, telling = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(JOB, argv, str(run.path), telling))
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
