"""``resume RUN``: go on exactly where the run was saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runner.commands.stored_run import StoredRun, open_run
from runner.config.settings import Config, changed
from runner.errors import ConfigError, DataError

LENGTHS = ("epochs", "max_steps")
FILLED_BY_LENGTH = ("T_max", "total_steps")  # scheduler knobs that build takes from the run's length when left out


def run(argv: list[str]) -> int:
    """``resume RUN [epochs=N] [max_steps=N] [device=...]``: the exit code. Raises RunnerError."""
    stored = open_run("resume", argv, settings=(*LENGTHS, "num_workers"))
    summary = stored.directory.read_summary() if stored.directory.summary.exists() else {}
    check_longer(stored)
    if summary.get("status") in ("finished", "stopped_early") and not any(key in stored.changes for key in LENGTHS):
        print(f"{stored.directory.path}: {summary['status'].replace('_', ' ')} already; nothing to do")
        print(f"  train it for longer: python -m runner resume {stored.directory.path} epochs=...")
        return 0
    go_on(stored)
    return 0


def check_longer(stored: StoredRun) -> None:
    """A schedule that was laid out over the run's length cannot be stretched afterwards."""
    if not any(key in stored.changes for key in LENGTHS):
        return
    scheduler = stored.config.scheduler
    knob = next((key for key in FILLED_BY_LENGTH if scheduler.knobs.get(key, 0) is None), None)
    if knob:
        raise ConfigError(
            f"epochs cannot change: scheduler={scheduler.option} was laid out over the run's length ({knob} left out)\n"
            f"  start a new run, or give scheduler.{knob} from the beginning"
        )


def go_on(stored: StoredRun) -> None:
    from runner import device
    from runner.config.catalog import Catalog, conf_folders
    from runner.experiment import assemble
    from runner.recording import record
    from runner.records.checkpoint import Checkpoints

    warnings: list[str] = []
    checkpoints = Checkpoints(stored.directory.checkpoints, warnings.append)
    saved = checkpoints.load("last") if checkpoints.has("last") else None
    config = as_it_ran(stored.config, saved)
    experiment = assemble(config, Catalog(conf_folders()))
    if saved is None:
        warnings.append(f"{stored.directory.path}: nothing was saved yet; starting at step 0")
    else:
        check_same_data(saved, experiment.data_digest, stored)
        here = device.circumstances(experiment.choice.device)
        warnings += not_to_the_bit(saved["circumstances"], here)
    stored_config = replace(experiment.config, threads=stored.config.threads)
    record(replace(experiment, config=stored_config), stored.directory, saved, warnings)


def as_it_ran(config: Config, saved: Mapping[str, Any] | None) -> Config:
    """The config with the number of threads it was running on: sums over threads depend on it."""
    if saved is None or config.threads is not None:
        return config
    return changed(config, {"threads": saved["circumstances"]["threads"]})


def check_same_data(saved: Mapping[str, Any], digest: str, stored: StoredRun) -> None:
    before = saved["data_digest"]
    if before != digest:
        raise DataError(
            f"{stored.directory.path}: the data has changed since the run was saved "
            f"(digest {before[:12]} then, {digest[:12]} now)\n  put the old data back, or train anew"
        )


def not_to_the_bit(before: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    differing = [f"{key} {before[key]} -> {here[key]}" for key in before if before[key] != here.get(key)]
    return [f"the resumed run may differ in the last bits: {', '.join(differing)}"] if differing else []
