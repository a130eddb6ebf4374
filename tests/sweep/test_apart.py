"""The process of a notebook's sweep: what it prints is printed, what goes wrong in it is an exception."""

from __future__ import annotations

import pytest

from runner.errors import ConfigError, DataError, Interrupted, RunError, RunnerError
from runner.sweep.apart import as_error


@pytest.mark.parametrize(
    ("code", "told", "kind", "message"),
    [
        (2, "error: epochs=x: must be a whole number\n", ConfigError, "epochs=x: must be a whole number"),
        (3, "a warning\nerror: no data\n  put it there\n", DataError, "no data\n  put it there"),
        (1, "error: /x: not made\n", RunError, "/x: not made"),
        (130, "interrupted; 3 of 8 not started\n", Interrupted, "interrupted; 3 of 8 not started"),
        (-9, "", RunError, "the process of the sweep ended with -9"),
    ],
)
def test_what_it_told_is_raised_by_its_kind(code: int, told: str, kind: type[RunnerError], message: str) -> None:
    fault = as_error(code, told)
    assert type(fault) is kind and str(fault) == message
    assert not isinstance(fault, Interrupted) or fault.exit_code == code
