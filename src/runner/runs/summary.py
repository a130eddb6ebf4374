"""summary.json: how a run stands, for people and for the commands that compare runs."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from importlib.metadata import version
from typing import Any

import torch

from runner import __version__
from runner.contracts import Outcome, Outline
from runner.errors import DataError, RunError
from runner.runs.directory import RunDirectory
from runner.runs.saved_run import SavedRun

FORMAT = 1
COUNTED = [field.name for field in fields(Outcome) if field.name not in ("final", "linear_left_out", "remarks")]
PACKAGES = ("torch", "torchvision", "torchmetrics", "hydra-core", "numpy")


class Summary:
    """Says ``running`` from the moment it is made, and how the run ended when it is closed."""

    def __init__(self, directory: RunDirectory, outline: Outline, data_digest: str, config: Mapping[str, Any]):
        self.directory = directory
        self.begun = time.perf_counter()
        earlier = SavedRun(directory).known
        self.seconds_before = earlier.get("seconds", 0.0)
        self.content: dict[str, Any] = {
            "format": FORMAT,
            "status": "running",
            "name": outline.name,
            "started": earlier.get("started", datetime.now().isoformat(timespec="microseconds")),
            "seconds": self.seconds_before,
            "pid": os.getpid(),
            **what_ran(outline),
            "data": {"digest": data_digest, "splits": dict(outline.split_sizes), "notes": list(outline.notes)},
            "versions": versions(),
            "git": git_state(),
            "config": dict(config),  # config.yaml again: JSON is read thirty times faster, and reports read thousands
        }
        self.write()

    def write(self) -> None:
        self.directory.write_summary(self.content)

    def close(self, outcome: Outcome, *, degraded: bool) -> None:
        ended = asdict(outcome) | {"seconds": round(self.seconds_before + outcome.seconds, 3)}
        self.content |= {name: value for name, value in ended.items() if value or name != "linear_left_out"}
        if degraded:
            self.content["degraded"] = "TensorBoard's events could not be written; metrics.jsonl is whole"
        self.write()

    def close_failed(self, fault: Exception) -> None:
        """Say why, if the disk still takes it: the fault that is under way must not be hidden by another."""
        seconds = self.seconds_before + time.perf_counter() - self.begun
        self.content |= {"status": "failed", "reason": str(fault) or type(fault).__name__, "seconds": round(seconds, 3)}
        try:
            self.write()
        except RunError as refusal:
            fault.add_note(str(refusal))


def read_outcome(run: SavedRun) -> Outcome:
    """How a run ended. Raises DataError where its summary is damaged or was edited."""
    try:
        return Outcome(**{name: _as_it_was(run.results[name]) for name in COUNTED})
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        told = f"{type(fault).__name__} in its results: {fault}"
        raise DataError(f"{run.directory.summary}: damaged: {told}") from fault


def _as_it_was(value: Any) -> Any:
    """The numbers of metrics, the counts of a confusion, or a single value."""
    if isinstance(value, Mapping):
        return {name: float(number) for name, number in value.items()}
    return tuple(tuple(map(int, row)) for row in value) if isinstance(value, list) else value


def what_ran(outline: Outline) -> dict[str, Any]:
    return {
        "options": dict(outline.options),
        "task": outline.task,
        "class_names": list(outline.class_names),
        "in_shape": list(outline.in_shape),
        "num_parameters": outline.num_parameters,
        "monitor": outline.monitor,
        "higher_is_better": dict(outline.higher_is_better),
        "device": outline.device,
        "device_reason": outline.device_reason,
        "threads": torch.get_num_threads(),
    }


def versions() -> dict[str, str]:
    found = {"runner": __version__, "python": platform.python_version()}
    return found | {package: version(package) for package in PACKAGES}


def git_state() -> dict[str, Any] | None:
    """The commit of the folder the run was started in, and whether files differ from it; None outside a checkout."""
    try:
        commit = ask_git("rev-parse", "HEAD")
        return {"commit": commit, "dirty": bool(ask_git("status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        return None


def ask_git(*words: str) -> str:
    answer = subprocess.run(["git", *words], capture_output=True, text=True, timeout=5, check=True)
    return answer.stdout.strip()
