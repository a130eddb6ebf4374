"""Small exhibits made by hand."""

import torch
from torch import Tensor

from runner.contracts import Column, Data, Rows, Split
from runner.figures.dataset_view import DatasetView


def split(train: list[int], val: list[int], test: list[int]) -> Split:
    return Split(*(torch.tensor(rows, dtype=torch.int64) for rows in (train, val, test)))


def exhibit(data: Data, rows: Split, split_seed: int = 0) -> DatasetView:
    return DatasetView("hand_made", data, rows, "drawn by hand", split_seed)


def images(x: Tensor | Rows, y: list[int], rows: Split, num_classes: int = 2) -> DatasetView:
    names = tuple(f"class {k}" for k in range(num_classes))
    return exhibit(Data(x, torch.tensor(y), "binary" if num_classes == 2 else "multiclass", names), rows)


def shades() -> DatasetView:
    """Twelve 2 x 2 images, each of one shade, 20 times its row number but white for the last; classes take turns."""
    x = (20 * torch.arange(12, dtype=torch.uint8)).view(-1, 1, 1, 1).repeat(1, 1, 2, 2)
    x[11] = 255
    return images(x, [0, 1] * 6, split([0, 1, 2, 3, 10, 11], [4, 5], [6, 7, 8, 9]))


def table() -> DatasetView:
    """Six rows of a number and a category, three classes."""
    x = torch.tensor([[0.0, 0], [0.5, 1], [1.0, 2], [0.25, 0], [0.75, 1], [1.0, 1]])
    columns = (Column("width_cm"), Column("$colour$", ("red", "green", "blue")))
    data = Data(x, torch.tensor([0, 1, 2, 0, 1, 2]), "multiclass", ("a", "b", "c"), columns)
    return exhibit(data, split([0, 1, 2, 5], [3], [4]))


def targets(shape: tuple[int, ...] = (2,)) -> DatasetView:
    """Eight rows whose target is their number, 0 to 7; the last two are for test."""
    x = torch.arange(8.0).view(-1, *(1 for _ in shape)).repeat(1, *shape)
    return exhibit(Data(x, torch.arange(8.0), "regression"), split(list(range(6)), [], [6, 7]))
