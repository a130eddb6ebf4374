"""Composes, checks, trains, records, resumes and compares PyTorch experiments described in YAML.

In a notebook: ``runner.run(["dataset=iris"])``, ``runner.run_sweep(["dataset=iris", "seed=0,1,2"])`` and
``runner.load_run("last")``; what goes wrong is a ``RunnerError``.
"""

from typing import TYPE_CHECKING, Any

from runner.errors import RunnerError

if TYPE_CHECKING:
    from runner.api import Run, Sweep, load_run, run, run_sweep

__version__ = "0.1.0"
__all__ = ["Run", "RunnerError", "Sweep", "load_run", "run", "run_sweep"]


def __getattr__(name: str) -> Any:
    """What reads run directories, imported when it is used."""
    if name in ("Run", "Sweep", "load_run", "run", "run_sweep"):
        from runner import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
