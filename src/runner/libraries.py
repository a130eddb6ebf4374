"""torch and what stands on it: seconds to import, so only when a request is known to be right."""

from __future__ import annotations

import gc
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from runner.errors import RunError

NAMES = ("torch", "torchvision", "torchmetrics")


def load() -> None:
    """Imports torch, torchvision and torchmetrics. Raises RunError where they were not built for each other."""
    gc.disable()  # what an import makes stays: looking for garbage in it takes a quarter of the time
    try:
        for name in NAMES:
            import_module(name)
    except (ImportError, OSError, RuntimeError) as error:
        raise RunError(_unfit(error)) from error
    finally:
        gc.enable()


def _unfit(error: Exception) -> str:
    found = ", ".join(f"{name} {_version(name)}" for name in NAMES)
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return (
        f"{found} cannot be imported together: {reason}\n"
        "  both of torch and torchvision have to come from one place: pip install --force-reinstall torch torchvision"
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
