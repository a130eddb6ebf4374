"""MNIST (LeCun, Cortes and Burges 1998) and the sets published in its form: grey images of 28 x 28 pixels, 10 classes.

They are in IDX files: 0, 0, type, number of dimensions, the dimensions as 4 bytes each, the numbers. Everything a file
says is compared with what must be in it. Shapes: N rows, train rows before test rows.
"""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from runner.config.regular_file import opened
from runner.contracts import Data, Source
from runner.data.download import download, fetch_command, missing
from runner.data.downloads import PUBLICATIONS, Archive, Idx, Publication, origin
from runner.errors import DataError

if TYPE_CHECKING:
    from _typeshed import SupportsRead

TYPE_CODES = {"u1": 0x08, "i4": 0x0C}
PIECE_BYTES = 2**20  # read and hashed at a time: what is hashed is still in the cache


class IdxSource(Source):
    """The rows of the publication ``option``."""

    option: ClassVar[str]

    def load(self, data_dir: Path) -> Data:
        return load_idx(self.option, data_dir)

    def blank(self) -> Data:
        publication = PUBLICATIONS[self.option]
        x = torch.zeros(1, 1, *_shape(publication.archives[0])[1:], dtype=torch.uint8)
        y = torch.zeros(1, dtype=torch.int64)
        return Data(x, y, task="multiclass", class_names=publication.class_names, official_test=torch.arange(0))


class Mnist(IdxSource):
    """Handwritten digits: 60,000 train, 10,000 test rows."""

    option = "mnist"


class FashionMnist(IdxSource):
    """Pictures of clothes from a shop (Xiao, Rasul and Vollgraf 2017): 60,000 train, 10,000 test rows."""

    option = "fashion_mnist"


class Kmnist(IdxSource):
    """Characters of old Japanese writing (Clanuwat et al. 2018): 60,000 train, 10,000 test rows."""

    option = "kmnist"


class Qmnist(IdxSource):
    """MNIST rebuilt with the test rows once lost (Yadav and Bottou 2019): 60,000 train, 60,000 test rows."""

    option = "qmnist"


def load_idx(option: str, data_dir: Path) -> Data:
    """The rows of a publication of four IDX files, downloaded where they are missing.

    Raises DataError naming the file, what was expected in it and what was found.
    """
    download(option, data_dir, missing)
    try:
        return _read(PUBLICATIONS[option], data_dir)
    except DataError as fault:
        raise DataError(f"{fault}\n  get it again: {fetch_command(option, data_dir)}") from fault


def _read(publication: Publication, data_dir: Path) -> Data:
    folder = data_dir / publication.folder
    train_images, train_labels, test_images, test_labels = publication.archives
    num_train, num_test = (_shape(archive)[0] for archive in (train_images, test_images))
    x = torch.empty(num_train + num_test, 1, *_shape(train_images)[1:], dtype=torch.uint8)
    _fill(folder, train_images, x[:num_train].numpy())
    _fill(folder, test_images, x[num_train:].numpy())
    num_classes = len(publication.class_names)
    y = torch.cat([_labels(folder, archive, num_classes) for archive in (train_labels, test_labels)])
    return Data(
        x=x,
        y=y,
        task="multiclass",
        class_names=publication.class_names,
        official_test=torch.arange(num_train, num_train + num_test),
    )


def _labels(folder: Path, archive: Archive, num_classes: int) -> Tensor:
    """[N] int64, checked to be 0..K-1: the first number of each row, where a label is more than one."""
    (file,) = archive.files
    assert file.idx is not None
    numbers = np.empty(file.idx.shape, dtype=f">{file.idx.dtype}")
    path = _fill(folder, archive, numbers)
    labels_N = torch.from_numpy(numbers.reshape(len(numbers), -1)[:, 0].astype(np.int64))
    wrong = ((labels_N < 0) | (labels_N >= num_classes)).nonzero()
    if len(wrong):
        row = int(wrong[0])
        raise DataError(f"{path}: expected labels 0..{num_classes - 1}, found {labels_N[row]} in row {row}")
    return labels_N


def _fill(folder: Path, archive: Archive, into: np.ndarray[Any, Any]) -> Path:
    """The path of the file that was read ``into`` memory: extracted, or else the archive."""
    (file,) = archive.files
    assert file.idx is not None
    path = folder / file.name if (folder / file.name).is_file() else folder / archive.name
    found = f"sha256:{read_idx(path, file.idx, into)}"
    if file.digest is not None and found != file.digest:
        other = origin(found)
        told = f"holds {other}" if other else f"is corrupt: expected {file.digest}, found {found}"
        raise DataError(f"{path}: {told}")
    return path


def _shape(archive: Archive) -> tuple[int, ...]:
    (file,) = archive.files
    assert file.idx is not None
    return file.idx.shape


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
