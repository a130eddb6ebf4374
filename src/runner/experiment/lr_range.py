"""The range test of learning rates: a short training whose rate grows from step to step (Smith 2017)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from runner import seed
from runner.contracts import Parts, Progress
from runner.engine.fit import Plan, fit
from runner.errors import RunError
from runner.experiment.assemble import Experiment

LOWEST, HIGHEST, STEPS = 1e-6, 10.0, 200  # each step multiplies the rate by the same factor
WINDOW = 12  # steps whose mean loss is compared with that of as many before them: the rate grows to 2.6 times
DIVERGED = 4.0  # times the loss at the start
FALLEN = 0.02  # of the loss at the start: less of a fall is no fall


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
        """The rate, in two digits, at which the loss falls fastest before it is lowest; None where it falls at none.

        The lowest loss itself says little: of few rows it is that of a net that knows them by heart.
        """
        smoothed = self.smoothed
        lowest = min(range(len(smoothed)), key=smoothed.__getitem__)
        falls = {step: self.fall(step) for step in range(WINDOW, min(lowest, len(self.losses) - WINDOW) + 1)}
        steepest = max(falls, key=falls.__getitem__, default=0)
        if not falls or falls[steepest] <= FALLEN * abs(smoothed[0]):
            return None
        return float(f"{self.rates[steepest]:.1e}")

    def fall(self, step: int) -> float:
        """How much lower the loss is in the window from ``step`` on than in the one before."""
        return fmean(self.losses[step - WINDOW : step]) - fmean(self.losses[step : step + WINDOW])


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
            if losses and loss > DIVERGED * losses[0] > 0:
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
