"""Made-up rows of any shape, to try a model without real data."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from runner.contracts import Column, Data, Source, Task
from runner.errors import ConfigError
from runner.seed import generator


@dataclass(frozen=True, kw_only=True)
class Random(Source):
    """Normal noise with something to learn in it: a mean of its own for each class, or a linear target."""

    shape: list[int]
    num_classes: int
    num_rows: int
    seed: int

    def __post_init__(self) -> None:
        faults = []
        if len(self.shape) not in (1, 3) or min(self.shape) < 1:
            faults.append(f"dataset.shape={self.shape}: give [features] or [channels, height, width], each 1 or more")
        if self.num_classes < 0 or self.num_classes == 1:
            faults.append(f"dataset.num_classes={self.num_classes}: give 2 or more, or 0 for regression")
        if self.num_rows < max(1, self.num_classes):
            faults.append(f"dataset.num_rows={self.num_rows}: give at least one row for each class")
        if faults:
            raise ConfigError(faults)

    def load(self, data_dir: Path) -> Data:
        columns = tuple(Column(f"x{i}") for i in range(self.shape[0])) if len(self.shape) == 1 else ()
        x, y = self._classified_rows() if self.num_classes else self._linear_rows()
        class_names = tuple(f"class_{k}" for k in range(self.num_classes))
        task: Task = "regression" if not class_names else "binary" if len(class_names) == 2 else "multiclass"
        return Data(x, y, task, class_names, columns)

    def _classified_rows(self) -> tuple[Tensor, Tensor]:
        """x [N, *shape]: noise of deviation 1 around class means of deviation 1; y [N]: classes of equal size."""
        draw = generator(self.seed, "random rows")
        means = torch.randn(self.num_classes, *self.shape, generator=draw)
        y = (torch.arange(self.num_rows) % self.num_classes)[torch.randperm(self.num_rows, generator=draw)]
        return means[y] + torch.randn(self.num_rows, *self.shape, generator=draw), y

    def _linear_rows(self) -> tuple[Tensor, Tensor]:
        """x [N, *shape]: noise of deviation 1; y [N]: its projection on one direction, and noise of deviation 0.1."""
        draw = generator(self.seed, "random rows")
        x = torch.randn(self.num_rows, *self.shape, generator=draw)
        direction_F = torch.nn.functional.normalize(torch.randn(x[0].numel(), generator=draw), dim=0)
        # In float64, so that the rounded target does not depend on how many threads add it up.
        projection_N = (x.flatten(1).double() @ direction_F.double()).float()
        return x, projection_N + 0.1 * torch.randn(self.num_rows, generator=draw)
