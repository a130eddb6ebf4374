"""Tables that were read before, as arrays in the user's cache folder: found by the digest of the file's bytes.

What is found under a digest was made of those very bytes, read in the same way by the same release of this module.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from math import prod
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from runner.data.table.dialect import Layout
from runner.data.table.frame import Frame

VERSION = 5  # of what is kept and of how tables are read; a new one finds nothing of the old
FEWEST_BYTES = 5_000_000  # of a file that is worth keeping: a smaller one is read in a moment
MOST_BYTES = 4_000_000_000  # of all that is kept
PIECE_BYTES = 2**24
ALIGNED = 64  # bytes: where an array begins in the file
ENDING = ".table"
WRITER = "table cache"  # the thread that keeps a table; the program ends after it


@dataclass(frozen=True)
class Cells:
    """A file as it was read."""

    encoding: str
    notes: tuple[str, ...]  # what a user should know of how it was read
    layout: Layout
    frame: Frame


def cached(file: Path, how: object, read: Callable[[], Cells]) -> Cells:
    """What ``read`` gives of the file; ``how``, told by its repr, is all that it depends on beside the file's bytes."""
    before = file.stat()
    if before.st_size < FEWEST_BYTES:
        return read()
    found = None
    if any(_folder().glob(f"{before.st_size}-*{ENDING}")):  # else there is no need to digest it yet
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = _load(_place(file, before.st_size, how, pool.map))
    if found is None:
        found = read()
        Thread(target=_save, args=(file, before, how, found), name=WRITER).start()  # takes as long as reading did
    return found


def _place(file: Path, size: int, how: object, each: Callable[..., Iterable[bytes]]) -> Path:
    """Where what was read is kept, by every byte of the file among others; ``each`` is map, or does all at once."""
    with (
        open(file, "rb") as opened,
        mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content,
        memoryview(content) as whole,
    ):
        digests = list(each(partial(_digest, whole), range(0, len(content), PIECE_BYTES)))
    key = hashlib.sha256(b"".join([*digests, repr((VERSION, sys.byteorder, how)).encode()])).hexdigest()
    return _folder() / f"{size}-{key}{ENDING}"


def _folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "runner" / "tables"


def _digest(content: memoryview, start: int) -> bytes:
    with content[start : start + PIECE_BYTES] as piece:
        return hashlib.sha256(piece).digest()


def _load(path: Path) -> Cells | None:
    """What was kept; None where nothing was, or where it is not what was written."""
    try:
        with open(path, "rb") as file:
            return _read(path, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))  # its pages are used as they are
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read(path: Path, content: mmap.mmap) -> Cells:
    head = json.loads(content.readline())
    names, num_rows = tuple(head["names"]), head["num_rows"]
    x_NC = _taken(content, np.float32, num_rows, len(names))
    apart = {name: _taken(content, np.float64, num_rows) for name in head["apart"]}
    if content.tell() != len(content) or head["sums"] != [_sum(array) for array in (x_NC, *apart.values())]:
        raise ValueError("damaged")
    words = {name: tuple(words) for name, words in head["words"].items()}
    layout: dict[str, Any] = head["layout"]
    layout |= {key: tuple(layout[key]) for key in ("names", "forms")}
    frame = Frame(names, torch.from_numpy(x_NC), words, apart)
    os.utime(path)  # the least recently used goes first
    return Cells(head["encoding"], tuple(head["notes"]), Layout(**layout), frame)


def _taken(content: mmap.mmap, dtype: type[Any], *shape: int) -> NDArray[Any]:
    """The array that comes next, without a copy."""
    start = content.tell() + -content.tell() % ALIGNED
    array = np.frombuffer(content, dtype, prod(shape), start).reshape(shape)
    content.seek(start + array.nbytes)
    return array


def _save(file: Path, before: os.stat_result, how: object, cells: Cells) -> None:
    # a full disk, a folder that cannot be written, a file that is emptied: the table is read anew next time
    with suppress(OSError, ValueError):
        place, after = _place(file, before.st_size, how, map), file.stat()  # no pool works when the program ends
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):  # else: of which bytes is it?
            _write(place, cells)


def _write(path: Path, cells: Cells) -> None:
    """Whole or not at all: written beside its place, then renamed."""
    frame = cells.frame
    arrays = [frame.x_NC.numpy(), *frame.apart.values()]
    head = {
        "num_rows": frame.num_rows,
        "names": frame.names,
        "apart": list(frame.apart),
        "words": frame.words,
        "layout": asdict(cells.layout),
        "encoding": cells.encoding,
        "notes": cells.notes,
        "sums": [_sum(array) for array in arrays],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            file.write(json.dumps(head).encode() + b"\n")
            for array in arrays:
                file.write(bytes(-file.tell() % ALIGNED))
                file.write(np.ascontiguousarray(array).data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _make_room(path.parent)


def _make_room(folder: Path) -> None:
    kept = sorted(folder.glob(f"*{ENDING}"), key=lambda path: path.stat().st_mtime, reverse=True)
    total = 0
    for path in kept:
        total += path.stat().st_size
        if total > MOST_BYTES:
            path.unlink(missing_ok=True)


def _sum(array: np.ndarray[Any, Any]) -> int:
    """Of the bytes as 64-bit numbers: changes with any of them, and costs a tenth of reading them."""
    words = np.ascontiguousarray(array).reshape(-1).view(np.uint32)
    even = len(words) // 2 * 2
    return (int(words[:even].view(np.uint64).sum()) + int(words[even:].sum())) % 2**64
