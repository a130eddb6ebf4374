"""Which members of an ensemble answer, and with the weights of which epoch: the validation rows decide.

N rows, M members, K outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf, isnan

import torch
from torch import Tensor, nn

from runner.contracts import Batches, Parts, Selection
from runner.engine.predict import predict

FEWEST_ROWS = 300  # to choose members by: fewer flatter some by chance, and then all answer
MOST_PICKS = 20


class Members(nn.Module):
    """x_BF -> [B, M, K] what each member says."""

    def __init__(self, ensemble: Selection, *, kept: bool):
        super().__init__()
        self.ensemble, self.kept = ensemble, kept

    def forward(self, x_BF: Tensor) -> Tensor:
        return self.ensemble.outputs(x_BF, kept=self.kept)


@torch.no_grad()
def select(parts: Parts, val: Batches | None, stop: Callable[[], bool]) -> None:
    """Keep the members that are better than ever on ``val``, and pick those that answer; without rows nothing changes.

    To be called at the end of an epoch; once more changes nothing. Raises Stopped once asked to.
    """
    if val is None or not isinstance(parts.model, Selection):
        return
    ensemble = parts.model
    outputs_NMK, y_N = predict(replace(parts, model=Members(ensemble, kept=False)), val, stop)
    losses_M = torch.stack([parts.loss(outputs_NK, y_N) for outputs_NK in outputs_NMK.unbind(1)])
    ensemble.keep(losses_M, losses_M < ensemble.kept_losses)
    if len(y_N) < FEWEST_ROWS:
        ensemble.pick(torch.ones_like(losses_M))
        return
    outputs_NMK, _ = predict(replace(parts, model=Members(ensemble, kept=True)), val, stop)
    ensemble.pick(greedy(lambda picks_M: float(parts.loss(ensemble.pool(outputs_NMK, picks_M), y_N)), losses_M))


def greedy(loss_of: Callable[[Tensor], float], picks_M: Tensor) -> Tensor:
    """[M] how often each member is picked: the best one first, then, each time, the one that lowers the loss most.

    It ends where none does, and after ``MOST_PICKS``: Caruana et al. 2004, with replacement. ``picks_M`` says of what
    size, kind and device the answer is.
    """
    picks_M, best = torch.zeros_like(picks_M), inf
    for _ in range(MOST_PICKS):
        tried = [picks_M + member_M for member_M in torch.eye(len(picks_M), device=picks_M.device)]
        losses = [inf if isnan(loss := loss_of(each)) else loss for each in tried]
        if not min(losses) < best:
            break
        best = min(losses)
        picks_M = tried[losses.index(best)]
    return picks_M
