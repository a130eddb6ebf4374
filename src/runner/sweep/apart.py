"""A sweep in a process of its own, for a notebook: one that has computed with several threads is not to be forked."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from runner.compose.command import quoted
from runner.compose.hydra_bridge import hydra_put_back
from runner.compose.request import parse
from runner.errors import ConfigError, DataError, Interrupted, RunError, RunnerError
from runner.runs.directory import SWEEP, claim
from runner.sweep.plan import check_jobs, sweep_name
from runner.text import environment, expanded

KINDS: dict[int, type[RunnerError]] = {2: ConfigError, 3: DataError}  # by the exit code
MOST_TOLD = 4000  # characters


def run_apart(words: Sequence[str]) -> Path:
    """The folder of the sweep of these words; what its process prints is printed here.

    Raises RunnerError where no job began; Interrupted after Ctrl-C, when the jobs have saved.
    """
    with hydra_put_back():
        configs = check_jobs(parse(["-m", *words])).configs
    first = configs[0]
    if first.sweep.dir is None:
        folder = claim(expanded(first.output_dir), sweep_name(configs), under="sweeps").path
        words = [*words, f"sweep.dir={quoted(str(folder))}"]
    else:
        folder = expanded(first.sweep.dir).absolute()
    with tempfile.TemporaryFile("w+") as errors:
        code = followed(["train", "-m", *words], errors)
        errors.seek(0)
        told = errors.read()
    with suppress(OSError):
        folder.rmdir()  # nothing began in it
    if code in (0, 1) and (folder / SWEEP).exists():
        print(told, end="", file=sys.stderr)
        return folder
    raise as_error(code, told)


def followed(argv: Sequence[str], errors: IO[str]) -> int:
    """The exit code of ``runner argv``, what it prints being printed as it comes; Ctrl-C is passed on to it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", *argv],
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        env=environment(),
        start_new_session=True,  # a kernel's Ctrl-C goes to all its group; a second one would end the jobs unsaved
    )
    with process:
        assert process.stdout is not None
        while True:
            try:
                for line in process.stdout:
                    print(line, end="", flush=True)
                return process.wait()
            except KeyboardInterrupt:
                process.send_signal(signal.SIGINT)


def as_error(code: int, told: str) -> RunnerError:
    """The fault that the process told on stderr."""
    message = (told.rpartition("error: ")[2].strip() or f"the process of the sweep ended with {code}")[-MOST_TOLD:]
    if code > 128:
        return Interrupted(message, code - 128)
    return KINDS.get(code, RunError)(message)
