"""IDX, the file format of MNIST: 0, 0, type, number of dimensions, the dimensions as 4 bytes each, the numbers.

Read plain or gzipped, straight into memory that is already there. Everything a file says is compared with what must be
in it, in code of our own: asserts would be gone under ``python -O``.
"""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from runner.config.regular_file import opened
from runner.data.downloads import Idx
from runner.errors import DataError

if TYPE_CHECKING:
    from _typeshed import SupportsRead

TYPE_CODES = {"u1": 0x08, "i4": 0x0C}
PIECE_BYTES = 2**20  # read and hashed at a time: what is hashed is still in the cache


def read_idx(path: Path, expected: Idx, into: np.ndarray[Any, Any]) -> str:
    """The SHA-256 of the extracted file, its numbers put ``into`` contiguous memory, big-endian as they are.

    Raises DataError with what was expected and what was found; ``path`` may end in .gz.
    """
    try:
        with opened(path) as raw, gzip.open(raw) if path.suffix == ".gz" else raw as file:
            digest = hashlib.sha256(_read_header(path, file, expected))
            _read_numbers(path, file, into.reshape(-1).view(np.uint8).data, digest)
    except EOFError as fault:
        raise DataError(f"{path}: cut short: the gzip stream has no end") from fault
    except (OSError, zlib.error) as fault:
        raise DataError(f"{path}: cannot be read: {fault}") from fault
    return digest.hexdigest()


def _read_header(path: Path, file: SupportsRead[bytes], expected: Idx) -> bytes:
    """The header, as it must be."""
    wanted = struct.pack(
        f">{1 + len(expected.shape)}I", TYPE_CODES[expected.dtype] << 8 | len(expected.shape), *expected.shape
    )
    found = _up_to(file, len(wanted))
    if found == wanted:
        return found
    if len(found) < len(wanted):
        raise DataError(f"{path}: {_ends_early(len(found), len(wanted) + expected.num_bytes)}")
    if found[:4] != wanted[:4]:
        numbers = [int.from_bytes(header[:4], "big") for header in (wanted, found)]
        raise DataError(f"{path}: expected magic number {numbers[0]}, found {numbers[1]}")
    shape = struct.unpack(f">{len(expected.shape)}I", found[4:])
    raise DataError(f"{path}: expected numbers of shape {list(expected.shape)}, found {list(shape)}")


def _read_numbers(path: Path, file: SupportsRead[bytes], memory: memoryview, digest: hashlib._Hash) -> None:
    filled = 0
    while filled < len(memory):
        piece = file.read(min(PIECE_BYTES, len(memory) - filled))
        if not piece:
            raise DataError(f"{path}: {_ends_early(filled, len(memory))} after the header")
        memory[filled : filled + len(piece)] = piece
        digest.update(piece)
        filled += len(piece)
    if file.read(1):  # also lets gzip compare its check sum
        raise DataError(f"{path}: expected {len(memory)} bytes after the header, found more")


def _up_to(file: SupportsRead[bytes], size: int) -> bytes:
    found = b""
    while len(found) < size and (piece := file.read(size - len(found))):
        found += piece
    return found


def _ends_early(found: int, expected: int) -> str:
    return f"cut short: expected {expected} bytes, found {found}" if found else "the file is empty"
