"""Every optimizer with every scheduler: it trains, and goes on to the bit, or is refused with a choice that works."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from options import CATALOG, options, part
from runner.build.optimizer import build_optimizers
from runner.build.schedule import build_schedules
from runner.config.schedule import schedule_faults
from runner.contracts import Chunk, Parts, Progress, Report
from runner.engine.fit import Plan, fit
from runner.losses.readout import Probabilities

PLAN = Plan(epochs=2, log_every_steps=1, monitor="train/loss")
STEPS_PER_EPOCH = 3
PAIRS = [(optimizer, scheduler) for optimizer in options("optimizer") for scheduler in options("scheduler")]
NO_MOMENTUM = {"adadelta", "adafactor", "adagrad", "asgd", "lbfgs", "rprop"}
REFUSED = {(optimizer, scheduler) for optimizer in NO_MOMENTUM for scheduler in ("cyclic_lr", "one_cycle_lr")}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other take longer than these steps do."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Batches:
    """Eight rows of two codes, all of them in every batch: less would throw LBFGS off."""

    num_rows = 8

    def __len__(self) -> int:
        return STEPS_PER_EPOCH

    def chunks(self, epoch: int, from_batch: int = 0) -> Iterator[Chunk]:
        codes, rows = torch.arange(16).view(8, 2) % 5, torch.arange(8)
        for batch in range(from_batch, STEPS_PER_EPOCH):
            yield Chunk(batch, codes, rows % 2, 8, rows)


def built(optimizer: str, scheduler: str) -> Parts:
    """A net with an embedding, hidden matrices and a head: something for every optimizer."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(5, 4), nn.Flatten(), nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 2))
    optimizers = build_optimizers(part("optimizer", optimizer), model, torch.device("cpu"))
    schedules = build_schedules(
        part("scheduler", scheduler),
        optimizers,
        total_steps=PLAN.epochs * STEPS_PER_EPOCH,
        steps_per_epoch=STEPS_PER_EPOCH,
        monitor_mode="min",
    )
    return Parts(
        nn.Identity(),
        model,
        nn.CrossEntropyLoss(),
        Probabilities("multiclass"),
        optimizers,
        schedules,
        {},
        "multiclass",
    )


def trained(parts: Parts, start: Progress, reports: int | None = None) -> list[Report]:
    found: list[Report] = []
    for report in fit(parts, Batches(), {}, PLAN, start):
        found.append(report)
        if len(found) == reports:
            break
    return found


def state(parts: Parts) -> dict[str, Any]:
    return {
        "model": parts.model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in parts.optimizers],
        "schedules": [schedule.scheduler.state_dict() for schedule in parts.schedules],
    }


def stored(parts: Parts) -> Any:
    content = io.BytesIO()
    torch.save(state(parts), content)
    content.seek(0)
    return torch.load(content, weights_only=True)


def restore(parts: Parts, saved: Any) -> None:
    parts.model.load_state_dict(saved["model"])
    for optimizer, of_optimizer in zip(parts.optimizers, saved["optimizers"], strict=True):
        optimizer.load_state_dict(of_optimizer)
    for schedule, of_schedule in zip(parts.schedules, saved["schedules"], strict=True):
        schedule.scheduler.load_state_dict(of_schedule)


def values(reports: list[Report]) -> list[tuple[int, dict[str, float]]]:
    return [(report.progress.step, dict(report.values)) for report in reports if report.values]


@pytest.mark.parametrize(("optimizer", "scheduler"), [pair for pair in PAIRS if pair not in REFUSED])
def test_a_pair_trains_and_goes_on_to_the_bit(optimizer: str, scheduler: str) -> None:
    whole = built(optimizer, scheduler)
    before: list[Tensor] = [weight.detach().clone() for weight in whole.model.parameters()]
    expected = values(trained(whole, Progress()))
    assert len(expected) == PLAN.epochs * STEPS_PER_EPOCH
    assert all(torch.isfinite(torch.tensor(list(row.values()))).all() for _, row in expected)
    assert not any(torch.equal(a, b) for a, b in zip(before, whole.model.parameters(), strict=True))

    cut, resumed = built(optimizer, scheduler), built(optimizer, scheduler)
    first = trained(cut, Progress(), reports=6)
    restore(resumed, stored(cut))
    rest = trained(resumed, Progress(**asdict(first[-1].progress)))
    assert values(first) + values(rest) == expected
    assert all(torch.equal(a, b) for a, b in zip(resumed.model.parameters(), whole.model.parameters(), strict=True))


@pytest.mark.parametrize(("optimizer", "scheduler"), PAIRS)
def test_a_pair_that_cannot_work_is_refused_before_torch_is_asked(optimizer: str, scheduler: str) -> None:
    nodes = [{"_target_": p.target, **p.knobs} for p in (part("scheduler", scheduler), part("optimizer", optimizer))]
    faults = list(schedule_faults(*nodes, CATALOG))
    assert bool(faults) == ((optimizer, scheduler) in REFUSED)
    if faults:
        assert "set scheduler.cycle_momentum=false, or choose optimizer=sgd" in faults[0]


@pytest.mark.parametrize(("optimizer", "scheduler"), sorted(REFUSED))
def test_the_choice_that_is_named_works(optimizer: str, scheduler: str) -> None:
    parts = built(optimizer, "none")
    given = part("scheduler", scheduler, cycle_momentum=False)
    lengths = {"total_steps": 6, "steps_per_epoch": STEPS_PER_EPOCH}
    assert build_schedules(given, parts.optimizers, **lengths, monitor_mode="min")
