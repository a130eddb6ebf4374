"""What a ReLU behind the logits costs, measured on the weights that have grown up with it.

Shapes: N rows, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from runner.contracts import Parts
from runner.engine import fit


def relu_cost(parts: Parts, split: str, logits_NK: Tensor, y_N: Tensor) -> str | None:
    """A line of what the ReLU cuts off ``logits_NK``, the outputs on ``split`` without it."""
    if logits_NK.shape[1] == 1:  # the sign of a single output says the class, clipped or not
        return None
    with_it, without_it = (hit_share(parts, outputs, y_N) for outputs in (logits_NK.relu(), logits_NK))
    cut = float((logits_NK <= 0).double().mean())
    own_cut = float((logits_NK.gather(1, y_N[:, None]) <= 0).double().mean())
    return (
        f"ReLU on the logits: on {split} it cuts {cut:.0%} of them to 0, in {own_cut:.0%} of the rows that of the\n"
        f"  right class, to which no gradient comes back; the same weights have {split}/accuracy {with_it:.4f}\n"
        f"  with it, {without_it:.4f} without; trained without it they would be others"
    )


def without_last_relu(model: nn.Module) -> nn.Module | None:
    """The same modules up to the ReLU that ends them; None where none does."""
    if type(model).forward is not nn.Sequential.forward:
        return None
    *front, last = model.children()
    bare = nn.Identity() if isinstance(last, nn.ReLU) else without_last_relu(last)
    return None if bare is None else nn.Sequential(*front, bare)


def hit_share(parts: Parts, logits_NK: Tensor, y_N: Tensor) -> float:
    """The share of rows whose class is the predicted one."""
    counts = torch.tensor(fit.confusion(parts.readout(logits_NK), y_N, logits_NK.shape[1]))
    return float(counts.diagonal().sum() / counts.sum())
