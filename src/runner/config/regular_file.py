"""The bytes of a file that somebody names or hands over: of a regular file alone, and no more than fit.

To open a pipe waits for ever for its other end, a device has no end, and what is packed may unpack to anything.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import DataError

if TYPE_CHECKING:
    from _typeshed import SupportsRead

MOST_PIPED = 2**30  # bytes that come by a pipe, or that a small packed file unpacks to
TOO_MUCH = f"more than {MOST_PIPED:,} bytes; put them into a file"
PIECE_BYTES = 2**24
HANDED_OVER = re.compile(r"/dev/stdin|/(dev|proc/self)/fd/\d+")  # by a shell, as in <(...): somebody writes to it
KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def opened(path: str | Path) -> BufferedReader:
    """The regular file, open for reading. Raises DataError where something else is there, OSError as ``open``."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
    if kind != stat.S_IFREG and not (kind == stat.S_IFIFO and HANDED_OVER.fullmatch(str(path))):
        os.close(descriptor)
        raise DataError(f"{path}: is {KINDS.get(kind, 'something else')}, not a file")
    if kind == stat.S_IFIFO:
        os.set_blocking(descriptor, True)  # what writes to it may be slow
    return os.fdopen(descriptor, "rb")


def content(path: str | Path, most: int | None = None) -> bytes:
    """All bytes of the file, ``most`` at most, where None is the memory of the machine.

    Raises DataError where it is larger, or no regular file, and OSError as ``open`` does.
    """
    with opened(path) as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode):
            return bounded(file, MOST_PIPED, f"{path}: {TOO_MUCH}")
        limit = _memory() if most is None else most
        if state.st_size > limit:
            what = "the memory of this machine" if most is None else "such a file holds"
            raise DataError(f"{path}: {state.st_size:,} bytes, more than {what} ({limit:,})")
        try:
            return file.read()
        except MemoryError as fault:
            raise DataError(f"{path}: its {state.st_size:,} bytes do not fit into the memory that is left") from fault


def standard_input() -> bytes:
    """What is piped into the program. Raises DataError where there is no end to it."""
    return bounded(sys.stdin.buffer, MOST_PIPED, f"standard input: {TOO_MUCH}")


def bounded(stream: SupportsRead[bytes], most: int, refusal: str) -> bytes:
    """All that the stream gives. Raises DataError, which says ``refusal``, where that is more than ``most`` bytes."""
    try:
        return b"".join(_pieces(stream, most, refusal))
    except MemoryError as fault:
        raise DataError(refusal) from fault


def _pieces(stream: SupportsRead[bytes], most: int, refusal: str) -> Iterator[bytes]:
    total = 0
    while piece := stream.read(PIECE_BYTES):
        total += len(piece)
        if total > most:
            raise DataError(refusal)
        yield piece


def _memory() -> int:
    """Bytes of the machine; a bound that nothing reaches where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 2**50
