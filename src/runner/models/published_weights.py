"""Files of weights that torchvision publishes, each with the first digits of its SHA-256 in its name."""

from __future__ import annotations

import hashlib
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlparse

import torch

from runner.errors import DataError

TIMEOUT_S = 10.0  # without a word from the server


def fetch(url: str, wanted_by: str) -> Path:
    """The file of ``url`` where torch looks for it, downloaded once. Raises DataError saying where to put it."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name
    if not path.is_file():
        _download(url, path, wanted_by)
    elif not _sha256(path).startswith(digits_of(path)):
        raise DataError(f"{wanted_by}: {path} is damaged: its SHA-256 does not begin with {digits_of(path)}; delete it")
    return path


def digits_of(path: Path) -> str:
    """The first digits of the SHA-256 that a file's name promises: resnet18-f37072fd.pth."""
    found = re.search(r"-([0-9a-f]{8,})\.", path.name)
    return found[1] if found else ""


def _download(url: str, path: Path, wanted_by: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _time_limit():
            torch.hub.download_url_to_file(url, str(path), digits_of(path), progress=sys.stderr.isatty())
    except (OSError, HTTPException, RuntimeError) as error:  # RuntimeError: torch's word for a wrong digest
        raise DataError(
            f"{wanted_by}: {path} is not there and cannot be downloaded ({error})\n"
            f"  put the file there: {url}\n"
            f"  or begin with weights drawn anew: model.weights=null"
        ) from error


@contextmanager
def _time_limit() -> Iterator[None]:
    """torch's download sets no time-out of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
