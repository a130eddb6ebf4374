"""Tables that were read before, as arrays in the user's cache folder: found by the digest of the file's bytes.

What is found under a digest was made of those very bytes, read in the same way by the same release of this module.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np
import torch

from runner.data.frame import Frame
from runner.data.layout import Layout

VERSION = 1  # of what is kept and of how tables are read; a new one finds nothing of the old
FEWEST_BYTES = 5_000_000  # of a file that is worth keeping: a smaller one is read in a moment
MOST_BYTES = 4_000_000_000  # of all that is kept
ENDING = ".table"


@dataclass(frozen=True)
class Cells:
    """A file as it was read."""

    encoding: str
    note: str
    layout: Layout
    frame: Frame


def cached(raw: bytes, how: object, read: Callable[[], Cells]) -> Cells:
    """What ``read`` gives of the file whose bytes are ``raw``; ``how``, told by its repr, is all else it depends on."""
    if len(raw) < FEWEST_BYTES:
        return read()
    path = _folder() / f"{_key(raw, how)}{ENDING}"
    found = _load(path)
    if found is None:
        found = read()
        with suppress(OSError):  # a full disk or a folder that cannot be written: the table is read anew next time
            _save(path, found)
    return found


def _folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "runner" / "tables"


def _key(raw: bytes, how: object) -> str:
    return hashlib.sha256(hashlib.sha256(raw).digest() + repr((VERSION, sys.byteorder, how)).encode()).hexdigest()


def _load(path: Path) -> Cells | None:
    """What was kept; None where nothing was, or where it is not what was written."""
    try:
        with open(path, "rb") as file:
            return _read(file)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read(file: BufferedReader) -> Cells:
    head = json.loads(file.readline())
    x_NC = torch.empty(head["num_rows"], len(head["names"]))
    apart = {name: np.empty(head["num_rows"]) for name in head["apart"]}
    arrays = [x_NC.numpy(), *apart.values()]
    for array in arrays:
        if array.size and file.readinto(array.data.cast("B")) != array.nbytes:
            raise ValueError("cut short")
    if file.read(1) or head["sums"] != [_sum(array) for array in arrays]:
        raise ValueError("damaged")
    words = {name: tuple(words) for name, words in head["words"].items()}
    layout: dict[str, Any] = head["layout"]
    layout |= {key: tuple(layout[key]) for key in ("names", "are_numbers")}
    frame = Frame(tuple(head["names"]), x_NC, words, apart, tuple(head["rounded"]))
    os.utime(file.name)  # the least recently used goes first
    return Cells(head["encoding"], head["note"], Layout(**layout), frame)


def _save(path: Path, cells: Cells) -> None:
    """Whole or not at all: written beside its place, then renamed."""
    frame = cells.frame
    arrays = [frame.x_NC.numpy(), *frame.apart.values()]
    head = {
        "num_rows": frame.num_rows,
        "names": frame.names,
        "apart": list(frame.apart),
        "words": frame.words,
        "rounded": frame.rounded,
        "layout": asdict(cells.layout),
        "encoding": cells.encoding,
        "note": cells.note,
        "sums": [_sum(array) for array in arrays],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            file.write(json.dumps(head).encode() + b"\n")
            for array in arrays:
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
    """Of the bytes as 32-bit numbers: changes with any of them, and costs a fifth of reading them."""
    return int(np.ascontiguousarray(array).reshape(-1).view(np.uint32).sum(dtype=np.uint64))
