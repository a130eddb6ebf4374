"""What a user can cause, by kind. Each kind carries its exit code; anything else that is raised is a bug of ours."""

import os
import traceback
from collections.abc import Sequence


class RunnerError(Exception):
    """A fault with one to three lines a person can act on: what, where, what to do next."""

    exit_code = 1

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows, by IPython's protocol: the message; with RUNNER_DEBUG=1 the traceback, too."""
        return traceback.format_exception(self) if os.environ.get("RUNNER_DEBUG") == "1" else [f"error: {self}"]


class RunError(RunnerError):
    """The run failed: not finite, out of memory, disk full, outputs not writable."""


def memory_ran_out(fault: BaseException) -> bool:
    """Whether there was too little memory, of the machine or of the device; torch says so in two ways."""
    return isinstance(fault, MemoryError) or any(words in f"{type(fault).__name__} {fault}" for words in _NO_MEMORY)


_NO_MEMORY = ("OutOfMemoryError", "can't allocate memory", "not enough memory")


class ConfigError(RunnerError):
    """The request is wrong: a setting, an option or an argument. Carries every fault found, not only the first."""

    exit_code = 2

    def __init__(self, faults: str | Sequence[str]):
        self.faults = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__("\n".join(self.faults))


class DeviceError(RunnerError):
    """The device that was asked for is not here."""

    exit_code = 2


class DataError(RunnerError):
    """Data, a checkpoint or a run directory is wrong or missing."""

    exit_code = 3


class Interrupted(RunnerError):
    """A signal ended the run after its state was saved; the exit code is 128 + the signal's number."""

    def __init__(self, message: str, signal_number: int):
        self.exit_code = 128 + signal_number
        super().__init__(message)
