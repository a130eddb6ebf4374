"""CIFAR-10 (Krizhevsky 2009): small colour photographs of 10 kinds of things, published as pickles of Python 2."""

from __future__ import annotations

import hashlib
import io
import pickle
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
from torch import Tensor

from runner.config import regular_file
from runner.data.download import extracted, is_extracted
from runner.data.downloads import PUBLICATIONS, Archive, File
from runner.data.mnist import PublishedImages
from runner.errors import DataError

ROWS_PER_FILE = 10_000
ROW_FILES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")  # in the order of their rows
PIECES = {  # what a pickled array is put together from: nothing else in a pickle is called
    ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class Cifar10(PublishedImages):
    """50,000 train rows, then 10,000 test rows, of [3, 32, 32] bytes."""

    option = "cifar10"
    row_shape = (3, 32, 32)

    def read(self, folder: Path) -> tuple[Tensor, Tensor, int]:
        (archive,) = PUBLICATIONS[self.option].archives
        x = torch.empty(len(ROW_FILES), ROWS_PER_FILE, *self.row_shape, dtype=torch.uint8)
        y = torch.empty(len(ROW_FILES), ROWS_PER_FILE, dtype=torch.int64)
        unread = list(ROW_FILES)
        for path, file, content in _contents(folder, archive):
            name = PurePosixPath(file.name).name
            if name in unread:
                unread.remove(name)
                rows = _rows(path, file, content)
                x[ROW_FILES.index(name)] = torch.from_numpy(rows[b"data"]).view(x.shape[1:])
                y[ROW_FILES.index(name)] = torch.tensor(rows[b"labels"])
        if unread:
            raise DataError(f"{folder / archive.name}: expected {', '.join(unread)} in it, found none of that name")
        return x.flatten(0, 1), y.flatten(), ROWS_PER_FILE


def _contents(folder: Path, archive: Archive) -> Iterator[tuple[Path, File, bytes]]:
    """Where it lies, each file of the archive, and its bytes: extracted, or else from the archive itself."""
    path = folder / archive.name
    try:
        if is_extracted(folder, archive):
            for file in archive.files:
                path = folder / file.name
                yield path, file, regular_file.content(path)
        else:
            yield from ((path, file, stream.read()) for file, stream in extracted(path, archive))
    except (OSError, EOFError, zlib.error, tarfile.TarError) as fault:
        raise DataError(f"{path}: cannot be read: {fault}") from fault


def _rows(path: Path, file: File, content: bytes) -> Any:
    """One file's pickle. Raises DataError unless its bytes are those published."""
    found = f"md5:{hashlib.md5(content, usedforsecurity=False).hexdigest()}"
    if found != file.digest:
        raise DataError(f"{path}: {file.name} is corrupt: expected {file.digest}, found {found}")
    return _Arrays(io.BytesIO(content), encoding="bytes").load()


class _Arrays(pickle.Unpickler):
    """Unpickles containers, strings, numbers and arrays."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in PIECES:
            raise pickle.UnpicklingError(f"{module}.{name} is no piece of an array")
        return PIECES[module, name]
