"""The class of the nearest train row: how an embedding is judged."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, one_hot

from runner.contracts import Task
from runner.errors import DataError
from runner.losses.readout import of_task

ROWS_AT_ONCE = 1024  # whose distances to every train row are held in memory
UNKNOWN = -1


class NearestNeighbour(nn.Module):
    """places_ND -> scores: 1 for the class of the nearest train row, 0 for the others.

    The train rows' places are those of the latest ``refer_to``; they are saved with the weights. Asked about the very
    rows it refers to, it compares each with the others. Shapes: N rows, T train rows, D embedding size, K classes.
    """

    places: Tensor  # [T, D]
    labels: Tensor  # [T]

    def __init__(self, task: Task, num_classes: int, *, embedding_size: int, p: float, on_sphere: bool):
        super().__init__()
        self.task, self.num_classes, self.p, self.on_sphere = task, num_classes, p, on_sphere
        self.register_buffer("places", torch.zeros(0, embedding_size))
        self.register_buffer("labels", torch.zeros(0, dtype=torch.int64))

    def hold(self, num_train_rows: int) -> None:
        """Make room for that many train rows, their places not yet known."""
        self.places = self.places.new_zeros(num_train_rows, self.places.shape[1])
        self.labels = self.labels.new_full((num_train_rows,), UNKNOWN)

    def refer_to(self, places_TD: Tensor, labels_T: Tensor) -> None:
        self.places.copy_(places_TD)
        self.labels.copy_(labels_T)

    def forward(self, places_ND: Tensor) -> Tensor:
        """Raises DataError where no train row has a place yet."""
        if not len(self.labels) or bool((self.labels == UNKNOWN).any()):
            raise DataError(
                "the checkpoint was saved before its first epoch ended: the train rows have no places yet to compare "
                "with\n  go on with the run: resume"
            )
        apart = torch.equal(places_ND, self.places)
        chunks = torch.split(torch.arange(len(places_ND), device=places_ND.device), ROWS_AT_ONCE)
        nearest_N = torch.cat([self.nearest(places_ND[rows], rows if apart else None) for rows in chunks])
        return of_task(one_hot(self.labels[nearest_N], self.num_classes).to(places_ND.dtype), self.task)

    def nearest(self, places_ND: Tensor, own_N: Tensor | None) -> Tensor:
        """[N] the number of the nearest train row, which is not the row's ``own`` one."""
        distances_NT = torch.cdist(self.seen(places_ND), self.seen(self.places), p=self.p)
        if own_N is not None:
            distances_NT.scatter_(1, own_N[:, None], torch.inf)
        return distances_NT.argmin(1)

    def seen(self, places: Tensor) -> Tensor:
        return normalize(places, dim=1) if self.on_sphere else places
