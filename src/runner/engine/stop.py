"""Signals that end a run politely: the first sets a flag, the second leaves at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # by name: Windows has no SIGHUP


class Interruption:
    """Calling it says whether a signal came; ``number`` is which."""

    number: int | None = None

    def __call__(self) -> bool:
        return self.number is not None

    def handle(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            raise SystemExit(128 + number)
        self.number = number


@contextmanager
def interruption(flag: Interruption | None = None) -> Iterator[Interruption]:
    """Catch the signals for as long as the block runs; outside the main thread there is nothing to catch.

    One that is ignored stays so: ``nohup`` means it.
    """
    flag = flag or Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return
    numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, flag.handle) for number in heard}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
