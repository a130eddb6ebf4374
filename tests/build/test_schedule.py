"""Schedules as they are built, and held against torch's own."""

import io
from collections.abc import Callable
from math import cos, pi
from typing import Any

import pytest
import torch
from torch.optim import SGD, Optimizer, lr_scheduler

from options import options, part
from runner.build.schedule import build_schedules, describe, tick, twin
from runner.config.catalog import Catalog, Part, packaged_conf
from runner.contracts import Schedule
from runner.errors import ConfigError


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
        ("step_lr", {"step_size": 1.5}, "scheduler.step_size=1.5: step_lr wants a whole number"),
        (
            "step_lr",
            {"interval": "batch"},
            "scheduler.interval=batch: is no interval; set scheduler.interval=epoch",
        ),
        ("step_lr", {"last_epoch": 3}, "scheduler.last_epoch is set by the program; leave it out"),
        ("multi_step_lr", {"milestones": 30}, "scheduler.milestones=30: multi_step_lr wants a list, each a whole num"),
        ("reduce_lr_on_plateau", {"factor": 1.5}, "scheduler=reduce_lr_on_plateau: .*[Ff]actor"),
        ("reduce_lr_on_plateau", {"mode": "up"}, "scheduler.mode=up: reduce_lr_on_plateau wants one of min, max"),
        (
            "lambda_lr",
            {"lr_lambda": "1 - epoch / 2"},
            "scheduler.lr_lambda=1 - epoch / 2: at epoch 3 the factor is -0.5",
        ),
        (
            "lambda_lr",
            {"lr_lambda": "1 / (2 - epoch)"},
            r"scheduler.lr_lambda=.*: at epoch 2 the factor has no value: f",
        ),
        ("cyclic_lr", {"base_lr": 2.0}, "scheduler.base_lr=2: must be below optimizer.lr=1, or null for a tenth of it"),
        ("cyclic_lr", {"base_lr": 0.1, "max_lr": 0.1}, "scheduler.base_lr=0.1: must be below scheduler.max_lr=0.1, or"),
        ("cyclic_lr", {"scale_fn": "log(x - 9)"}, r"scheduler.scale_fn=log\(x - 9\): has no value at x = 1"),
        (
            "one_cycle_lr",
            {"total_steps": 24},
            r"scheduler.total_steps=24: the run has 25 ticks \(steps\), more than the cycle",
        ),
        (
            "one_cycle_lr",
            {"epochs": 2},
            r"scheduler.total_steps=20: the run has 25 ticks \(steps\), more than the cycle",
        ),
        (
            "one_cycle_lr",
            {"pct_start": 0.04},
            "scheduler.pct_start=0.04: a phase of the cycle would have none of its 25 ticks; choose 0.3",
        ),
        (
            "reduce_lr_on_plateau",
            {"min_lr": [0.1, 0.1]},
            r"scheduler.min_lr=\[0.1,0.1\]: give one number, or one for each group of weights",
        ),
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


# Values: 25 ticks, each held against torch's own classes


def rates(schedule: Schedule, ticks: int = 25) -> list[float]:
    """The learning rate of each tick."""
    return followed(schedule.scheduler, schedule.scheduler.optimizer, ticks)


def followed(scheduler: lr_scheduler.LRScheduler, optimizer: Optimizer, ticks: int = 25) -> list[float]:
    found = []
    for _ in range(ticks):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        tick(scheduler, 0.0)
    return found


def warmed_up(optimizer: Optimizer) -> lr_scheduler.SequentialLR:
    first = lr_scheduler.LinearLR(optimizer, 0.1, 1.0, 2)
    return lr_scheduler.SequentialLR(optimizer, [first, lr_scheduler.CosineAnnealingLR(optimizer, 23)], [2])


def two_in_a_row(optimizer: Optimizer) -> lr_scheduler.SequentialLR:
    first = lr_scheduler.LinearLR(optimizer, 0.1, 1.0, 3)
    return lr_scheduler.SequentialLR(optimizer, [first, lr_scheduler.ExponentialLR(optimizer, 0.9)], [3])


def two_at_once(optimizer: Optimizer) -> lr_scheduler.ChainedScheduler:
    first = lr_scheduler.ConstantLR(optimizer, 0.1, 3)
    return lr_scheduler.ChainedScheduler([first, lr_scheduler.ExponentialLR(optimizer, 0.9)], optimizer)


OF_TORCH: dict[str, Callable[[Optimizer], lr_scheduler.LRScheduler]] = {
    "lambda_lr": lambda o: lr_scheduler.LambdaLR(o, lambda epoch: 0.95**epoch),
    "multiplicative_lr": lambda o: lr_scheduler.MultiplicativeLR(o, lambda epoch: 0.95),
    "step_lr": lambda o: lr_scheduler.StepLR(o, 30),
    "multi_step_lr": lambda o: lr_scheduler.MultiStepLR(o, [30, 80]),
    "constant_lr": lambda o: lr_scheduler.ConstantLR(o),
    "linear_lr": lambda o: lr_scheduler.LinearLR(o),
    "exponential_lr": lambda o: lr_scheduler.ExponentialLR(o, 0.95),
    "polynomial_lr": lambda o: lr_scheduler.PolynomialLR(o, 25),
    "cosine_annealing_lr": lambda o: lr_scheduler.CosineAnnealingLR(o, 25),
    "cosine_annealing_warm_restarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 5),
    "one_cycle_lr": lambda o: lr_scheduler.OneCycleLR(o, 1.0, 25),
    "cyclic_lr": lambda o: lr_scheduler.CyclicLR(o, 0.1, 1.0, 12),
    "reduce_lr_on_plateau": lambda o: lr_scheduler.ReduceLROnPlateau(o),
    "sequential_lr": two_in_a_row,
    "chained_scheduler": two_at_once,
    "warmup_cosine": warmed_up,
}


def test_every_option_is_held_against_torch() -> None:
    assert OF_TORCH.keys() == {*options("scheduler")} - {"none"}


@pytest.mark.parametrize("option", OF_TORCH)
def test_a_schedule_is_that_of_torch(option: str) -> None:
    given = part("scheduler", option)
    per_step = given.knobs["interval"] == "step"
    lengths = {"total_steps": 25, "steps_per_epoch": 10} if per_step else {"total_steps": 250, "steps_per_epoch": 10}
    (schedule,) = build_schedules(given, sgd(), **lengths, monitor_mode="min")
    (theirs,) = sgd()
    assert rates(schedule) == followed(OF_TORCH[option](theirs), theirs)


@pytest.mark.parametrize("option", OF_TORCH)
def test_a_schedule_goes_on_from_its_state_to_the_bit(option: str) -> None:
    def fresh() -> Schedule:
        given = part("scheduler", option)
        per_epoch = 1 if given.knobs["interval"] == "epoch" else 10
        return build_schedules(given, sgd(), total_steps=25, steps_per_epoch=per_epoch, monitor_mode="min")[0]

    whole, halved, resumed = fresh(), fresh(), fresh()
    expected = rates(whole)
    begun = rates(halved, 7)
    saved = [halved.scheduler.state_dict(), halved.scheduler.optimizer.state_dict()]
    resumed.scheduler.optimizer.load_state_dict(through_a_file(saved[1]))
    resumed.scheduler.load_state_dict(through_a_file(saved[0]))
    assert begun + rates(resumed, 18) == expected


def through_a_file(state: dict[str, Any]) -> Any:
    content = io.BytesIO()
    torch.save(state, content)
    content.seek(0)
    return torch.load(content, weights_only=True)


def test_a_formula_knows_the_epoch_and_the_step_and_how_many_there_are() -> None:
    (per_step,) = schedules("lambda_lr", lr_lambda="(epoch + step / 100) / (epochs * steps)", interval="step")
    assert rates(per_step)[17] == (1 + 17 / 100) / (3 * 25)
    (per_epoch,) = schedules("lambda_lr", lr_lambda="0.5 * (1 + cos(pi * step / steps))")
    assert rates(per_epoch, 3)[2] == 0.5 * (1 + cos(pi * 20 / 25))


def test_a_number_is_a_formula() -> None:
    (schedule,) = schedules("multiplicative_lr", lr_lambda=0.5)
    assert rates(schedule, 3) == [1.0, 0.5, 0.25]


def test_the_height_of_cycles_may_be_a_formula() -> None:
    (schedule,) = schedules("cyclic_lr", scale_fn="1 / x", step_size_up=2, base_lr=0.5)
    assert rates(schedule, 9) == [0.5, 0.75, 1.0, 0.75, 0.5, 0.625, 0.75, 0.625, 0.5]


def test_one_cycle_may_be_said_in_epochs() -> None:
    (schedule,) = schedules("one_cycle_lr", epochs=4)
    assert schedule.scheduler.total_steps == 40
    (schedule,) = schedules("one_cycle_lr", epochs=4, interval="epoch")
    assert schedule.scheduler.total_steps == 4


@pytest.mark.parametrize("option", ["one_cycle_lr", "cyclic_lr"])
def test_each_group_climbs_to_its_own_rate(option: str) -> None:
    groups = [{"params": [torch.zeros(1)], "lr": rate} for rate in (1.0, 0.25)]
    build = {"total_steps": 25, "steps_per_epoch": 10, "monitor_mode": "min"}
    (schedule,) = build_schedules(part("scheduler", option), (optimizer := SGD(groups),), **build)
    highest = [0.0, 0.0]
    for _ in range(25):
        highest = [max(a, group["lr"]) for a, group in zip(highest, optimizer.param_groups, strict=True)]
        optimizer.step()
        schedule.scheduler.step()
    assert highest == pytest.approx([1.0, 0.25], rel=0.05)
    with pytest.raises(ConfigError, match=r"scheduler.max_lr=3.0: the groups of the optimizer have learning rates of"):
        build_schedules(part("scheduler", option, max_lr=3.0), (SGD(groups),), **build)


def test_a_link_left_open_takes_its_stretch_of_the_run() -> None:
    (schedule,) = schedules("warmup_cosine", interval="step", milestones=[4])
    first, second = schedule.scheduler._schedulers
    assert (first.total_iters, second.T_max) == (4, 21)


def test_a_link_whose_knobs_do_not_tell_its_class_is_refused_by_its_class() -> None:
    alone = {"mine": {"_target_": "torch.optim.lr_scheduler.ReduceLROnPlateau"}}
    chain = Part("scheduler", "chain", "torch.optim.lr_scheduler.ChainedScheduler", {"schedulers": [alone]})
    with pytest.raises(ConfigError, match=r"schedulers: mine cannot be part of a chain; use it alone"):
        build_schedules(chain, sgd(), total_steps=25, steps_per_epoch=10, monitor_mode="max")


def test_a_run_that_ends_before_a_milestone_is_trained() -> None:
    (schedule,) = schedules("warmup_cosine", milestones=[40])
    assert rates(schedule, 3) == pytest.approx([0.1, 0.1 + 0.9 / 40, 0.1 + 1.8 / 40])


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.Muon])
def test_what_is_tried_on_a_twin_leaves_the_optimizer_alone(kind: type[Optimizer]) -> None:
    weight = torch.ones(3, 3, requires_grad=True)
    optimizer = kind([{"params": [weight], "lr": 0.5, "name": "head.*"}], lr=0.25)
    before = str([optimizer.state_dict(), optimizer.defaults])
    copied = twin(optimizer)
    copied.param_groups[0]["lr"] = 7
    lr_scheduler.OneCycleLR(copied, 1.0, 5)
    assert type(copied) is kind
    assert str([optimizer.state_dict(), optimizer.defaults]) == before
    assert optimizer.param_groups[0]["params"][0] is weight


@pytest.mark.parametrize(
    ("option", "changed", "words"),
    [
        ("none", {}, "none"),
        ("step_lr", {}, "step_lr step_size 30 gamma 0.1, per epoch"),
        ("cosine_annealing_lr", {"interval": "step"}, "cosine_annealing_lr eta_min 0.0, per step"),
        ("one_cycle_lr", {}, "one_cycle_lr pct_start 0.3 div_factor 25.0, per step"),
        (
            "one_cycle_lr",
            {"three_phase": True},
            "one_cycle_lr pct_start 0.3 div_factor 25.0 three_phase true, per step",
        ),
        ("reduce_lr_on_plateau", {"min_lr": 1e-5}, "reduce_lr_on_plateau factor 0.1 patience 10 min_lr 1e-05, per e"),
        (
            "warmup_cosine",
            {},
            "warmup_cosine: linear_lr start_factor 0.1 end_factor 1.0; from 2 on cosine_annealing_lr eta_min 0.0, p",
        ),
        (
            "chained_scheduler",
            {},
            "chained_scheduler: constant_lr factor 0.1 total_iters 3 x exponential_lr gamma 0.9, per epoch",
        ),
    ],
)
def test_a_schedule_is_said_in_words(option: str, changed: dict[str, Any], words: str) -> None:
    assert describe(part("scheduler", option, **changed), Catalog([packaged_conf()])).startswith(words)
