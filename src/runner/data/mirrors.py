"""A file from the first mirror that has it: whole and right, or not there at all."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from functools import partial
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

ANSWER_TIMEOUT_S = 10  # for the name, the connection and the first byte together
READ_TIMEOUT_S = 30  # for each further piece
PIECE_BYTES = 2**16


class MirrorFault(Exception):
    """Why a mirror did not give the file."""


class Mirrors:
    """The mirrors that still answer: one that fails is not asked again. Shows a bar in a terminal while it is open."""

    def __init__(self, addresses: tuple[str, ...]):
        self.faults: dict[str, str] = {}  # host -> why it was given up
        self._addresses = list(addresses)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        )

    def __enter__(self) -> Mirrors:
        self._progress.start()
        return self

    def __exit__(self, *fault: object) -> None:
        self._progress.stop()

    def get(self, name: str, digest: str | None, path: Path) -> bool:
        """Whether ``path`` now holds the file ``name``, its digest ("md5:...") right; ``faults`` says why not."""
        task = self._progress.add_task(name, total=None)
        while self._addresses:
            address = self._addresses[0]
            try:
                self._receive(address + name, digest, path, task)
                return True
            except MirrorFault as fault:
                self.faults[urlsplit(address).netloc] = str(fault)
                self._addresses.remove(address)
        return False

    def _receive(self, url: str, digest: str | None, path: Path, task: TaskID) -> None:
        kind = digest.partition(":")[0] if digest else "sha256"
        found = hashlib.new(kind, usedforsecurity=False)
        with open(path, "wb") as file:
            for received, size, piece in _pieces(url):
                file.write(piece)
                found.update(piece)
                self._progress.update(task, completed=received, total=size)
        if digest not in (None, f"{kind}:{found.hexdigest()}"):
            raise MirrorFault(f"what came is corrupt: expected {digest}, found {kind}:{found.hexdigest()}")


def _pieces(url: str) -> Iterator[tuple[int, int | None, bytes]]:
    """(bytes so far, bytes in all where the server says, the next piece). Raises MirrorFault."""
    received = 0
    try:
        with _answer(url) as response:
            size = response.length
            for piece in iter(partial(response.read, PIECE_BYTES), b""):
                received += len(piece)
                yield received, size, piece
    except (OSError, HTTPException) as fault:
        raise MirrorFault(_words(fault)) from fault
    if size is not None and received != size:
        raise MirrorFault(f"the connection ended after {received} of {size} bytes")


def _answer(url: str) -> HTTPResponse:
    """The response, or TimeoutError after ANSWER_TIMEOUT_S.

    A thread waits for it, as a time-out of urlopen is one for each address of a host, and none for looking its name up.
    """
    answers: SimpleQueue[HTTPResponse | Exception] = SimpleQueue()
    request = Request(url, headers={"User-Agent": "runner"})

    def ask() -> None:
        try:
            answers.put(urlopen(request, timeout=READ_TIMEOUT_S))
        except Exception as fault:  # carried over to the thread that waits, and raised there
            answers.put(fault)

    Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=ANSWER_TIMEOUT_S)
    except Empty:
        raise TimeoutError(f"no answer within {ANSWER_TIMEOUT_S:g} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _words(fault: Exception) -> str:
    """Why, in one line."""
    return " ".join(_said(fault).split())


def _said(fault: Exception) -> str:
    if isinstance(fault, HTTPError):
        fault.close()
        return f"HTTP {fault.code} {fault.reason}"
    if isinstance(fault, URLError) and isinstance(fault.reason, OSError):
        fault = fault.reason
    if isinstance(fault, TimeoutError):
        return str(fault) if "no answer" in str(fault) else f"fell silent for {READ_TIMEOUT_S:g} s"
    return (fault.strerror if isinstance(fault, OSError) else None) or str(fault) or type(fault).__name__
