"""torch and what stands on it: seconds to import, so only when a request is known to be right."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from runner.errors import RunError
from runner.text import waiting

NAMES = ("torch", "torchvision", "torchmetrics")


def load() -> None:
    """Imports torch, torchvision and torchmetrics. Raises RunError where they were not built for each other."""
    _load(NAMES)


def load_torch() -> None:
    """Imports torch alone, a third of the time: enough for data and nets. Raises RunError where it is not whole."""
    _load(NAMES[:1])


def _load(names: Sequence[str]) -> None:
    calm_threads()
    gc.disable()  # what an import makes stays: looking for garbage in it takes a quarter of the time
    try:
        with waiting("loading torch"):
            for name in names:
                import_module(name)
        gc.freeze()  # nor does a later search look through it: importing scikit-learn then takes 0.3 s instead of 0.5
    except (ImportError, OSError, RuntimeError) as error:
        raise RunError(_unfit(error)) from error
    finally:
        gc.enable()


def calm_threads() -> None:
    """Threads that wait for each other sleep soon; to be called before torch is imported.

    Spinning for long, they take the cores from one another on a busy machine: an epoch of MNIST by a small net takes
    0.16 s alone and 44 s beside one busy process; with this, 0.16 s and 2.7 s.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "3000")


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
