"""Training, evaluation and prediction over built parts: plain arguments, no config, no files, no printing.

Shapes: B batch, N rows of a split, K outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, islice
from math import ceil

import torch
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from runner.contracts import Batches, Chunk, Parts, Progress, Report
from runner.engine.epoch_sums import Tally
from runner.engine.predict import Stopped, never, predict
from runner.engine.selection import select
from runner.engine.step import Stepper
from runner.ranks import Ranks


@dataclass(frozen=True)
class Plan:
    """How long to train and when to say something; every duration in steps or epochs."""

    epochs: int
    log_every_steps: int
    monitor: str
    max_steps: int | None = None
    checkpoint_every_steps: int | None = None
    print_every_steps: int | None = None
    test_every_epochs: int | None = None
    grad_clip_norm: float | None = None
    batch_size: int | None = None  # rows that go through the net at once; None: all of a step

    def is_done(self, progress: Progress) -> bool:
        all_steps = progress.epoch >= self.epochs or (self.max_steps is not None and progress.step >= self.max_steps)
        return all_steps and not progress.unjudged

    def tests_after(self, epoch: int) -> bool:
        """Whether the test split is looked at after ``epoch``, counted from 1."""
        return self.test_every_epochs is not None and epoch % self.test_every_epochs == 0

    def speaks_at(self, step: int) -> bool:
        """Whether the step's values are logged, or a checkpoint or a printed line may be due."""
        others = (self.checkpoint_every_steps, self.print_every_steps)
        return self.logs_at(step) or any(every is not None and step % every == 0 for every in others)

    def logs_at(self, step: int) -> bool:
        return step % self.log_every_steps == 0


def untold(text: str) -> None:
    """Shows nothing."""


def fit(
    parts: Parts,
    train: Batches,
    judged: Mapping[str, Batches],
    plan: Plan,
    start: Progress,
    stop: Callable[[], bool] = never,
    tell: Callable[[str], None] = untold,
) -> Iterator[Report]:
    """Train from ``start`` to the plan's end, yielding what happened.

    ``judged`` holds the splits evaluated at the end of an epoch: ``val`` always, ``test`` as the plan says. At every
    yield model, optimizers, schedules and the report's progress are consistent: what is saved there resumes to the
    bit. After ``stop`` turns true the next report is the last; it comes after one step, or one batch of evaluation; of
    several ranks after the steps of a chunk.
    How far an evaluation is, is told: "val 4/10".
    Raises RunError when a loss or gradient is not finite.
    """
    stepper = Stepper(parts, plan.grad_clip_norm, plan.batch_size)
    is_asked = stop if parts.ranks is None else partial(is_anyone_asked, parts.ranks, stop)
    between_steps = stop if parts.ranks is None else never  # ranks agree at the end of a chunk
    progress = start
    while not plan.is_done(progress):
        tally = Tally(progress, counts_hits=counts_hits(parts), ranks=parts.ranks)
        for report in train_epoch(stepper, train, plan, tally, between_steps):
            yield report
            if is_asked():
                return
        report = end_epoch(stepper, len(train), judged, plan, tally, stop, tell)
        yield report
        if is_asked():
            return
        progress = report.progress


def is_anyone_asked(ranks: Ranks, stop: Callable[[], bool]) -> bool:
    """Whether one of the ranks is to stop: then all do, at the same step."""
    return ranks.total(stop()) > 0


def train_epoch(
    stepper: Stepper, train: Batches, plan: Plan, tally: Tally, stop: Callable[[], bool]
) -> Iterator[Report]:
    """The rest of the epoch that ``tally`` stands in, or as much of it as ``max_steps`` allows."""
    if tally.start.unjudged:
        return
    stepper.parts.model.train()
    batches_left = len(train) - tally.batch
    for chunk in train.chunks(tally.epoch, tally.batch):
        x_of_batches = prepared_batches(stepper, chunk, tally.epoch)
        batches = zip(x_of_batches, torch.split(chunk.y, chunk.batch_size), strict=True)
        for x_B, y_B in islice(batches, tally.batch - chunk.first_batch, None):
            stepper.step(x_B, y_B, tally)
            batches_left -= 1
            if batches_left == 0 or tally.step == plan.max_steps:
                return
            if plan.speaks_at(tally.step) or stop():
                values = step_values(stepper, tally) if plan.logs_at(tally.step) else {}
                yield Report(tally.read(), tally.epoch + 1, values)
        yield Report(tally.read(), tally.epoch + 1)  # a sign of life, for the progress bar and for signals


@torch.no_grad()
def prepared_batches(stepper: Stepper, chunk: Chunk, epoch: int) -> Sequence[Tensor]:
    """x_B of each batch of a chunk; of several ranks that of this one's share alone."""
    if stepper.ranks is None:
        return torch.split(prepared(stepper.parts, chunk, epoch), chunk.batch_size)
    places = torch.arange(len(chunk.y), device=chunk.y.device)
    shares = [stepper.share(batch) for batch in torch.split(places, chunk.batch_size)]
    own = torch.cat(shares)
    x = prepared(stepper.parts, replace(chunk, x=chunk.x[own], rows=chunk.rows[own]), epoch)
    return torch.split(x, [len(share) for share in shares])


def prepared(parts: Parts, chunk: Chunk, epoch: int) -> Tensor:
    """The rows as the model is trained on them."""
    x = chunk.x if parts.augment is None else parts.augment(chunk.x, chunk.rows, epoch)
    prepared: Tensor = parts.preprocess(x)
    return prepared


def step_values(stepper: Stepper, tally: Tally) -> dict[str, float]:
    """What a logged step says; it closes the window of ``train/batch_loss`` and ``train/batch_accuracy``."""
    tally.read()
    return {**tally.close_window(), **stepper.rates(), "grad_norm": stepper.grad_norm()}


def end_epoch(
    stepper: Stepper,
    batches_per_epoch: int,
    judged: Mapping[str, Batches],
    plan: Plan,
    tally: Tally,
    stop: Callable[[], bool],
    tell: Callable[[str], None],
) -> Report:
    """The row of a finished epoch (or of the last, cut short by ``max_steps``), with every split judged that is due.

    Where ``stop`` cuts the evaluation short, a report from which the epoch can be judged anew.
    """
    parts, number = stepper.parts, tally.epoch + 1
    values = dict(tally.start.unjudged) or epoch_values(stepper, tally)
    due = [split for split in judged if split != "test" or plan.tests_after(number)]
    judge_all = partial(judge_splits, parts, judged, due, stop, tell)
    scores = judge_all() if parts.ranks is None else parts.ranks.tell(judge_all)
    if scores is None:
        return Report(replace(tally.start, unjudged=values), number)
    values |= scores
    if tally.batch < batches_per_epoch:
        return Report(replace(tally.start, unjudged={}), number, values, epoch_end=True)
    step_epoch_schedules(parts, values, plan.monitor)
    return Report(Progress(step=tally.step, epoch=number), number, values, epoch_end=True)


def judge_splits(
    parts: Parts,
    judged: Mapping[str, Batches],
    due: Sequence[str],
    stop: Callable[[], bool],
    tell: Callable[[str], None],
) -> dict[str, float] | None:
    """Loss and metrics of the splits that are due; None where ``stop`` cut it short."""
    scores: dict[str, float] = {}
    try:
        refer(parts, stop)
        select(parts, judged.get("val"), stop)
        for split in due:
            scores |= scored(parts, split, judged[split], stop, tell)
    except Stopped:
        return None
    return scores


def epoch_values(stepper: Stepper, tally: Tally) -> dict[str, float]:
    """What the training steps of the epoch say, the last of them included."""
    values = step_values(stepper, tally)
    progress = tally.read()
    values["train/loss"] = progress.loss_sum / progress.seen
    if counts_hits(stepper.parts):
        values["train/accuracy"] = progress.hits / progress.seen
    return values


def counts_hits(parts: Parts) -> bool:
    """Whether the outputs of a training step say by themselves which class was meant."""
    return parts.task != "regression" and parts.reference is None


def scored(
    parts: Parts, split: str, batches: Batches, stop: Callable[[], bool], tell: Callable[[str], None]
) -> dict[str, float]:
    told = told_batches(parts, split, batches, stop, tell)
    return {f"{split}/{name}": value for name, value in evaluate(parts, batches, told).items()}


def told_batches(
    parts: Parts, split: str, batches: Batches, stop: Callable[[], bool], tell: Callable[[str], None]
) -> Callable[[], bool]:
    """``stop``, which is asked before each forward pass, that also tells which one it is."""
    num_passes = max(len(batches), ceil(batches.num_rows / (parts.max_eval_batch or batches.num_rows or 1)))
    numbers = count(1)

    def asked() -> bool:
        tell(f"{split} {min(next(numbers), num_passes)}/{num_passes}")
        return stop()

    return asked


def step_epoch_schedules(parts: Parts, values: Mapping[str, float], monitor: str) -> None:
    for schedule in parts.schedules:
        if schedule.interval == "epoch":
            if isinstance(schedule.scheduler, ReduceLROnPlateau):
                schedule.scheduler.step(values[monitor])
            else:
                schedule.scheduler.step()


def evaluate(parts: Parts, batches: Batches, stop: Callable[[], bool] = never) -> dict[str, float]:
    """Loss and metrics over all rows of a split, each divided once; names without the split. Raises Stopped."""
    return judge(parts, *predict(parts, batches, stop))


@torch.no_grad()
def refer(parts: Parts, stop: Callable[[], bool] = never) -> None:
    """Show the readout where the train rows lie now, if it compares with them. Raises Stopped once asked to."""
    if parts.reference is not None:
        parts.readout.refer_to(*predict(parts, parts.reference, stop))  # type: ignore[operator]


@torch.no_grad()
def judge(parts: Parts, logits_NK: Tensor, y_N: Tensor) -> dict[str, float]:
    """The loss and every metric with a single value."""
    return {"loss": float(parts.loss(logits_NK, y_N)), **measure(parts, parts.readout(logits_NK), y_N)}


def measure(parts: Parts, scores: Tensor, y_N: Tensor) -> dict[str, float]:
    """Every metric with a single value."""
    from torchmetrics import R2Score  # 2 s: only where metrics were built, which have imported it

    values = {}
    for name, metric in parts.metrics.items():
        metric.reset()
        metric.update(*(without_unit(scores, y_N) if isinstance(metric, R2Score) else (scores, y_N)))
        value = metric.compute()
        if value.ndim == 0:
            values[name] = float(value)
    return values


def without_unit(values_N: Tensor, y_N: Tensor) -> tuple[Tensor, Tensor]:
    """Both less the mean of y, in its deviations: no score that knows no unit changes by that.

    torchmetrics' R2Score takes the difference of two sums of squares, of which float32 leaves nothing where the mean is
    far from 0, and takes sums below 1e-4 for 0, whatever the unit.
    """
    std, mean = torch.std_mean(y_N, correction=0)
    std = torch.where(std > 0, std, 1.0)
    return (values_N - mean) / std, (y_N - mean) / std


def confusion(scores: Tensor, y_N: Tensor, num_classes: int) -> tuple[tuple[int, ...], ...]:
    """Counts [true][predicted], from [N, K] probabilities or [N] of class 1."""
    predicted_N = (scores > 0.5).long() if scores.ndim == 1 else scores.argmax(1)
    counts = torch.bincount(y_N * num_classes + predicted_N, minlength=num_classes**2)
    return tuple(tuple(row) for row in counts.view(num_classes, num_classes).tolist())
