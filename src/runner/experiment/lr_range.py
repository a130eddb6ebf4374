"""The range test of learning rates: a short training whose rate grows from step to step (Smith 2017)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from runner import seed
from runner.contracts import Parts, Progress
from runner.engine.fit import Plan, fit
from runner.errors import RunError
from runner.experiment.assemble import Experiment

LOWEST, HIGHEST, STEPS = 1e-6, 10.0, 200  # each step multiplies the rate by the same factor
WINDOW = 12  # steps whose mean loss counts: within them the rate grows to 2.6 times
DIVERGED = 4.0  # times the loss at the start
FALLEN = 0.02  # of the loss at the start: less of a fall is no fall
DONE = 0.9  # of the whole fall of the loss at the rate that is suggested


@dataclass(frozen=True)
class LrRange:
    """What the steps of the test measured; the last of them is the last before the loss diverged."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]  # of the batch of each step, before the step

    @property
    def smoothed(self) -> tuple[float, ...]:
        """The mean loss of each step and its neighbours, within half a window."""
        reach = WINDOW // 2
        return tuple(fmean(self.losses[max(0, step - reach) : step + reach + 1]) for step in range(len(self.losses)))

    @property
    def suggested(self) -> float | None:
        """The rate, in two digits, at which the loss has made most of its fall; None where it falls at none.

        Where it falls fastest is too early: the net is trained on the way, and what is easily learned is learned at
        rates far below the largest that train well. The lowest loss says little: of few rows it is that of a net that
        knows them by heart.
        """
        smoothed = self.smoothed
        fall = smoothed[0] - min(smoothed)
        if fall <= FALLEN * abs(smoothed[0]):
            return None
        step = next(step for step, loss in enumerate(smoothed) if loss <= smoothed[0] - DONE * fall)
        return float(f"{self.rates[step]:.1e}")


def lr_range(experiment: Experiment) -> LrRange:
    """The test of an experiment without a schedule, whose net is trained by it.

    Each group of weights has its own multiple of the rate. Raises RunError where the loss is not finite from the start.
    """
    seed.seed_everything(seed.derive(experiment.config.seed, "training"))
    parts, rates = experiment.parts, list(growing_rates())
    losses: list[float] = []
    own = multiples(parts)
    set_rate(parts, own, rates[0])
    try:
        for loss in step_losses(experiment):
            if len(losses) >= WINDOW and has_diverged([*losses, loss]):
                break
            losses.append(loss)
            set_rate(parts, own, rates[min(len(losses), STEPS - 1)])
    except RunError as fault:
        if not losses:
            raise RunError(
                f"the loss is not finite from the start, whatever the rate: {str(fault).splitlines()[0]}\n"
                "  look for the cause: train with detect_anomaly=true max_steps=1"
            ) from fault
    return LrRange(tuple(rates[: len(losses)]), tuple(losses))


def has_diverged(losses: Sequence[float]) -> bool:
    """Whether the mean of the last is far above that of the first; a single batch may be far off."""
    return fmean(losses[-WINDOW:]) > DIVERGED * fmean(losses[:WINDOW]) > 0


def growing_rates() -> Iterator[float]:
    """STEPS of them, from LOWEST to HIGHEST."""
    yield from (LOWEST * (HIGHEST / LOWEST) ** (step / (STEPS - 1)) for step in range(STEPS))


def multiples(parts: Parts) -> list[list[float]]:
    """Of each optimizer the rate of each group, as a multiple of the first of all."""
    first = parts.optimizers[0].param_groups[0]["lr"]
    return [[float(group["lr"] / first) for group in optimizer.param_groups] for optimizer in parts.optimizers]


def set_rate(parts: Parts, own: list[list[float]], rate: float) -> None:
    for optimizer, factors in zip(parts.optimizers, own, strict=True):
        for group, factor in zip(optimizer.param_groups, factors, strict=True):
            group["lr"] = rate * factor


def step_losses(experiment: Experiment) -> Iterator[float]:
    """The loss of each step, as ``train`` takes them; the rate may be changed at every one."""
    config = experiment.config
    plan = Plan(
        epochs=STEPS,
        max_steps=STEPS,
        log_every_steps=1,
        monitor=config.monitor,
        grad_clip_norm=config.grad_clip_norm,
        batch_size=config.batch_size,
    )
    for report in fit(experiment.parts, experiment.train, {}, plan, Progress()):
        if report.values:
            yield report.values["train/batch_loss"]
