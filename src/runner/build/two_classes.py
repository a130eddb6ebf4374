"""A metric of two classes over the probability of the second: of both of them, or of one alone.

Shapes: B batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from torchmetrics import Metric

POSITIVE = "positive_class"  # a knob of ours: the name of the class that a metric is of


class OfTwoClasses(nn.Module):
    """``metric`` over (scores_B, y_B); ``positive`` is the class that it is of alone, None where it is of both.

    A row is given class 1 above ``threshold``; None: the metric wants no classes, but probabilities.
    """

    def __init__(self, metric: Metric, positive: int | None, threshold: float | None):
        super().__init__()
        self.metric = metric
        self.positive = positive
        self.threshold = threshold

    @property
    def higher_is_better(self) -> bool | None:
        return self.metric.higher_is_better

    @property
    def device(self) -> torch.device:
        return self.metric.device

    def update(self, scores_B: Tensor, y_B: Tensor) -> None:
        answers = self.shares(scores_B) if self.threshold is None else self.classes(scores_B, self.threshold)
        self.metric.update(answers, y_B if self.positive is None else (y_B == self.positive).long())

    def shares(self, scores_B: Tensor) -> Tensor:
        """[B, 2] the probability of each class, or [B] of one; in float64, where 1 less a small one is not yet 1."""
        if self.positive == 1:
            return scores_B
        others_B = 1 - scores_B.double()
        return others_B if self.positive == 0 else torch.stack([others_B, scores_B.double()], 1)

    def classes(self, scores_B: Tensor, threshold: float) -> Tensor:
        """[B] the class given to each row; of one class alone whether it was given."""
        given_B = (scores_B > (1 - threshold if self.positive == 0 else threshold)).long()
        return given_B if self.positive is None else (given_B == self.positive).long()

    def compute(self) -> Any:
        return self.metric.compute()

    def reset(self) -> None:
        self.metric.reset()
