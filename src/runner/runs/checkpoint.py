"""Checkpoints that are whole or refused: a torch zip file that carries its own SHA-256 as the zip's comment.

``torch.load(path, weights_only=True)`` reads one without this package.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import Any

import torch

from runner.config.regular_file import content
from runner.errors import DataError
from runner.runs.files import link_whole, write_whole
from runner.runs.origin import COMMENT, COMMENT_SIZE
from runner.text import here

FORMAT = 1


def pack(state: dict[str, Any]) -> bytes:
    """``state`` as the bytes of a checkpoint file."""
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, **state}, buffer)
    body = buffer.getvalue()[:-2] + struct.pack("<H", COMMENT_SIZE)  # a zip ends with its comment's length
    return body + COMMENT + hashlib.sha256(body).hexdigest().encode()


def unpack(content: bytes, path: Path) -> dict[str, Any]:
    """The state in a checkpoint's bytes. Raises DataError when damaged, foreign, of another format, or code."""
    body, comment = content[:-COMMENT_SIZE], content[-COMMENT_SIZE:]
    if not comment.startswith(COMMENT):
        raise DataError(f"{path}: not loaded: cut short, or not a checkpoint of this program")
    if hashlib.sha256(body).hexdigest().encode() != comment[len(COMMENT) :]:
        raise DataError(f"{path}: not loaded: damaged, its content does not match its checksum")
    check_sizes(content, path)
    try:
        state: dict[str, Any] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as refusal:
        raise DataError(f"{path}: not loaded: contains code; a checkpoint holds numbers only") from refusal
    except Exception as refusal:  # what a crafted file makes the reader trip over is the crafter's choice
        raise DataError(f"{path}: not loaded: {type(refusal).__name__} while reading it") from refusal
    check_format(state, path)
    return state


def check_format(state: Any, path: Path) -> None:
    found = state.get("format") if isinstance(state, dict) else "none"
    if found != FORMAT:
        raise DataError(f"{path}: not loaded: format {found}, this version reads format {FORMAT}")
    progress = state.get("progress")
    if not isinstance(progress, dict) or not isinstance(progress.get("step"), int):
        raise DataError(f"{path}: not loaded: it does not say at which step it was taken")


def check_sizes(content: bytes, path: Path) -> None:
    """Refuse a zip that unpacks to more than it weighs: torch stores without compression."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except zipfile.BadZipFile as refusal:
        raise DataError(f"{path}: not loaded: not a zip file inside") from refusal
    if sum(entry.file_size for entry in entries) > len(content):
        raise DataError(f"{path}: not loaded: claims to unpack to more than the file holds")


class Checkpoints:
    """``last.pt`` and ``best.pt`` of a run, each with the generation before it."""

    def __init__(self, folder: Path, warn: Callable[[str], None] = lambda text: None):
        self.folder = folder
        self.warn = warn
        self.held: bytes | None = None  # a best state that waits for the next save

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.pt"

    def previous(self, name: str) -> Path:
        return self.folder / f"previous-{name}.pt"

    def hold(self, state: dict[str, Any]) -> None:
        """Keep the state in memory, to be ``best`` with the next save."""
        self.held = pack(state)

    def save(self, state: dict[str, Any], *, best: bool) -> None:
        """Save as ``last``, and what is ``best`` first: a kill in between only repeats the steps that made it best."""
        if self.held is not None and not best:
            write_whole(self.path("best"), self.held, previous=self.previous("best"), last=False)
        self.held = None
        first = "best" if best else "last"
        write_whole(self.path(first), pack(state), previous=self.previous(first), last=not best)
        if best:
            link_whole(self.path("best"), self.path("last"), previous=self.previous("last"))

    def has(self, name: str) -> bool:
        return self.path(name).exists() or self.previous(name).exists()

    def load(self, name: str, instead: str | None = None) -> dict[str, Any]:
        """The newest whole state called ``name``; an older generation, or one called ``instead``, with a warning.

        Raises DataError when there is none that can be read.
        """
        names = (name, instead) if instead else (name,)
        faults = []
        for path in (path for each in names for path in (self.path(each), self.previous(each))):
            try:
                state = unpack(content(path), path)
            except FileNotFoundError:
                faults.append(f"{path}: not there")
            except OSError as refusal:
                faults.append(f"{path}: not read: {refusal.strerror}")
            except DataError as fault:
                faults.append(str(fault))
            else:
                for found in faults:
                    self.warn(f"{found}; going on with {path.name} of step {state['progress']['step']}")
                return state
        again = f"python -m runner train {quote(here(self.folder.parent / 'config.yaml'))}"
        raise DataError("\n".join([*faults, f"  put one back that can be read, or train the run again: {again}"]))

    def load_to_go_on(self) -> dict[str, Any]:
        """``last``; where none of it can be read ``best``, which is a whole state too, of an earlier step."""
        return self.load("last", instead="best")
