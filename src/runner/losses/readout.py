"""What the outputs of a net mean: outputs -> scores, as metrics take them and people read them.

Scores are [N, K] probabilities, [N] probabilities of class 1 of two, or [N] values in the target's own unit. A readout
is fitted once and learns nothing; what it holds is saved with the weights. Shapes: N rows, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, one_hot, softplus

from runner.contracts import Task
from runner.errors import DataError


class Probabilities(nn.Module):
    """Softmax over one output a class, sigmoid of a single one, of outputs divided by a temperature."""

    temperature: Tensor  # 1 but for a run that is calibrated, whose summary keeps it: weights are saved before

    def __init__(self, task: Task):
        super().__init__()
        self.task = task
        self.register_buffer("temperature", torch.tensor(1.0), persistent=False)

    def forward(self, logits_NK: Tensor) -> Tensor:
        logits_NK = logits_NK / self.temperature
        if logits_NK.shape[1] == 1:
            return logits_NK[:, 0].sigmoid()
        return of_task(logits_NK.softmax(1), self.task)


class Ranking(Probabilities):
    """The same numbers of outputs that a margin loss has set apart: the higher, the better, and no probabilities."""


class OneVersusRest(nn.Module):
    """A sigmoid for each class, scaled to the sum 1: for losses that tell each class from the rest by itself."""

    def __init__(self, task: Task):
        super().__init__()
        self.task = task

    def forward(self, logits_NK: Tensor) -> Tensor:
        return of_task(torch.nn.functional.normalize(logits_NK.sigmoid(), p=1, dim=1), self.task)


class Values(nn.Module):
    """The first output, brought back from mean 0 and deviation 1 to the target's own unit."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Tensor, std: Tensor):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, outputs_NK: Tensor) -> Tensor:
        return outputs_NK[:, 0] * self.std + self.mean


class FromLog(nn.Module):
    """The values that ``readout`` gives the logarithms of: exp(value) - 1, in the target's own unit."""

    def __init__(self, readout: nn.Module):
        super().__init__()
        self.readout = readout

    def forward(self, outputs_NK: Tensor) -> Tensor:
        values_N: Tensor = self.readout(outputs_NK)
        return values_N.expm1()


class Rate(nn.Module):
    """The expected count: the train rows' mean times the exponential of the output, or times its softplus.

    An output of 0 is near the mean: a net need not first climb from a count of 1.
    """

    mean: Tensor

    def __init__(self, log_input: bool, mean: Tensor):
        super().__init__()
        self.log_input = log_input
        self.register_buffer("mean", mean)

    def log(self, outputs_N1: Tensor) -> Tensor:
        """Its logarithm, where the output is one."""
        return outputs_N1[:, 0] + self.mean.log()

    def forward(self, outputs_N1: Tensor) -> Tensor:
        return self.log(outputs_N1).exp() if self.log_input else softplus(outputs_N1[:, 0]) * self.mean


def of_task(shares_NK: Tensor, task: Task) -> Tensor:
    """All columns; of two classes the second one alone."""
    return shares_NK[:, 1] if task == "binary" else shares_NK


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


def is_answer(scores: Tensor) -> Tensor:
    """[N] whether the answer to a row, ``scores`` [N, K] or [N], is finite."""
    return scores.isfinite().all(1) if scores.ndim == 2 else scores.isfinite()
