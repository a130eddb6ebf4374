"""Pictures in folders, one folder a class: ``path/cat/*.jpg``, or ``path/train/cat/*.jpg`` beside val and test."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod
from pathlib import Path

import torch
from torch import Tensor

from runner.contracts import Data, Rows, Source
from runner.data.class_folders import list_pictures
from runner.data.picture import Shades, notes_on, read_picture
from runner.errors import DataError
from runner.text import expanded

BLOCK = 1024  # pictures handed to the threads that decode at a time


@dataclass(frozen=True, kw_only=True)
class ImageFolder(Source):
    """Every picture under ``path``; a relative path counts from the current folder, else from ``data_dir``.

    Pictures are made grey or coloured, and of one ``size`` [height, width] where it is given. Where all of them,
    decoded, fit into ``memory_mb`` they are read once; else they stream. ``background`` and ``brightest`` as in Shades.
    """

    path: str
    size: list[int] | None
    colour: bool
    background: str
    brightest: float | None
    memory_mb: int

    def load(self, data_dir: Path) -> Data:
        folder, shades = self._folder(data_dir), Shades(self.background, self.brightest)
        files, notes = list_pictures(folder)
        size = None if self.size is None else (self.size[0], self.size[1])
        rows = PictureRows([file.path for file in files], self.colour, size, shades)
        x = rows.decoded() if prod(rows.shape) <= self.memory_mb * 10**6 else rows
        notes += notes_on(rows.paths, shades)
        if are_same(x):
            fault = f"{folder}: its {len(files):,} pictures are all the same: there is nothing to learn"
            raise DataError("\n  ".join([fault, *notes]))
        class_names = tuple(sorted({file.class_name for file in files}))
        val, test = ([row for row, file in enumerate(files) if file.split == split] for split in ("val", "test"))
        return Data(
            x=x,
            y=torch.tensor([class_names.index(file.class_name) for file in files]),
            task="binary" if len(class_names) == 2 else "multiclass",
            class_names=class_names,
            official_val=torch.tensor(val) if val else None,
            official_test=torch.tensor(test) if test else None,
            notes=tuple(notes),
        )

    def _folder(self, data_dir: Path) -> Path:
        path = expanded(self.path)
        places = [Path.cwd() / path, data_dir / (path.name if path.is_absolute() else path)]
        if here := [place for place in places if place.is_dir()]:
            return here[0]
        raise DataError(f"dataset.path={path}: no such folder; looked for {' and '.join(map(str, places))}")


def are_same(x: Tensor | Rows) -> bool:
    """Whether every row is as the first; of others hardly more than that is read."""
    first = x[torch.tensor([0])]
    return all(torch.equal(x[torch.tensor([row])], first) for row in range(1, x.shape[0]))


@dataclass(eq=False)
class PictureRows(Rows):
    """[N, C, H, W] uint8: the pictures of these paths, decoded when they are asked for."""

    draws = False
    dtype = torch.uint8

    paths: list[str]
    colour: bool
    size: tuple[int, int] | None
    shades: Shades

    def __post_init__(self) -> None:
        self.shape = (len(self.paths), *self.read(0).shape)

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
        shades = () if self.shades == Shades("white", None) else (self.shades,)  # runs of before there were any go on
        return hashlib.sha256(repr((self.colour, self.size, listed, *shades)).encode()).hexdigest()

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
        return read_picture(self.paths[row], self.colour, self.size, self.shades)
