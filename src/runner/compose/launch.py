"""A checked request run the way Hydra runs things: its job node, its log, its callbacks, its sweeper and launcher."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra.core import utils as hydra_utils
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from runner.compose.composition import Composed, compose, editable, hydra_for
from runner.compose.request import Request, parsed, quoted, readable
from runner.compose.sweep import JobOutcome
from runner.config.catalog import Catalog, conf_folders
from runner.errors import ConfigError

Task = Callable[[DictConfig], Any]


def run_job(request: Request, composed: Composed, run_dir: Path, task: Task) -> Any:
    """What ``task`` returns, called inside ``run_dir`` as Hydra's job: .hydra/ is written.

    What the task raises comes out as it is.
    """
    tree, hydra = composed.tree, hydra_for(request, Catalog(conf_folders(request.flags.config_dir)))
    with editable(tree):
        tree.hydra.mode = RunMode.RUN
        tree.hydra.run.dir = str(run_dir.absolute())
    callbacks = Callbacks(tree)
    callbacks.on_run_start(config=tree, config_name=request.config_name)
    raised: list[Exception] = []

    def remembering(job: DictConfig) -> Any:
        try:
            return task(job)
        except Exception as error:
            raised.append(error)  # Hydra keeps it to itself and prints a line of its own
            raise

    returned = hydra_utils.run_job(
        hydra_context=HydraContext(config_loader=hydra.config_loader, callbacks=callbacks),
        task_function=remembering,
        config=tree,
        job_dir_key="hydra.run.dir",
        job_subdir_key=None,
    )
    callbacks.on_run_end(config=tree, config_name=request.config_name, job_return=returned)
    if raised:
        raise raised[0]
    return returned.return_value


def jobs(request: Request) -> list[list[str]] | None:
    """The overrides of each job of a sweep; None where another sweeper than Hydra's basic one decides as it goes.

    Raises ConfigError for what can be said before any job is looked at.
    """
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper

    master, words = _master(request)
    if not master.hydra.sweeper._target_.endswith(".BasicSweeper"):
        return None
    swept = master.hydra.sweeper.params or {}
    if not isinstance(swept, Mapping | DictConfig):
        raise ConfigError(f"hydra.sweeper.params={swept}: must be key: value pairs, each value like 1,2,3")
    params = [f"{key}={value}" for key, value in swept.items()]
    overrides = [parsed(word, True) for word in [*params, *(word for word in words if not word.startswith("hydra"))]]
    try:
        batches = BasicSweeper.split_arguments([o for o in overrides if o is not None], None)
    except HydraException as error:
        raise ConfigError(f"-m: {error}\n  write the values out: key=1,2,3, or choice(...), range(...)") from error
    own = [word for word in words if word.startswith("hydra")]
    return [[*own, *job] for batch in batches for job in batch]


def check_jobs(request: Request) -> list[list[str]] | None:
    """``jobs``, each of them composed and checked. Raises ConfigError with the faults of all jobs; makes nothing."""
    from runner.compose.sweep import check_all

    found = jobs(request)
    if found is not None:
        check_all(request, found)
    return found


def multirun(request: Request, sweep_dir: Path, task: Task) -> list[JobOutcome]:
    """The outcome of every job, run under ``sweep_dir`` by Hydra's sweeper and launcher.

    ``task`` runs a job where a launcher of others calls it; ours starts ``runner.train.job`` in a process.
    """
    master, words = _master(request)
    with editable(master):
        master.hydra.sweep.dir = str(sweep_dir.absolute())
        # launchers of others compose each job again, from these
        master.hydra.overrides.hydra.append(f"hydra.sweep.dir={quoted(str(sweep_dir.absolute()))}")
    hydra = hydra_for(request, Catalog(conf_folders(request.flags.config_dir)))
    callbacks = Callbacks(master)
    callbacks.on_multirun_start(config=master, config_name=request.config_name)
    context = HydraContext(config_loader=hydra.config_loader, callbacks=callbacks)
    try:
        sweeper = Plugins.instance().instantiate_sweeper(
            config=master, hydra_context=context, task_function=SweepTask(request, task)
        )
    except (HydraException, OmegaConfBaseException, ImportError, RuntimeError) as error:
        raise ConfigError(
            f"-m: hydra/sweeper or hydra/launcher cannot be made: {str(error).splitlines()[0]}"
        ) from error
    batches = sweeper.sweep(arguments=[word for word in words if not word.startswith("hydra")])
    callbacks.on_multirun_end(config=master, config_name=request.config_name)
    returned = [job for batch in batches or [] for job in (batch if isinstance(batch, Sequence) else [batch])]
    return [job.return_value for job in returned]


@dataclass(frozen=True)
class SweepTask:
    """The task of a sweep, with the request its jobs come from."""

    request: Request
    task: Task

    def __call__(self, job: DictConfig) -> Any:
        return self.task(job)


def _master(request: Request) -> tuple[DictConfig, tuple[str, ...]]:
    """The composition that holds the sweeper and launcher, and the overrides to sweep over, readable for Hydra."""
    catalog = Catalog(conf_folders(request.flags.config_dir))
    lines = readable(request.overrides, catalog, multirun=True)
    if lines.faults:
        raise ConfigError(lines.faults)
    own = [line for line in lines.overrides if line.startswith("hydra")]
    tree = compose(request.with_overrides(own)).tree
    for kind in ("sweeper", "launcher"):
        if not isinstance(OmegaConf.select(tree, f"hydra.{kind}._target_"), str):
            raise ConfigError(f"-m: hydra.{kind} names no class; choose one: hydra/{kind}=...")
    with editable(tree):
        tree.hydra.mode = RunMode.MULTIRUN
        tree.hydra.overrides.task = [line for line in lines.overrides if line not in own]
        tree.hydra.overrides.hydra = own
    return tree, lines.overrides
