"""MNIST (LeCun, Cortes and Burges 1998) and the sets published in its form: grey images of 28 x 28 pixels, 10 classes.

They are in IDX files, and everything a file says is compared with what must be in it. Shapes: N rows, train rows before
test rows.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from runner.config.regular_file import opened
from runner.contracts import Data, Source
from runner.data.download import download, fetch_command, missing
from runner.data.downloads import PUBLICATIONS, File, Idx, origin
from runner.errors import DataError


class PublishedImages(Source):
    """The images of the publication ``option``, downloaded where they are missing, with an official test set."""

    option: ClassVar[str]
    row_shape: ClassVar[tuple[int, ...]]

    def load(self, data_dir: Path) -> Data:
        """Raises DataError naming the file, what was expected in it and what was found."""
        download(self.option, data_dir, missing)
        try:
            return self._data(*self.read(data_dir / PUBLICATIONS[self.option].folder))
        except DataError as fault:
            raise DataError(f"{fault}\n  get it again: {fetch_command(self.option, data_dir)}") from fault

    def blank(self) -> Data:
        return self._data(torch.zeros(1, *self.row_shape, dtype=torch.uint8), torch.zeros(1, dtype=torch.int64), 0)

    @abstractmethod
    def read(self, folder: Path) -> tuple[Tensor, Tensor, int]:
        """(x [N, C, H, W] bytes, y [N], how many rows at the end are for the test)."""

    def _data(self, x: Tensor, y: Tensor, num_test: int) -> Data:
        names, test = PUBLICATIONS[self.option].class_names, torch.arange(len(y) - num_test, len(y))
        return Data(x, y, task="multiclass", class_names=names, official_test=test)


class Mnist(PublishedImages):
    """Handwritten digits: 60,000 train, 10,000 test rows."""

    option = "mnist"
    row_shape = (1, 28, 28)

    def read(self, folder: Path) -> tuple[Tensor, Tensor, int]:
        publication = PUBLICATIONS[self.option]
        train_images, train_labels, test_images, test_labels = (archive.files[0] for archive in publication.archives)
        num_train, *size = train_images.idx.shape
        num_test = test_images.idx.shape[0]
        x = torch.empty(num_train + num_test, 1, *size, dtype=torch.uint8)
        _fill(folder, train_images, x[:num_train].numpy())
        _fill(folder, test_images, x[num_train:].numpy())
        num_classes = len(publication.class_names)
        return x, torch.cat([_labels(folder, file, num_classes) for file in (train_labels, test_labels)]), num_test


class FashionMnist(Mnist):
    """Pictures of clothes from a shop (Xiao, Rasul and Vollgraf 2017): 60,000 train, 10,000 test rows."""

    option = "fashion_mnist"


class Kmnist(Mnist):
    """Characters of old Japanese writing (Clanuwat et al. 2018): 60,000 train, 10,000 test rows."""

    option = "kmnist"


class Qmnist(Mnist):
    """MNIST rebuilt with the test rows once lost (Yadav and Bottou 2019): 60,000 train, 60,000 test rows."""

    option = "qmnist"


def _labels(folder: Path, file: File, num_classes: int) -> Tensor:
    """[N] int64, checked to be 0..K-1: the first number of each row, where a label is more than one."""
    numbers = np.empty(file.idx.shape, dtype=f">{file.idx.dtype}")
    path = _fill(folder, file, numbers)
    labels_N = torch.from_numpy(numbers.reshape(len(numbers), -1)[:, 0].astype(np.int64))
    wrong = ((labels_N < 0) | (labels_N >= num_classes)).nonzero()
    if len(wrong):
        row = int(wrong[0])
        raise DataError(f"{path}: expected labels 0..{num_classes - 1}, found {labels_N[row]} in row {row}")
    return labels_N


def _fill(folder: Path, file: File, into: np.ndarray[Any, Any]) -> Path:
    """The path of the file that was read ``into`` memory: extracted, or else packed."""
    path = folder / file.name if (folder / file.name).is_file() else folder / f"{file.name}.gz"
    found = f"sha256:{read_idx(path, file.idx, into)}"
    if file.digest is not None and found != file.digest:
        other = origin(found)
        what = f"holds {other}" if other else f"is corrupt: expected {file.digest}, found {found}"
        raise DataError(f"{path}: {what}")
    return path


def read_idx(path: Path, expected: Idx, into: np.ndarray[Any, Any]) -> str:
    """The SHA-256 of the extracted file, its numbers put ``into`` contiguous memory, big-endian as they are.

    Raises DataError with what was expected and what was found; ``path`` may end in .gz.
    """
    memory, wanted = into.reshape(-1).view(np.uint8).data, expected.header
    try:
        with opened(path) as raw, gzip.open(raw) if path.suffix == ".gz" else raw as file:
            header = file.read(len(wanted))
            filled = file.readinto(memory) if header == wanted else 0
            has_more = bool(file.read(1))  # also lets gzip compare its check sum
    except EOFError as fault:
        raise DataError(f"{path}: cut short: the gzip stream has no end") from fault
    except (OSError, zlib.error) as fault:
        raise DataError(f"{path}: cannot be read: {fault}") from fault
    if wrong := _fault(header, filled, has_more, expected):
        raise DataError(f"{path}: {wrong}")
    digest = hashlib.sha256(header)
    digest.update(memory)
    return digest.hexdigest()


def _fault(found: bytes, filled: int, has_more: bool, expected: Idx) -> str:
    wanted, num_bytes = expected.header, expected.num_bytes
    if not found:
        return "the file is empty"
    if len(found) < len(wanted):
        return f"cut short: expected {len(wanted) + num_bytes} bytes, found {len(found)}"
    if found[:4] != wanted[:4]:
        return "expected magic number {}, found {}".format(
            *(int.from_bytes(each[:4], "big") for each in (wanted, found))
        )
    if found != wanted:
        shape = [int.from_bytes(found[place : place + 4], "big") for place in range(4, len(found), 4)]
        return f"expected numbers of shape {list(expected.shape)}, found {shape}"
    if filled < num_bytes:
        return f"cut short: expected {num_bytes} bytes, found {filled} after the header"
    return f"expected {num_bytes} bytes after the header, found more" if has_more else ""
