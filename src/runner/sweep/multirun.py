"""``train -m``: every job of a sweep under one folder, and at the end all of them side by side."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.compose.composition import compose
from runner.compose.request import Request
from runner.config.run_config import Config
from runner.engine.best import stored_directions
from runner.errors import DataError
from runner.runs.directory import RunDirectory, check_writable, claim
from runner.screen.console import console
from runner.sweep.driver import JobOutcome
from runner.sweep.launch import check_jobs, multirun
from runner.sweep.leaderboard import Job, sweep_table
from runner.text import here

SIGNAL_CODES = (129, 130, 143)  # HUP, INT, TERM
NAMING = ("dataset", "model", "optimizer")  # of a sweep: those that are the same in all its jobs


def sweep(request: Request) -> int:
    """The exit code: 0 when every job finished, 1 when one failed, 128 + n after signal n.

    Everything is composed and checked before the first folder is made. Raises RunnerError.
    """
    jobs = check_jobs(request)
    configs = [compose(request.with_overrides(job)).config for job in jobs]
    output_dir = Path(configs[0].output_dir).expanduser()
    check_writable(output_dir)
    folder = claim(output_dir, sweep_name(configs), under="sweeps").path
    outcomes = multirun(request, folder)
    show(outcomes, configs, folder)
    interrupted = [outcome.exit_code for outcome in outcomes if outcome.exit_code in SIGNAL_CODES]
    return interrupted[0] if interrupted else int(any(outcome.exit_code for outcome in outcomes))


def sweep_name(configs: Sequence[Config]) -> str:
    """The name that all jobs were given, or what all of them have in common: digits-adam."""
    if len({config.name for config in configs}) == 1:
        return configs[0].name
    options = [{getattr(config, group).option for config in configs} for group in NAMING]
    return "-".join(found.pop() for found in options if len(found) == 1) or "sweep"


def show(outcomes: Sequence[JobOutcome], configs: Sequence[Config], folder: Path) -> None:
    screen = console(sys.stdout)
    screen.print()
    screen.print(sweep_table([as_job(outcome) for outcome in outcomes], configs[0].monitor))
    has_curves = any(config.tensorboard != "off" for config in configs)
    look = "tensorboard --logdir" if has_curves else "python -m runner report"
    screen.print(f"\nall of them: {look} {shlex.quote(here(folder))}", soft_wrap=True)


def as_job(outcome: JobOutcome) -> Job:
    summary = read_summary(outcome.folder)
    return Job(
        number=outcome.number,
        overrides=dict(word.lstrip("+").partition("=")[::2] for word in outcome.overrides),
        folder=outcome.folder,
        status=summary.get("status", "failed") if outcome.exit_code == 0 else "failed",
        reason=outcome.reason,
        metrics={key: value for key, value in summary.get("best", {}).items() if isinstance(value, int | float)},
        higher_is_better=stored_directions(summary),
    )


def read_summary(folder: Path) -> dict[str, Any]:
    """What the job wrote of itself; {} where it did not come so far."""
    try:
        return RunDirectory(folder).read_summary()
    except DataError:
        return {}
