"""The first step of a training, taken slowly: every number between the batch and the changed weights.

Shapes: B batch, K outputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

from runner import seed
from runner.contracts import Parts, Progress
from runner.engine.epoch_sums import Tally
from runner.engine.fit import counts_hits, prepared
from runner.engine.forward import forward
from runner.engine.step import Stepper
from runner.experiment.assemble import Experiment
from runner.experiment.precision import check_precision
from runner.experiment.rebuild import probabilities
from runner.losses.readout import OneVersusRest, Ranking
from runner.models.summary import layers

ROWS_SHOWN = 4


@dataclass(frozen=True)
class LayerOutput:
    """What a layer made of the batch."""

    name: str
    kind: str
    shape: tuple[int, ...]
    mean: float
    std: float


@dataclass(frozen=True)
class WeightChange:
    """One parameter through the step: norms, all of them lengths (L2)."""

    name: str
    shape: tuple[int, ...]
    weight_norm: float  # before
    grad_norm: float  # as the optimizer saw it
    update_norm: float


@dataclass(frozen=True)
class FirstStep:
    """Tensors are on the host, of the first rows alone."""

    batch_shape: tuple[int, ...]
    low: float  # of the batch, after preprocessing
    high: float
    labels: tuple[float, ...]  # of the first rows
    layers: tuple[LayerOutput, ...]
    logits: Tensor  # [ROWS_SHOWN, K]
    shares: Tensor  # [ROWS_SHOWN, num_classes] what ``predict`` tells of each class, where there are classes
    each_by_itself: bool  # whether the shares are sigmoids scaled to 1, not a softmax
    ranks_only: bool  # whether the outputs rank the classes and are no logits of probabilities
    of_classes: bool  # whether the outputs stand for classes, not for a number or a place
    row_losses: tuple[float, ...]  # of the first rows; () where the loss is no mean over rows
    loss: float
    loss_after: float  # on the same batch, with the same dropout
    changes: tuple[WeightChange, ...]
    grad_norm: float  # of all gradients together
    lr: float


def first_step(experiment: Experiment) -> FirstStep:
    """Takes the step that ``train`` takes first, to the bit; the experiment has made it afterwards.

    Raises RunError where the loss is not finite, and as ``check_precision`` does.
    """
    check_precision(experiment)
    parts = experiment.parts
    seed.seed_everything(seed.derive(experiment.config.seed, "training"))
    parts.model.train()
    x_B, y_B = first_batch(experiment)
    before = [weight.detach().clone() for weight in parts.model.parameters()]
    generators = seed.capture()
    plan, tally = experiment.plan, Tally(Progress(), counts_hits=counts_hits(parts))
    stepper = Stepper(parts, plan.grad_clip_norm, plan.batch_size)
    lr = stepper.rates()["lr"]
    kinds = {row.name: row.kind for row in layers(parts.model, experiment.in_shape)}
    with watched(parts.model, kinds) as (seen, outputs):
        stepper.step(x_B, y_B, tally)
    loss, logits_BK = tally.losses[0], torch.cat(outputs)[: len(y_B)]  # of micro-batches all, of LBFGS the first
    seed.restore(generators)  # the same dropout for the second look
    with torch.no_grad():
        loss_after = parts.loss(forward(parts, x_B), y_B).item()
    of_classes, first_BK = counts_hits(parts), logits_BK[:ROWS_SHOWN]
    return FirstStep(
        batch_shape=tuple(x_B.shape),
        low=x_B.min().item(),
        high=x_B.max().item(),
        labels=tuple(y_B[:ROWS_SHOWN].tolist()),
        layers=tuple(seen),
        logits=first_BK.cpu(),
        shares=probabilities(parts, first_BK) if of_classes else torch.empty(0),
        each_by_itself=isinstance(parts.readout, OneVersusRest),
        ranks_only=isinstance(parts.readout, Ranking),
        of_classes=of_classes,
        row_losses=row_losses(parts, logits_BK, y_B, loss.item()),
        loss=loss.item(),
        loss_after=loss_after,
        changes=tuple(changes(parts.model, before)),
        grad_norm=stepper.grad_norm(),
        lr=lr,
    )


@torch.no_grad()
def first_batch(experiment: Experiment) -> tuple[Tensor, Tensor]:
    """(x_B as the net gets it, y_B)."""
    chunk = next(iter(experiment.train.chunks(0)))
    x_B = torch.split(prepared(experiment.parts, chunk, 0), chunk.batch_size)[0]
    return x_B, chunk.y[: len(x_B)]


@contextmanager
def watched(model: nn.Module, kinds: Mapping[str, str]) -> Iterator[tuple[list[LayerOutput], list[Tensor]]]:
    """What each innermost module makes of the first batch that passes, and what the model does; filled inside."""
    seen: list[LayerOutput] = []
    outputs: list[Tensor] = []
    names = {module: name for name, module in model.named_modules() if name in kinds}

    def look(module: nn.Module, _: Any, output: Any) -> None:
        if module in names and not outputs and isinstance(output, Tensor):  # LBFGS asks again
            std, mean = torch.std_mean(output.detach().float(), correction=0)
            name = names[module]
            seen.append(LayerOutput(name, kinds[name], tuple(output.shape), mean.item(), std.item()))
        if module is model:
            outputs.append(output.detach())

    hook = register_module_forward_hook(look)
    try:
        yield seen, outputs
    finally:
        hook.remove()


@torch.no_grad()
def row_losses(parts: Parts, logits_BK: Tensor, y_B: Tensor, loss: float) -> tuple[float, ...]:
    """The loss of each of the first rows, where the batch's is their mean."""
    each = [parts.loss(logits_BK[i : i + 1], y_B[i : i + 1]).item() for i in range(len(y_B))]
    is_mean = abs(sum(each) / len(each) - loss) <= 1e-4 * max(1.0, abs(loss))
    return tuple(each[:ROWS_SHOWN]) if is_mean else ()


def changes(model: nn.Module, before: list[Tensor]) -> Iterator[WeightChange]:
    for (name, weight), old in zip(model.named_parameters(), before, strict=True):
        grad = 0.0 if weight.grad is None else weight.grad.norm().item()
        update = (weight.detach() - old).norm().item()
        yield WeightChange(name, tuple(weight.shape), old.norm().item(), grad, update)
