"""Files that are either whole or not there."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from runner.config import regular_file
from runner.errors import DataError, RunError

MOST_JSON = 2**26  # bytes: ten times what 1,000 classes fill
MAX_DEPTH = 40  # of nesting in a JSON file
MAX_DIGITS = 300  # of a whole number: a float holds no more
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet computes begins so


def write_whole(path: Path, content: bytes, *, previous: Path | None = None, last: bool = True) -> None:
    """Put ``content`` at ``path``, or leave what was there before: written beside it, synced, renamed.

    What was there before stays under the name ``previous``. Only the ``last`` of several changes in a folder has to
    wait for the folder itself. Raises RunError with the path and the bytes needed when the disk is full or refuses.
    """
    replace_whole(path, lambda temporary: write_synced(temporary, content), len(content), previous, last)


def link_whole(source: Path, path: Path, *, previous: Path | None = None, last: bool = True) -> None:
    """Make ``path`` name the content of ``source`` too, without writing it again where the file system can."""

    def put(temporary: Path) -> None:
        try:
            os.link(source, temporary)
        except OSError as refusal:
            if refusal.errno not in (errno.EPERM, errno.ENOTSUP, errno.EXDEV, errno.EMLINK):
                raise
            shutil.copyfile(source, temporary)  # a file system without hard links

    replace_whole(path, put, source.stat().st_size, previous, last)


def replace_whole(path: Path, put: Callable[[Path], None], size: int, previous: Path | None, last: bool) -> None:
    """The older generation gives way only when the new content is safe on the disk."""
    temporary = path.with_name(f".{path.name}.tmp.{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        put(temporary)
        if previous is not None and path.exists():
            link_whole(path, previous, last=False)
        os.replace(temporary, path)
        temporary.unlink(missing_ok=True)  # POSIX: renaming onto another name of the same file does nothing
        if last:
            sync_folder(path.parent)
    except OSError as refusal:
        raise RunError(refusal_message(path, size, refusal)) from refusal
    finally:
        temporary.unlink(missing_ok=True)


def refusal_message(path: Path, size: int, refusal: OSError) -> str:
    reason = "no space left on the device" if refusal.errno == errno.ENOSPC else os.strerror(refusal.errno or 0).lower()
    return f"{path}: not written: {reason} ({size:,} bytes needed); what was saved before is untouched"


def write_synced(path: Path, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make a rename last; on systems whose folders cannot be opened there is nothing to do."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep_temporaries(folder: Path) -> None:
    """Remove what a killed writer left; call it only while holding the run's lock."""
    for leftover in folder.glob(".*.tmp.*"):
        leftover.unlink(missing_ok=True)


def rid_of_other_names(path: Path) -> None:
    """Make a file that is appended to a file of its own: a copy of hard links (``cp -al``) is not to grow with it."""
    if path.exists() and path.stat().st_nlink > 1:
        write_whole(path, path.read_bytes())


def write_json(path: Path, content: Any) -> None:
    write_whole(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises DataError when it is missing or damaged."""
    try:
        content = parsed_json(regular_file.content(path, MOST_JSON).decode())
    except FileNotFoundError as missing:
        raise DataError(f"{path}: not there") from missing
    except OSError as refusal:
        raise DataError(f"{path}: cannot be read: {refusal.strerror}") from refusal
    except ValueError as fault:
        raise DataError(f"{path}: damaged: {fault}") from fault
    if not isinstance(content, dict):
        raise DataError(f"{path}: damaged: not a JSON object")
    return content


def parsed_json(text: str | bytes) -> Any:
    """What JSON text of anybody's says. Raises ValueError where it says nothing that can be worked with."""
    try:
        content = json.loads(text, parse_int=whole_number)
        check_depth(content, MAX_DEPTH)
    except RecursionError as fault:
        raise ValueError(f"nested more than {MAX_DEPTH} deep") from fault
    if (b"\\u" in text) if isinstance(text, bytes) else ("\\u" in text):  # half a character cannot be printed
        json.dumps(content, ensure_ascii=False).encode()
    return content


def whole_number(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number of {len(text):,} digits")
    return int(text)


def check_depth(content: Any, left: int) -> None:
    """Raises RecursionError."""
    if isinstance(content, dict | list):
        if left == 0:
            raise RecursionError
        for inner in content.values() if isinstance(content, dict) else content:
            check_depth(inner, left - 1)


def csv_cells(row: Iterable[Any]) -> list[Any]:
    """The cells, an apostrophe before each text that a spreadsheet would take for a formula; a number stays one."""
    return [f"'{cell}" if isinstance(cell, str) and _is_formula(cell) else cell for cell in row]


def _is_formula(cell: str) -> bool:
    if not cell.startswith(FORMULAS):
        return False
    try:
        return not math.isfinite(float(cell))
    except ValueError:
        return True
