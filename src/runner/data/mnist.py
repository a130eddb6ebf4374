"""MNIST (LeCun, Cortes and Burges 1998) and the sets published in its form: grey images of 28 x 28 pixels, 10 classes.

Shapes: N rows, train rows before test rows.
"""

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from runner.contracts import Data, Source
from runner.data.download import download, fetch_command, missing
from runner.data.downloads import PUBLICATIONS, Archive, Publication, origin
from runner.data.idx import read_idx
from runner.errors import DataError


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


def _fill(folder: Path, archive: Archive, into: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> Path:
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
