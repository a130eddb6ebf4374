"""``train -m``: every job of a sweep under one folder, and at the end all of them side by side."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from runner.compose.composition import compose
from runner.compose.hydra_bridge import editable, split_jobs
from runner.compose.request import Request, parsed, readable
from runner.config.catalog import Catalog, conf_folders
from runner.config.run_config import Config
from runner.engine.best import is_higher_better, stored_directions
from runner.errors import ConfigError
from runner.runs.directory import check_writable, claim
from runner.runs.ranking import differing, order, place
from runner.screen.console import console
from runner.screen.table import ranking
from runner.sweep.driver import Job, run_jobs
from runner.text import counted, figure, here

SIGNAL_CODES = (129, 130, 143)  # HUP, INT, TERM
NAMING = ("dataset", "model", "optimizer")  # of a sweep: those that are the same in all its jobs


def sweep(request: Request) -> int:
    """The exit code: 0 when every job finished, 1 when one failed, 128 + n after signal n.

    Everything is composed and checked before the first folder is made. Raises RunnerError.
    """
    words, configs = zip(*check_jobs(request), strict=True)
    output_dir = Path(configs[0].output_dir).expanduser()
    check_writable(output_dir)
    folder = claim(output_dir, sweep_name(configs), under="sweeps").path
    tree, _, _ = _master(request)
    with editable(tree):
        tree.hydra.sweep.dir = str(folder)
    OmegaConf.save(tree, folder / "multirun.yaml")
    ended = run_jobs(request, words, folder)
    show(ended, configs, folder)
    interrupted = [job.exit_code for job in ended if job.exit_code in SIGNAL_CODES]
    return interrupted[0] if interrupted else int(any(job.exit_code for job in ended))


def check_jobs(request: Request) -> list[tuple[list[str], Config]]:
    """The overrides of each job, and its config. Raises ConfigError with the faults of all, equal ones once."""
    found, faults = [], list[str]()
    for number, overrides in enumerate(jobs(request)):
        try:
            found.append((overrides, compose(request.with_overrides(overrides), number).config))
        except ConfigError as error:
            faults += error.faults
    if faults:
        raise ConfigError(list(dict.fromkeys(faults)))
    return found


def sweep_name(configs: Sequence[Config]) -> str:
    """The name that all jobs were given, or what all of them have in common: digits-adam."""
    if len({config.name for config in configs}) == 1:
        return configs[0].name
    options = [{getattr(config, group).option for config in configs} for group in NAMING]
    return "-".join(found.pop() for found in options if len(found) == 1) or "sweep"


def show(jobs: Sequence[Job], configs: Sequence[Config], folder: Path) -> None:
    screen = console(sys.stdout)
    screen.print()
    screen.print(sweep_table(jobs, configs[0].monitor))
    has_curves = any(config.tensorboard != "off" for config in configs)
    look = "tensorboard --logdir" if has_curves else "python -m runner report"
    screen.print(f"\nall of them: {look} {shlex.quote(here(folder))}", soft_wrap=True)


def sweep_table(jobs: Sequence[Job], monitor: str) -> RenderableType:
    """Every job: those that are done in the order of ``monitor``, then the others with the reason and the folder."""
    said = (is_higher_better(monitor, stored_directions(job.run.known)) for job in jobs)
    higher = next((value for value in said if value is not None), None)
    done = [job for job in jobs if job.exit_code == 0]
    done.sort(key=lambda job: place(job.run.metrics.get(monitor), higher))
    others = [job for job in jobs if job.exit_code]
    settings = differing([job.overrides for job in jobs], besides=())
    failed = f", {len(others)} not finished" if others else ""
    parts: list[RenderableType] = [Text(f"{counted(len(jobs), 'job')}{failed}; {order(monitor, higher)}", style="bold")]
    parts += [Text(f"in {here(folder)}", style="dim") for folder in dict.fromkeys(job.run.path.parent for job in jobs)]
    if done:
        parts.append(_done_table(done, settings, monitor))
    return Group(*parts, *(_failure_text(job, settings) for job in others))


def _done_table(done: Sequence[Job], settings: Sequence[str], monitor: str) -> Table:
    """What jobs are compared by: the monitor, then whatever else was measured on rows not trained on."""
    names = dict.fromkeys(name for job in done for name in job.run.metrics)
    metrics = [monitor, *(name for name in names if name != monitor and name.startswith(("val/", "test/")))]
    lines = [
        [
            str(job.number),
            *(job.overrides.get(setting, "") for setting in settings),
            *(figure(job.run.metrics[metric]) if metric in job.run.metrics else "-" for metric in metrics),
            job.run.path.name,
        ]
        for job in done
    ]
    return ranking(["job", *settings, *metrics, "folder"], lines, numbers=["job", *metrics])


def _failure_text(job: Job, settings: Sequence[str]) -> Text:
    given = " ".join(f"{setting}={job.overrides[setting]}" for setting in settings if setting in job.overrides)
    return Text(f"job {job.number}  {given}\n  failed: {job.reason}\n  {job.run.path}", style="red")


def jobs(request: Request) -> list[list[str]]:
    """The overrides of each job of a sweep. Raises ConfigError for what can be said before any job is looked at."""
    _, own, swept = _master(request)
    overrides = [parsed(word, True) for word in swept]
    try:
        swept_jobs = split_jobs([o for o in overrides if o is not None])
    except HydraException as error:
        raise ConfigError(f"-m: {error}\n  write the values out: key=1,2,3, or choice(...), range(...)") from error
    return [[*own, *job] for job in swept_jobs]


def _master(request: Request) -> tuple[DictConfig, list[str], list[str]]:
    """The composition without what is swept over, the words for Hydra, those to sweep over."""
    catalog = Catalog(conf_folders(request.flags.config_dir))
    lines = readable(request.overrides, catalog, multirun=True)
    if lines.faults:
        raise ConfigError(lines.faults)
    own = [line for line in lines.overrides if line.startswith("hydra.")]
    swept = [line for line in lines.overrides if line not in own]
    tree = compose(request.with_overrides(own)).tree
    with editable(tree):
        tree.hydra.mode = RunMode.MULTIRUN
        tree.hydra.overrides.task, tree.hydra.overrides.hydra = swept, own
    return tree, own, swept
