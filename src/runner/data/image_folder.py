"""Pictures in folders, one folder a class: ``path/cat/*.jpg``, or ``path/train/cat/*.jpg`` beside val and test."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from runner.contracts import Data, Rows, Source, Task
from runner.data.picture import SUFFIXES, read_file
from runner.errors import DataError

SPLIT_NAMES = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
BLOCK = 1024  # pictures handed to the threads that decode at a time


class ImageFolder(Source):
    """Every picture under ``path``; a relative path counts from the current folder, else from ``data_dir``.

    Pictures are made grey or coloured, and of one ``size`` [height, width] where it is given. Where all of them,
    decoded, fit into ``memory_mb`` they are read once; else they stream.
    """

    def __init__(self, *, path: str, size: list[int] | None, colour: bool, memory_mb: int):
        self.path = Path(path).expanduser()
        self.size = None if size is None else (size[0], size[1])
        self.colour = colour
        self.memory_mb = memory_mb

    def load(self, data_dir: Path) -> Data:
        files = list_pictures(self._folder(data_dir))
        rows = PictureRows([file.path for file in files], self.colour, self.size)
        class_names = tuple(sorted({file.class_name for file in files}))
        task: Task = "binary" if len(class_names) == 2 else "multiclass"
        splits = [file.split for file in files]
        return Data(
            x=rows.decoded() if rows.num_bytes <= self.memory_mb * 10**6 else rows,
            y=torch.tensor([class_names.index(file.class_name) for file in files]),
            task=task,
            class_names=class_names,
            official_val=_rows_of("val", splits),
            official_test=_rows_of("test", splits),
        )

    def _folder(self, data_dir: Path) -> Path:
        moved = data_dir / self.path.name
        places = [self.path, moved] if self.path.is_absolute() else [Path.cwd() / self.path, data_dir / self.path]
        for place in places:
            if place.is_dir():
                return place
        looked = " and ".join(map(str, places))
        raise DataError(f"dataset.path={self.path}: no such folder; looked for {looked}")


@dataclass(frozen=True)
class Picture:
    """A file and what its folders say of it."""

    path: str
    class_name: str
    split: str  # train, val, test; "" where the publisher made no splits


def list_pictures(folder: Path) -> list[Picture]:
    """Every picture, class by class in the order of their names. Raises DataError where a class has none."""
    inside = _folders(folder)
    if "train" not in inside or not set(inside) <= set(SPLIT_NAMES):
        return _split_pictures(folder, "")
    pictures = [p for name in inside for p in _split_pictures(folder / name, SPLIT_NAMES[name])]
    trained = {p.class_name for p in pictures if p.split == "train"}
    for picture in pictures:
        if picture.class_name not in trained:
            raise DataError(f"{picture.path}: there is no class {picture.class_name} in {folder / 'train'}")
    return pictures


def _split_pictures(folder: Path, split: str) -> list[Picture]:
    classes = _folders(folder)
    if len(classes) < 2:
        raise DataError(
            f"{folder}: {f'only one class folder, {classes[0]}' if classes else 'no class folder'}; "
            f"put the pictures of each class into a folder with the name of the class"
        )
    return [Picture(path, name, split) for name in classes for path in _class_pictures(folder / name)]


def _class_pictures(folder: Path) -> list[str]:
    """The paths of all pictures under a class folder, in the order of their names."""
    paths = sorted(
        os.path.join(place, name)
        for place, _, names in os.walk(folder, onerror=_unreadable)
        for name in names
        if name.lower().endswith(SUFFIXES) and not name.startswith(".")
    )
    if not paths:
        raise DataError(
            f"{folder}: no picture in this class folder ({', '.join(SUFFIXES)}); put some in, or take the folder away"
        )
    return paths


def _folders(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("."))
    except OSError as fault:
        raise DataError(f"{folder}: cannot be read: {fault.strerror}") from fault


def _unreadable(fault: OSError) -> None:
    raise DataError(f"{fault.filename}: cannot be read: {fault.strerror}") from fault


def _rows_of(split: str, splits: list[str]) -> Tensor | None:
    rows = [row for row, name in enumerate(splits) if name == split]
    return torch.tensor(rows) if rows else None


class PictureRows(Rows):
    """[N, C, H, W] uint8: the pictures of these paths, decoded when they are asked for."""

    draws = False
    dtype = torch.uint8

    def __init__(self, paths: list[str], colour: bool, size: tuple[int, int] | None):
        self.paths = paths
        self.colour = colour
        self.size = size
        self.shape = (len(paths), *self.read(0).shape)

    @property
    def num_bytes(self) -> int:
        return int(np.prod(self.shape))

    def __getitem__(self, rows: Tensor) -> Tensor:
        return torch.stack([self.read_checked(row) for row in rows.tolist()])

    def decoded(self) -> Tensor:
        """All of them, read by as many threads as there are processors."""
        x_NCHW = torch.empty(self.shape, dtype=self.dtype)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for first in range(0, len(self.paths), BLOCK):
                block = range(first, min(first + BLOCK, len(self.paths)))
                for row, x_CHW in zip(block, pool.map(self.read_checked, block), strict=True):
                    x_NCHW[row] = x_CHW
        return x_NCHW

    def fingerprint(self) -> str:
        """Of the names and sizes of the files: to read them all would take as long as an epoch."""
        top = os.path.commonpath(self.paths)
        listed = [(os.path.relpath(path, top), os.path.getsize(path)) for path in self.paths]
        return hashlib.sha256(repr((self.colour, self.size, listed)).encode()).hexdigest()

    def read_checked(self, row: int) -> Tensor:
        """[C, H, W], of the same shape as the others."""
        x_CHW = self.read(row)
        if x_CHW.shape != self.shape[1:]:
            here, first = (f"{shape[-2]} x {shape[-1]}" for shape in (x_CHW.shape, self.shape))
            raise DataError(
                f"{self.paths[row]}: has {here} pixels and {self.paths[0]} has {first}\n"
                f"  give all one size: dataset.size=[{self.shape[2]},{self.shape[3]}]"
            )
        return x_CHW

    def read(self, row: int) -> Tensor:
        """[C, H, W] as the file and ``size`` have it."""
        return read_file(self.paths[row], self.colour, self.size)
