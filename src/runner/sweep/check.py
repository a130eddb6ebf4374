"""Every job of a grid composed and checked; of a wrong line as many as tell what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from runner.compose.command import quoted
from runner.compose.composition import compose
from runner.compose.hydra_bridge import Trees
from runner.compose.request import Request
from runner.config.catalog import Catalog, conf_folders
from runner.config.run_config import Config
from runner.errors import ConfigError
from runner.runs.saved_sweep import SavedSweep
from runner.sweep.grid import Grid, grid
from runner.sweep.line import GridJob
from runner.sweep.search_plan import plan_for
from runner.text import counted, expanded, waiting

FROM_LAST = "start_from=last"
MOST_PROBED = 3  # jobs that are looked at for other faults, once one is wrong: a fifth of a second


def checked(request: Request) -> tuple[Grid, list[Config]]:
    """The grid, and the config of each of its jobs. Raises ConfigError with the faults of the line, equal ones once."""
    trees = Trees(Catalog(conf_folders(request.flags.config_dir)))
    found = grid(request, trees)
    with waiting(f"checking {counted(len(found.jobs), 'job')}"):
        configs = _configs(request, found, trees)
    if found.search is not None:
        found = replace(found, search=plan_for(found.search, configs))
    return found, configs


def _configs(request: Request, found: Grid, trees: Trees) -> list[Config]:
    configs, faults, num_left = dict[int, Config](), dict[int, Sequence[str]](), MOST_PROBED
    pinned = _pinned(found)
    for number in _new_values_first(found.jobs):
        try:
            job = found.jobs[number]
            words = tuple(pinned if pinned and word.lstrip("+") == FROM_LAST else word for word in job.overrides)
            config = job_config(request, replace(job, overrides=words), number, trees)
            configs[number] = replace(config, sweep=found.settings)
        except ConfigError as error:
            faults[number] = error.faults
        if faults and (num_left := num_left - 1) < 0:
            break
    if faults:
        raise ConfigError(list(_once(found.jobs, faults)))
    return [configs[number] for number in range(len(configs))]


def _pinned(found: Grid) -> str | None:
    """``start_from=last`` as it was when the sweep of this folder began: the same command means the same weights."""
    if found.settings.dir is None:
        return None
    origin = SavedSweep(expanded(found.settings.dir).absolute()).origin_of(FROM_LAST)
    return None if origin is None else f"start_from={quoted(origin)}"


def check_first(request: Request) -> None:
    """As ``checked``, of two jobs alone: for a line that is only proposed. Raises ConfigError."""
    trees = Trees(Catalog(conf_folders(request.flags.config_dir)))
    found, faults = grid(request, trees), dict[int, Sequence[str]]()
    for number in _new_values_first(found.jobs)[:2]:
        try:
            job_config(request, found.jobs[number], number, trees)
        except ConfigError as error:
            faults[number] = error.faults
    if faults:
        raise ConfigError(list(_once(found.jobs, faults)))


def job_config(request: Request, job: GridJob, number: int, trees: Trees) -> Config:
    config = compose(request.with_overrides(job.overrides), number, trees).config
    if config.devices > 1:
        raise ConfigError(f"devices={config.devices}: the jobs of a sweep share the devices, one each; leave it out")
    if config.fold == "all":  # of an option that is swept over, whose folds nobody could count before
        raise ConfigError(f"fold=all: each fold is a job; say their number on the line: folds={config.folds}")
    return config


def _new_values_first(jobs: Sequence[GridJob]) -> list[int]:
    """Their numbers: the first and the last, which share the fewest values, others that have new ones, the rest."""
    first: dict[str, dict[str, int]] = {}
    for number, job in enumerate(jobs):
        for key, text in job.swept.items():
            first.setdefault(key, {}).setdefault(text, number)
    turns = zip_longest(*(of_key.values() for of_key in first.values()))
    new = [number for turn in turns for number in turn if number is not None]
    return list(dict.fromkeys([0, len(jobs) - 1, *new, *range(len(jobs))]))


def _once(jobs: Sequence[GridJob], faults: Mapping[int, Sequence[str]]) -> Iterator[str]:
    """The faults of several jobs: what is said in the same words of several values of a setting is said of all."""
    values: dict[tuple[str, str], list[str]] = {}  # (setting, fault with a gap for the value) -> values
    for number in sorted(faults):
        swept = jobs[number].swept
        for fault in faults[number]:
            key = next((key for key, text in swept.items() if fault.startswith(f"{key}={text}:")), None)
            gapped = fault.replace(f"={swept[key]}", "=\0") if key else fault
            values.setdefault((key or "", gapped), []).append(swept[key] if key else "")
    yield from (fault.replace("\0", ",".join(dict.fromkeys(found))) for (_, fault), found in values.items())
