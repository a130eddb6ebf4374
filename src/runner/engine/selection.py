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
    ensemble.pick(greedy(ensemble.pool, lambda outputs_NK: float(parts.loss(outputs_NK, y_N)), outputs_NMK))


def greedy(pool: Callable[[Tensor, Tensor], Tensor], loss_of: Callable[[Tensor], float], outputs_NMK: Tensor) -> Tensor:
    """[M] how often each member is picked: the best one first, then, each time, the one that lowers the loss most.

    It ends where none does, and after ``MOST_PICKS``: Caruana et al. 2004, with replacement. Those picked so far are
    pooled as one member of their number: to pool all of them anew for each try would take a fifth of an epoch.
    """
    picks_M, best = outputs_NMK.new_zeros(outputs_NMK.shape[1]), inf
    answer = outputs_NMK[:, :0]
    for num in range(MOST_PICKS):
        times = picks_M.new_tensor([num, 1] if num else [1])
        answers = [pool(torch.cat([answer, member_N1K], 1), times) for member_N1K in torch.split(outputs_NMK, 1, 1)]
        losses = [inf if isnan(loss := loss_of(each)) else loss for each in answers]
        if not min(losses) < best:
            break
        best = min(losses)
        place = losses.index(best)
        picks_M[place] += 1
        answer = answers[place].unsqueeze(1)
    return picks_M
