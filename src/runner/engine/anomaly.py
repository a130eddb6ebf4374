"""The operation that made a NaN on the way back through the net."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from runner.errors import RunError

TORCHS_WORDS = r"Function '(\w+?)(?:Backward\d*)?' returned nan values"
TRACE = "Error detected in"


@contextmanager
def raise_on_anomaly() -> Iterator[None]:
    """Inside, a backward pass that makes a NaN raises RunError with the operation and the line that called it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with torch.autograd.set_detect_anomaly(True):
                yield
        except RuntimeError as error:
            found = re.search(TORCHS_WORDS, str(error))
            if found is None:
                raise
            where = _caller([str(warning.message) for warning in caught])
            raise RunError(f"the gradient of {found[1]} is NaN{where}; the step was not taken") from error
    for warning in caught:
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def _caller(warnings: Sequence[str]) -> str:
    """The last line outside torch that led to the operation, from the trace that torch warns of."""
    trace = next((text for text in warnings if TRACE in text), "")
    calls = re.findall(r'File "(.+)", line (\d+), in .+\n\s+(.+)', trace)
    outside = [call for call in calls if "/torch/" not in call[0]]
    if not outside:
        return ""
    path, line, code = outside[-1]
    return f", called by {path}, line {line}: {code.strip()}"
