"""The cells of a large table, kept in a file: read from the text once, and mapped into memory page by page."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Collection, Sequence
from glob import escape
from pathlib import Path

import torch
from filelock import FileLock

from runner.data.table.frame import Frame, read_frame
from runner.data.table.large_text import LargeText, cache_folder, no_room

FORM = 1  # of the file's content: what an older program wrote is not read


def cached_frame(text: LargeText, as_words: Collection[str], apart: Sequence[str]) -> Frame:
    """As ``read_frame`` gives it. Raises DataError as that does, or where the disk has no room for the cache."""
    state = text.path.stat()
    stamp = _digest(state.st_size, state.st_mtime_ns)
    path = (
        cache_folder(text.path)
        / f"{text.path.name}.{stamp}-{_digest(FORM, text.layout, sorted(as_words), apart)}.cache"
    )
    with FileLock(path.with_name(f".{text.path.name}.lock")):
        if (frame := _load(path)) is None:
            for old in path.parent.glob(f"{escape(text.path.name)}.*.cache"):
                if not old.name.startswith(f"{text.path.name}.{stamp}"):  # of the file as it was before
                    old.unlink()
            _save(path, read_frame(text, as_words, apart), text)
            frame = _load(path)
    assert frame is not None, f"{path} was written a moment ago"
    return frame


def _digest(*facts: object) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:12]


def _load(path: Path) -> Frame | None:
    """None where the file is not there, or damaged."""
    try:
        held = torch.load(path, mmap=True, weights_only=True)
        apart = {name: values_N.numpy() for name, values_N in held["apart"].items()}
        return Frame(held["names"], held["x_NC"], held["words"], apart)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, TypeError, AttributeError, pickle.UnpicklingError):
        return None


def _save(path: Path, frame: Frame, text: LargeText) -> None:
    temporary = path.with_suffix(".part")
    apart = {name: torch.from_numpy(values_N) for name, values_N in frame.apart.items()}
    try:
        torch.save({"names": frame.names, "x_NC": frame.x_NC, "words": dict(frame.words), "apart": apart}, temporary)
        os.replace(temporary, path)
    except (OSError, RuntimeError) as fault:  # torch's own writer raises the latter for what the disk refuses
        raise no_room(path.parent, text.path, frame.x_NC.nbytes, fault) from fault
    finally:
        temporary.unlink(missing_ok=True)
