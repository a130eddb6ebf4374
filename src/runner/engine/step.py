"""One step of an optimizer.

Shapes: B rows of the step, b of a micro-batch, K outputs.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from runner.contracts import Ensemble, Parts
from runner.engine.epoch_sums import Tally
from runner.engine.forward import forward
from runner.errors import RunError
from runner.losses.adapted import weight_of_rows

SMALLEST_SCALE = 2.0**-10  # of a loss in fp16, which begins at 2 ** 16: gradients that overflow here always will


class Stepper:
    """Loss, backward, clip, finite, step, schedule."""

    def __init__(self, parts: Parts, grad_clip_norm: float | None, batch_size: int | None = None):
        self.parts = parts
        self.scaler = parts.scaler
        self.grad_clip_norm = grad_clip_norm
        self.ranks = parts.ranks
        if batch_size is not None and parts.ranks is not None:
            batch_size = math.ceil(batch_size / parts.ranks.count)
        self.batch_size = batch_size  # rows a member that go through the net at once; None: all of a step
        self.num_members = parts.model.num_members if isinstance(parts.model, Ensemble) else 1
        self.full_size = None if batch_size is None else batch_size * self.num_members
        self.for_full_size = replace(parts, model=parts.compiled) if parts.compiled is not None else parts
        self.params = [p for p in parts.model.parameters() if p.requires_grad]
        self.step_schedules = [s.scheduler for s in parts.schedules if s.interval == "step"]
        self.closure_optimizer = next((o for o in parts.optimizers if isinstance(o, torch.optim.LBFGS)), None)
        self.has_sparse = any(isinstance(m, nn.Embedding | nn.EmbeddingBag) and m.sparse for m in parts.model.modules())
        self.used_rates: dict[str, float] = {}  # where schedules move them after each step
        device = self.params[0].device
        self.on_cpu = device.type == "cpu"
        self.found_inf = torch.zeros((), device=device)
        self.one = torch.ones((), device=device)
        if device.type == "cuda" and parts.scaler is None:  # kernels elsewhere take the flag and do not look at it
            let_skip(parts.optimizers, self.found_inf)

    def rates(self) -> dict[str, float]:
        """The learning rates of the latest step."""
        return self.used_rates or learning_rates(self.parts.optimizers)

    def grad_norm(self) -> float:
        """Norm of the gradients of the latest step, after clipping."""
        return float(torch.nn.utils.get_total_norm(self.grads()))

    def grads(self) -> list[Tensor]:
        """The gradients; of a sparse one the values, each row once."""
        grads = [p.grad for p in self.params if p.grad is not None]
        return [g.coalesce()._values() if g.is_sparse else g for g in grads] if self.has_sparse else grads

    def step(self, x_B: Tensor, y_B: Tensor, tally: Tally) -> None:
        """Train on a batch; its loss and logits, taken before the weights moved, go into the tally.

        Of several ranks each has ``x_B`` of its share alone, and ``y_B`` of the whole batch.
        """
        if self.ranks is not None:
            self.ranks.draw_for(tally.step)
        if self.closure_optimizer is not None:
            loss, logits_BK = self.step_by_closure(self.closure_optimizer, x_B, y_B, tally)
        else:
            loss, logits_BK = self.backward(x_B, y_B, tally)
            for optimizer in self.parts.optimizers:
                optimizer.step() if self.scaler is None else self.scaler.step(optimizer)
            if self.scaler is not None:
                self.scaler.update()  # halved where gradients overflowed, and no step was taken
        if self.step_schedules:
            self.used_rates = learning_rates(self.parts.optimizers)
            for scheduler in self.step_schedules:
                scheduler.step()
        num_rows = len(y_B)
        if self.ranks is not None:
            own = slice(self.num_own(y_B))
            logits_BK, y_B = logits_BK[own], self.share(y_B)[own]
        tally.add(loss, logits_BK, y_B, num_rows)

    def backward(self, x_B: Tensor, y_B: Tensor, tally: Tally) -> tuple[Tensor, Tensor]:
        for p in self.params:
            p.grad = None
        weight = self.weight_of_share(y_B)
        loss, logits_BK = self.add_gradients(x_B, self.share(y_B), weight)
        if self.ranks is not None:
            self.ranks.average([loss, *self.grads()], weight)
        if self.scaler is not None:
            for optimizer in self.parts.optimizers:
                self.scaler.unscale_(optimizer)
        if self.has_sparse:
            self.coalesce()
        if self.grad_clip_norm is not None:
            self.clip(self.grad_clip_norm)
        self.check_finite(loss, tally)
        return loss, logits_BK

    def share(self, rows_B: Tensor) -> Tensor:
        """This rank's of the rows of a batch: all of them where it is the only one."""
        return rows_B if self.ranks is None else self.ranks.share(self.by_member(rows_B)).flatten(0, 1)

    def num_own(self, y_B: Tensor) -> int:
        """How many rows of its share count: none where the batch has too few for all ranks."""
        if self.ranks is None:
            return len(y_B)
        return self.num_members * len(range(self.ranks.number, len(y_B) // self.num_members, self.ranks.count))

    def weight_of_share(self, y_B: Tensor) -> Tensor | float:
        """How much this rank's rows weigh beside those of the others: about 1, exactly 1 where there are no others.

        The loss is weighed before its backward pass: batch normalisation over all ranks passes gradients between them.
        """
        if self.ranks is None:
            return 1.0
        own_B = self.share(y_B)[: self.num_own(y_B)]
        return weight_of_rows(self.parts.loss, own_B) * (self.ranks.count / len(y_B))

    def add_gradients(self, x_B: Tensor, y_B: Tensor, weight: Tensor | float) -> tuple[Tensor, Tensor]:
        """(loss, logits_BK) of the rows, at once or one micro-batch after the other: their gradients add up."""
        if self.full_size is not None and len(x_B) > self.full_size:
            return self.add_gradients_in_parts(x_B, y_B, weight)
        logits_BK = self.forward(x_B)
        loss: Tensor = self.parts.loss(logits_BK, y_B)
        if self.ranks is not None:
            loss = loss * weight
        torch.autograd.backward(loss if self.scaler is None else self.scaler.scale(loss))
        return loss.detach(), logits_BK.detach()

    def add_gradients_in_parts(self, x_B: Tensor, y_B: Tensor, weight: Tensor | float) -> tuple[Tensor, Tensor]:
        """The same; a micro-batch counts as much as its rows do in the mean over all of them."""
        whole = weight_of_rows(self.parts.loss, y_B) / weight
        losses, outputs = [], []
        for x_b, y_b in zip(self.micro_batches(x_B), self.micro_batches(y_B), strict=True):
            logits_bK = self.forward(x_b)
            loss = self.parts.loss(logits_bK, y_b) * (weight_of_rows(self.parts.loss, y_b) / whole)
            torch.autograd.backward(loss if self.scaler is None else self.scaler.scale(loss))
            losses.append(loss.detach())
            outputs.append(self.by_member(logits_bK.detach()))
        return torch.stack(losses).sum(), torch.cat(outputs, 1).flatten(0, 1)

    def forward(self, x_B: Tensor) -> Tensor:
        """By the compiled net if there is one, and the batch is of the size that it was compiled for."""
        return forward(self.for_full_size if len(x_B) == self.full_size else self.parts, x_B)

    def micro_batches(self, rows_B: Tensor) -> list[Tensor]:
        """``batch_size`` rows each, or what is left; of several members so many of each."""
        assert self.batch_size is not None
        return [part.flatten(0, 1) for part in torch.split(self.by_member(rows_B), self.batch_size, dim=1)]

    def by_member(self, rows_B: Tensor) -> Tensor:
        """[members, rows of each, ...]: in a batch those of one member stand behind those of another."""
        return rows_B.reshape(self.num_members, -1, *rows_B.shape[1:])

    def coalesce(self) -> None:
        """Adds up the rows that a sparse gradient names more than once: only then its values have a norm."""
        for p in self.params:
            if p.grad is not None and p.grad.is_sparse:
                p.grad = p.grad.coalesce()

    def clip(self, largest_norm: float) -> None:
        if not self.has_sparse:
            torch.nn.utils.clip_grad_norm_(self.params, largest_norm)
            return
        grads = self.grads()
        factor = (largest_norm / (torch.nn.utils.get_total_norm(grads) + 1e-6)).clamp(max=1.0)  # as torch has it
        torch._foreach_mul_(grads, factor)

    def step_by_closure(self, optimizer: Optimizer, x_B: Tensor, y_B: Tensor, tally: Tally) -> tuple[Tensor, Tensor]:
        """LBFGS asks for the loss several times a step; the first answer is the one at the step's start."""
        answers: list[tuple[Tensor, Tensor]] = []

        def closure() -> float:
            with torch.enable_grad():
                answers.append(self.backward(x_B, y_B, tally))
            return float(answers[-1][0])

        optimizer.step(closure)
        return answers[0]

    def check_finite(self, loss: Tensor, tally: Tally) -> None:
        """On the CPU before the step; elsewhere the flag stays on the device until the tally is read.

        Of fp16 a gradient may overflow, and the loss may not.
        """
        if self.scaler is not None:
            tally.found_inf = self.scaler.scale(self.one) < SMALLEST_SCALE
            return
        # one pass over all gradients, 7 times cheaper than a total norm; what torch's own GradScaler calls
        torch._amp_foreach_non_finite_check_and_unscale_(self.grads(), self.found_inf, self.one)
        if not self.on_cpu:
            tally.found_inf = self.found_inf
        elif self.found_inf.item() or not math.isfinite(loss.item()):
            lr = learning_rates(self.parts.optimizers)["lr"]
            raise not_finite(loss.item(), tally.step + 1, tally.epoch + 1, tally.batch + 1, lr)


def learning_rates(optimizers: Sequence[Optimizer]) -> dict[str, float]:
    """``lr``, that of the first group, and ``lr/<name>`` of each group that has one of its own."""
    first, *others = (group for optimizer in optimizers for group in optimizer.param_groups)
    named = {f"lr/{group['name']}": float(group["lr"]) for group in others if "name" in group}
    return {"lr": float(first["lr"]), **named}


def let_skip(optimizers: Sequence[Optimizer], found_inf: Tensor) -> None:
    """From now on those that can take no step while ``found_inf`` is set, without asking the host: torch's fused ones.

    The flag is never taken back: the weights stay finite until the host reads it and ends the run.
    """
    for optimizer in optimizers:
        if getattr(optimizer, "_step_supports_amp_scaling", False):
            optimizer.found_inf = found_inf  # type: ignore[attr-defined] # where torch's GradScaler puts it


def not_finite(loss: float, step: int, epoch: int, batch: int, lr: float) -> RunError:
    what = "the gradient is not finite" if math.isfinite(loss) else f"the loss is {loss}"
    return RunError(
        f"{what} at step {step} (epoch {epoch}, batch {batch}, lr {lr:g}); the step was not taken.\n"
        f"  Lower optimizer.lr, or set grad_clip_norm=1"
    )


TORCHS_WORDS = r"Function '(\w+?)(?:Backward\d*)?' returned nan values"
TRACE = "Error detected in"


@contextmanager
def raise_on_anomaly() -> Iterator[None]:
    """Inside, a backward pass that makes a NaN raises RunError with the operation and the line that called it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with torch.autograd.set_detect_anomaly(True):
                yield
        except RuntimeError as error:
            found = re.search(TORCHS_WORDS, str(error))
            if found is None:
                raise
            where = _caller([str(warning.message) for warning in caught])
            raise RunError(f"the gradient of {found[1]} is NaN{where}; the step was not taken") from error
    for warning in caught:
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def _caller(warnings: Sequence[str]) -> str:
    """The last line outside torch that led to the operation, from the trace that torch warns of."""
    trace = next((text for text in warnings if TRACE in text), "")
    calls = re.findall(r'File "(.+)", line (\d+), in .+\n\s+(.+)', trace)
    outside = [call for call in calls if "/torch/" not in call[0]]
    if not outside:
        return ""
    path, line, code = outside[-1]
    return f", called by {path}, line {line}: {code.strip()}"
