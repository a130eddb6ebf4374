"""A linear model of the same rows, fitted to the end: what a network should do better than.

N rows, F features, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from runner.contracts import Task

MAX_NUMBERS = 5_000_000  # N x F x K: about half a second; MNIST has 420 million
MAX_ITERATIONS = 200  # digits need 90


def linear_scores(train_NF: Tensor, y_N: Tensor, judged_MF: Tensor, task: Task, num_classes: int) -> Tensor:
    """What a linear model of the train rows answers for other rows, as metrics take it.

    [M, K] probabilities, [M] those of the second of two classes, or [M] values.
    """
    train, judged = with_ones(train_NF), with_ones(judged_MF)
    if task == "regression":
        weight: Tensor = torch.linalg.lstsq(train, y_N.double()[:, None]).solution
        return (judged @ weight)[:, 0]
    shares_MK = (judged @ logistic_fit(train, y_N, num_classes)).softmax(1)
    return shares_MK[:, 1] if task == "binary" else shares_MK


def with_ones(x_NF: Tensor) -> Tensor:
    """[N, F + 1] in float64: the last column's weight is the bias."""
    return torch.cat([x_NF.double(), torch.ones(len(x_NF), 1, dtype=torch.float64)], 1)


def logistic_fit(x_NF: Tensor, y_N: Tensor, num_classes: int) -> Tensor:
    """[F, K] weights of the multinomial logistic regression with least loss, from zeros: it is convex.

    The penalty is that of scikit-learn by default (C = 1): the squares of all weights but the bias, over 2N. Of two
    classes it has one column of weights, the difference of the two here, whose squares are half as large.
    """
    weight = torch.zeros(x_NF.shape[1], num_classes, dtype=torch.float64)
    truth_NK = torch.nn.functional.one_hot(y_N, num_classes)
    share = torch.full_like(weight, (2 if num_classes == 2 else 1) / len(y_N))
    share[-1] = 0
    optimizer = torch.optim.LBFGS(
        [weight], max_iter=MAX_ITERATIONS, tolerance_grad=1e-7, tolerance_change=1e-12, line_search_fn="strong_wolfe"
    )

    def closure() -> float:
        log_shares_NK = (x_NF @ weight).log_softmax(1)
        weight.grad = x_NF.T @ (log_shares_NK.exp() - truth_NK) / len(y_N) + share * weight
        return ((share * weight.square()).sum() / 2 - (truth_NK * log_shares_NK).sum() / len(y_N)).item()

    optimizer.step(closure)  # type: ignore[no-untyped-call] # torch says nothing of its types
    return weight
