"""Everything a run needs to go on to the bit, as plain numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from runner import seed
from runner.contracts import Parts, Progress
from runner.engine.best import Monitor
from runner.errors import DataError, RunError


def capture(parts: Parts, progress: Progress, monitor: Monitor) -> dict[str, Any]:
    """The state at a yield of the engine; survives ``torch.load(weights_only=True)``.

    Raises RunError where a weight is not finite: such a state is not worth the one it would replace.
    """
    check_finite(parts, progress)
    scaler = {"scaler": parts.scaler.state_dict()} if parts.scaler else {}
    return {
        "model": parts.model.state_dict(),
        "preprocess": parts.preprocess.state_dict(),
        "readout": parts.readout.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in parts.optimizers],
        "schedules": [schedule.scheduler.state_dict() for schedule in parts.schedules],
        "progress": asdict(progress),
        "monitor": monitor.state(),
        "random": seed.capture(),
        **scaler,
    }


def check_finite(parts: Parts, progress: Progress) -> None:
    for name, weight in parts.model.named_parameters():
        if not weight.isfinite().all():
            raise RunError(
                f"the weights are not finite after step {progress.step} ({name}); they were not saved.\n"
                f"  Lower optimizer.lr, or set grad_clip_norm=1"
            )


def restore(state: Mapping[str, Any], parts: Parts, monitor: Monitor) -> Progress:
    """Put a captured state back, the random generators last. Raises DataError when it belongs to other parts."""
    load_weights(state, parts)
    with misfits("optimizer, scheduler or monitor"):
        for optimizer, saved in zip(parts.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        for schedule, saved in zip(parts.schedules, state["schedules"], strict=True):
            schedule.scheduler.load_state_dict(saved)
        if parts.scaler:
            parts.scaler.load_state_dict(state["scaler"])
        monitor.load(state["monitor"])
        seed.restore(state["random"])
    return progress_of(state)


def progress_of(state: Mapping[str, Any]) -> Progress:
    """How far the run had come. Raises DataError when the state is of another build."""
    with misfits("progress"):
        return Progress(**{"window_hits": None, **state["progress"]})  # early builds did not count them


def load_weights(state: Mapping[str, Any], parts: Parts) -> None:
    """The net, what stands in front of it and what reads its outputs, for evaluation."""
    with misfits("model"):
        parts.model.load_state_dict(state["model"])
        parts.preprocess.load_state_dict(state["preprocess"])
        parts.readout.load_state_dict(state.get("readout", {}))  # early builds did not save it; most have no state


@contextmanager
def misfits(what: str) -> Iterator[None]:
    """A state from elsewhere may make torch trip over anything: said as a fault of the checkpoint."""
    try:
        yield
    except Exception as misfit:
        lines = str(misfit).splitlines() or [type(misfit).__name__]
        detail = lines[1].strip() if len(lines) > 1 else lines[0]
        raise DataError(f"the checkpoint does not fit the {what} of config.yaml: {detail}") from misfit
