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
from runner.contracts import Data, Source
from runner.data.download import download, extracted, fetch_command, is_extracted, missing
from runner.data.downloads import PUBLICATIONS, Archive, File
from runner.errors import DataError

ROWS_PER_FILE = 10_000
IN_SHAPE = (3, 32, 32)
ROW_FILES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")  # in the order of their rows
PIECES = {  # what a pickled array is put together from: nothing else in a pickle is called
    ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class Cifar10(Source):
    """50,000 train rows, then 10,000 test rows, of [3, 32, 32] bytes."""

    def load(self, data_dir: Path) -> Data:
        download("cifar10", data_dir, missing)
        try:
            return _read(data_dir)
        except DataError as fault:
            raise DataError(f"{fault}\n  get it again: {fetch_command('cifar10', data_dir)}") from fault

    def blank(self) -> Data:
        x, y = torch.zeros(1, *IN_SHAPE, dtype=torch.uint8), torch.zeros(1, dtype=torch.int64)
        names = PUBLICATIONS["cifar10"].class_names
        return Data(x, y, task="multiclass", class_names=names, official_test=torch.arange(0))


def _read(data_dir: Path) -> Data:
    publication = PUBLICATIONS["cifar10"]
    (archive,) = publication.archives
    num_rows = ROWS_PER_FILE * len(ROW_FILES)
    x = torch.empty(num_rows, *IN_SHAPE, dtype=torch.uint8)
    y = torch.empty(num_rows, dtype=torch.int64)
    unread = list(ROW_FILES)
    for path, file, content in _contents(data_dir / publication.folder, archive):
        name = PurePosixPath(file.name).name
        if name in unread:
            unread.remove(name)
            first = ROW_FILES.index(name) * ROWS_PER_FILE
            _fill(x[first : first + ROWS_PER_FILE], y[first : first + ROWS_PER_FILE], path, file, content)
    if unread:
        raise DataError(f"{data_dir / archive.name}: expected {', '.join(unread)} in it, found none of that name")
    return Data(
        x=x,
        y=y,
        task="multiclass",
        class_names=publication.class_names,
        official_test=torch.arange(num_rows - ROWS_PER_FILE, num_rows),
    )


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


def _fill(x: Tensor, y: Tensor, path: Path, file: File, content: bytes) -> None:
    """One file's rows and labels. Raises DataError unless its bytes are those published."""
    found = f"md5:{hashlib.md5(content, usedforsecurity=False).hexdigest()}"
    if found != file.digest:
        raise DataError(f"{path}: {file.name} is corrupt: expected {file.digest}, found {found}")
    batch = _Arrays(io.BytesIO(content), encoding="bytes").load()
    x.copy_(torch.from_numpy(batch[b"data"]).view(x.shape))
    y.copy_(torch.tensor(batch[b"labels"]))


class _Arrays(pickle.Unpickler):
    """Unpickles containers, strings, numbers and arrays."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in PIECES:
            raise pickle.UnpicklingError(f"{module}.{name} is no piece of an array")
        return PIECES[module, name]
