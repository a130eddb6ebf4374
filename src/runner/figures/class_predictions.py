"""What a net says of the rows of a split, beside the truth: what pictures of a run are drawn from.

Shapes: N rows of the split, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from rich.cells import cell_len
from torch import Tensor

from runner.experiment.calibration import BINS
from runner.text import shortened

LONGEST_NAME, SHORT_NAME = 14, 3  # characters, in a caption; beside a short one there is room for its confidence


@dataclass(frozen=True)
class ClassPredictions:
    """Of a classifier, on the host."""

    split: str
    rows_N: Tensor  # their numbers in the data set
    probabilities_NK: Tensor
    labels_N: Tensor
    class_names: tuple[str, ...]

    @cached_property
    def confidence_N(self) -> Tensor:
        """0 of a row for which the net has no answer."""
        return self.probabilities_NK.amax(1).nan_to_num(0)

    @cached_property
    def predicted_N(self) -> Tensor:
        return self.probabilities_NK.argmax(1)

    @cached_property
    def hits_N(self) -> Tensor:
        return self.predicted_N == self.labels_N

    @property
    def counts(self) -> list[list[int]]:
        """[true][predicted] how many rows."""
        num_classes = len(self.class_names)
        pairs_N = self.labels_N * num_classes + self.predicted_N
        counts: list[list[int]] = torch.bincount(pairs_N, minlength=num_classes**2).view(num_classes, -1).tolist()
        return counts

    @cached_property
    def mistakes(self) -> Tensor:
        """[n] their places in the split, the most confident first."""
        wrong = (~self.hits_N).nonzero()[:, 0]
        return wrong[self.confidence_N[wrong].argsort(descending=True, stable=True)]

    def caption(self, place: int) -> tuple[str, ...]:
        """("3, 98.2 %", "is 5") what is said of a row, and what it is; ("shirt", "98.2 %", "is coat")."""
        said, truth = (
            shortened(self.class_names[int(labels[place])], LONGEST_NAME, "…")
            for labels in (self.predicted_N, self.labels_N)
        )
        share = f"{100 * float(self.confidence_N[place]):.1f} %"
        has_room = max(map(cell_len, self.class_names)) <= SHORT_NAME
        return (f"{said}, {share}", f"is {truth}") if has_room else (said, share, f"is {truth}")


@dataclass(frozen=True)
class Calibration:
    """How often a net is right when it is that sure; of an empty bin both are 0 (Guo et al. 2017)."""

    counts: tuple[int, ...]  # rows in each bin of confidence
    accuracy: tuple[float, ...]
    confidence: tuple[float, ...]  # its mean in the bin

    @property
    def error(self) -> float:
        """The expected calibration error: the mean distance of the two, over the rows."""
        parts = zip(self.counts, self.accuracy, self.confidence, strict=True)
        return sum(count * abs(right - sure) for count, right, sure in parts) / max(1, sum(self.counts))


def calibration_of(predictions: ClassPredictions) -> Calibration:
    bins_N = (predictions.confidence_N.double() * BINS).long().clamp(max=BINS - 1)
    counts = torch.bincount(bins_N, minlength=BINS)
    hits, sure = (
        torch.bincount(bins_N, weights=of.double(), minlength=BINS) / counts.clamp(min=1)
        for of in (predictions.hits_N, predictions.confidence_N)
    )
    return Calibration(tuple(counts.tolist()), tuple(hits.tolist()), tuple(sure.tolist()))
