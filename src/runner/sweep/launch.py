"""A checked request run the way Hydra runs things: its job node, its log, its sweeper, our launcher."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra.core import utils as hydra_utils
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig

from runner.compose.composition import Composed, compose, editable, hydra_for
from runner.compose.request import Request, parsed, readable
from runner.config.catalog import Catalog, conf_folders
from runner.errors import ConfigError
from runner.sweep.driver import JobOutcome

Task = Callable[[DictConfig], Any]


def run_job(request: Request, composed: Composed, run_dir: Path, task: Task) -> Any:
    """What ``task`` returns, called inside ``run_dir`` as Hydra's job: .hydra/ is written.

    What the task raises comes out as it is.
    """
    tree, hydra = composed.tree, hydra_for(Catalog(conf_folders(request.flags.config_dir)))
    with editable(tree):
        tree.hydra.mode = RunMode.RUN
        tree.hydra.run.dir = str(run_dir.absolute())
    raised: list[Exception] = []

    def remembering(job: DictConfig) -> Any:
        try:
            return task(job)
        except Exception as error:
            raised.append(error)  # Hydra keeps it to itself and prints a line of its own
            raise

    returned = hydra_utils.run_job(
        hydra_context=HydraContext(config_loader=hydra.config_loader, callbacks=Callbacks()),
        task_function=remembering,
        config=tree,
        job_dir_key="hydra.run.dir",
        job_subdir_key=None,
    )
    if raised:
        raise raised[0]
    return returned.return_value


def jobs(request: Request) -> list[list[str]]:
    """The overrides of each job of a sweep. Raises ConfigError for what can be said before any job is looked at."""
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper

    _, own, swept = _master(request)
    overrides = [parsed(word, True) for word in swept]
    try:
        batches = BasicSweeper.split_arguments([o for o in overrides if o is not None], None)
    except HydraException as error:
        raise ConfigError(f"-m: {error}\n  write the values out: key=1,2,3, or choice(...), range(...)") from error
    return [[*own, *job] for batch in batches for job in batch]


def check_jobs(request: Request) -> list[list[str]]:
    """``jobs``, each of them composed and checked. Raises ConfigError with the faults of all jobs; makes nothing."""
    from runner.sweep.driver import check_all

    found = jobs(request)
    check_all(request, found)
    return found


def multirun(request: Request, sweep_dir: Path) -> list[JobOutcome]:
    """The outcome of every job, run under ``sweep_dir`` by Hydra's sweeper and our launcher."""
    master, _, swept = _master(request)
    with editable(master):
        master.hydra.sweep.dir = str(sweep_dir.absolute())
    hydra = hydra_for(Catalog(conf_folders(request.flags.config_dir)))
    context = HydraContext(config_loader=hydra.config_loader, callbacks=Callbacks())
    sweeper = Plugins.instance().instantiate_sweeper(
        config=master, hydra_context=context, task_function=SweepTask(request)
    )
    batches = sweeper.sweep(arguments=swept)
    return [job.return_value for batch in batches for job in batch]


@dataclass(frozen=True)
class SweepTask:
    """The task of a sweep: the request that its jobs come from. Our launcher calls ``runner.train:job`` instead."""

    request: Request

    def __call__(self, job: DictConfig) -> None:
        raise AssertionError("a job of a sweep runs in a process of its own")


def _master(request: Request) -> tuple[DictConfig, list[str], list[str]]:
    """The composition that holds the sweeper and launcher, the words for Hydra, those to sweep over."""
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
