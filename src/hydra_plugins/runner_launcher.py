"""Hydra's plugin ``hydra/launcher=process``: a sweep's jobs one after another, each in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

ConfigStore.instance().store(
    group="hydra/launcher",
    name="process",
    node={"_target_": "hydra_plugins.runner_launcher.ProcessLauncher"},
    provider="runner",
)


class ProcessLauncher(Launcher):
    """Gives every job to the sweep; what comes back is never an exception: one failure stops no other."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.config = config
        self.task_function: Any = task_function

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> list[JobReturn]:
        from runner.sweep.driver import run_jobs

        own: Any = OmegaConf.to_container(self.config.hydra.overrides.hydra, resolve=False)
        jobs = [[*own, *overrides] for overrides in job_overrides]
        outcomes = run_jobs(self.task_function.request, jobs, Path(self.config.hydra.sweep.dir), initial_job_idx)
        return [
            _returned(outcome, [f"{key}={value}" for key, value in outcome.overrides.items()]) for outcome in outcomes
        ]


def _returned(outcome: Any, overrides: list[str]) -> JobReturn:
    returned = JobReturn(overrides=overrides, status=JobStatus.COMPLETED)
    returned.return_value = outcome
    return returned
