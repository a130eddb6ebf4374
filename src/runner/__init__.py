"""Composes, checks, trains, records, resumes and compares PyTorch experiments described in YAML.

In a notebook: ``runner.run(["dataset=iris"])``, ``runner.run_sweep(["dataset=iris", "seed=0,1,2"])`` and
``runner.load_run("last")``; what goes wrong is a ``RunnerError``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from runner.errors import RunnerError

if TYPE_CHECKING:
    from runner.api.saved import Run, Sweep, load_run
    from runner.api.start import run, run_sweep

__version__ = "0.1.0"
__all__ = ["Run", "RunnerError", "Sweep", "load_run", "run", "run_sweep"]
HOME = {"Run": "saved", "Sweep": "saved", "load_run": "saved", "run": "start", "run_sweep": "start"}  # in runner.api


def __getattr__(name: str) -> Any:
    """What a notebook calls, imported when it is used: to open a run needs no Hydra."""
    if name in HOME:
        return getattr(import_module(f"runner.api.{HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
