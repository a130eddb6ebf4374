"""Everything a run needs to go on to the bit, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from runner import seed
from runner.contracts import Parts, Progress
from runner.errors import DataError
from runner.monitor import Monitor


def capture(parts: Parts, progress: Progress, monitor: Monitor) -> dict[str, Any]:
    """The state at a yield of the engine; survives ``torch.load(weights_only=True)``."""
    return {
        "model": parts.model.state_dict(),
        "preprocess": parts.preprocess.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in parts.optimizers],
        "schedules": [schedule.scheduler.state_dict() for schedule in parts.schedules],
        "progress": asdict(progress),
        "monitor": monitor.state(),
        "random": seed.capture(),
    }


def restore(state: Mapping[str, Any], parts: Parts, monitor: Monitor) -> Progress:
    """Put a captured state back, the random generators last. Raises DataError when it belongs to other parts."""
    load_weights(state, parts)
    for optimizer, saved in zip(parts.optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(saved)
    for schedule, saved in zip(parts.schedules, state["schedules"], strict=True):
        schedule.scheduler.load_state_dict(saved)
    monitor.load(state["monitor"])
    seed.restore(state["random"])
    return Progress(**state["progress"])


def load_weights(state: Mapping[str, Any], parts: Parts) -> None:
    """The net and its preprocessing alone, for evaluation."""
    try:
        parts.model.load_state_dict(state["model"])
        parts.preprocess.load_state_dict(state["preprocess"])
    except (RuntimeError, KeyError) as misfit:
        lines = str(misfit).splitlines()
        detail = lines[1].strip() if len(lines) > 1 else lines[0]
        raise DataError(f"the checkpoint does not fit the model of config.yaml: {detail}") from misfit
