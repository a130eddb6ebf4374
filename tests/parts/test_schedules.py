"""Schedules as they are built, and held against torch's own."""

from typing import Any

import pytest
import torch
from torch.optim import SGD, Optimizer

from options import options, part
from runner.contracts import Schedule
from runner.errors import ConfigError
from runner.parts.schedules import build_schedules


def sgd() -> tuple[Optimizer, ...]:
    return (SGD([torch.zeros(1, requires_grad=True)], lr=1.0),)


def schedules(option: str, **changed: Any) -> tuple[Schedule, ...]:
    given = part("scheduler", option, **changed)
    return build_schedules(given, sgd(), total_steps=25, steps_per_epoch=10, monitor_mode="max")


def test_no_scheduler_is_no_schedule() -> None:
    assert schedules("none") == ()


@pytest.mark.parametrize("option", [option for option in options("scheduler") if option != "none"])
def test_every_scheduler_option_is_built_for_each_optimizer(option: str) -> None:
    given = part("scheduler", option)
    built = build_schedules(given, sgd() + sgd(), total_steps=25, steps_per_epoch=10, monitor_mode="min")
    assert [schedule.interval for schedule in built] == [given.knobs["interval"]] * 2


def test_a_cosine_left_open_ends_with_the_run() -> None:
    assert schedules("cosine_annealing_lr")[0].scheduler.T_max == 3  # 25 steps are 2 epochs and a half
    assert schedules("cosine_annealing_lr", interval="step")[0].scheduler.T_max == 25
    assert schedules("cosine_annealing_lr", T_max=7)[0].scheduler.T_max == 7


def test_a_plateau_left_open_follows_the_monitor() -> None:
    assert schedules("reduce_lr_on_plateau")[0].scheduler.mode == "max"
    assert schedules("reduce_lr_on_plateau", mode="min")[0].scheduler.mode == "min"


def test_building_a_schedule_ticks_nothing() -> None:
    (schedule,) = schedules("exponential_lr", gamma=0.5)
    assert (schedule.scheduler.last_epoch, schedule.scheduler.get_last_lr()) == (0, [1.0])


@pytest.mark.parametrize(
    ("option", "changed", "words"),
    [
        ("step_lr", {"step_size": 0}, "scheduler.step_size=0: a whole number of at least 1"),
        ("step_lr", {"gamma": -0.5}, "scheduler.gamma=-0.5: a number above 0"),
        ("step_lr", {"step_size": 1.5}, "scheduler.step_size=1.5: step_lr wants a whole number"),
        ("step_lr", {"interval": "batch"}, "scheduler.interval=batch: no interval; choices: epoch, step"),
        ("step_lr", {"last_epoch": 3}, "scheduler.last_epoch is found out by the program; leave it out"),
        ("cosine_annealing_lr", {"T_max": 0}, "scheduler.T_max=0: a whole number of at least 1"),
        ("multi_step_lr", {"milestones": 30}, "scheduler.milestones=30: multi_step_lr wants a list, each a whole num"),
        ("reduce_lr_on_plateau", {"factor": 1.5}, "scheduler=reduce_lr_on_plateau: Factor should be < 1.0"),
        ("reduce_lr_on_plateau", {"mode": "up"}, "scheduler.mode=up: reduce_lr_on_plateau wants one of min, max"),
        (
            "reduce_lr_on_plateau",
            {"interval": "step"},
            "scheduler.interval=step: the monitor is measured once an epoch",
        ),
    ],
)
def test_a_schedule_that_would_fail_at_a_later_tick_is_refused(
    option: str, changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=f"^{words}"):
        schedules(option, **changed)
