"""How estimators with scikit-learn's methods meet the rows and the metrics of a run.

Shapes: N train rows, V validation rows, M rows that are asked about, F columns, K classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from runner.contracts import Task


@dataclass(frozen=True)
class Table:
    """What an estimator is fitted to."""

    x_NF: NDArray[np.float32]
    y_N: NDArray[Any]  # int64 classes, or float32 numbers
    x_VF: NDArray[np.float32]  # may end the fit early; none may be there
    y_V: NDArray[Any]
    category_F: NDArray[np.bool_]  # whether a column holds codes of categories; an empty cell is NaN, as of a number
    task: Task
    num_classes: int


Fit = Callable[[Table], Any]  # -> an estimator of scikit-learn's kind


@dataclass(frozen=True)
class Fitted:
    """An estimator that has seen the train rows."""

    model: Any
    classes: NDArray[np.int64]  # those that the train rows have
    task: Task
    num_classes: int

    def scores(self, x_MF: NDArray[np.float32]) -> Tensor:
        """As metrics take them: [M, K] probabilities, [M] those of the second of two classes, or [M] values."""
        if self.task == "regression":
            return torch.from_numpy(np.asarray(self.model.predict(x_MF), np.float32))
        shares_MK = np.zeros((len(x_MF), self.num_classes), np.float32)
        shares_MK[:, self.classes] = self.model.predict_proba(x_MF) if len(self.classes) > 1 else 1
        return torch.from_numpy(shares_MK[:, 1] if self.task == "binary" else shares_MK)


def fitted(fit: Fit, table: Table) -> Fitted:
    """The estimator that ``fit`` makes of the table; classes that no train row has are never answered."""
    if table.task == "regression":
        return Fitted(fit(table), np.empty(0, np.int64), table.task, 0)
    classes, codes_N = np.unique(table.y_N, return_inverse=True)
    known_V = np.isin(table.y_V, classes)
    codes_V = np.searchsorted(classes, table.y_V[known_V])
    coded = replace(table, y_N=codes_N, x_VF=table.x_VF[known_V], y_V=codes_V)
    model = fit(coded) if len(classes) > 1 else None  # one class alone needs no fit, and most refuse it
    return Fitted(model, classes, table.task, table.num_classes)
