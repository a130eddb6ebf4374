"""Composes, checks, trains, records, resumes and compares PyTorch experiments described in YAML.

In a notebook: ``runner.run(["dataset=iris"])`` and ``runner.load_run("last")``; what goes wrong is a ``RunnerError``.
"""

from typing import TYPE_CHECKING, Any

from runner.errors import RunnerError

if TYPE_CHECKING:
    from runner.api import Run, load_run, run

__version__ = "0.1.0"
__all__ = ["Run", "RunnerError", "load_run", "run"]


def __getattr__(name: str) -> Any:
    """What reads run directories, imported when it is used."""
    if name in ("Run", "load_run", "run"):
        from runner import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
