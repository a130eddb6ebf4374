"""Formulas and links of a scheduler's option, before torch is there."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from options import CONF, part
from runner.config.catalog import Catalog, Part
from runner.config.schedule import completed, formula_names, length_knob, links_of, schedule_faults

CATALOG = Catalog([CONF])
SEQUENTIAL = "torch.optim.lr_scheduler.SequentialLR"


def faults(links: list[Any], milestones: list[int], catalog: Catalog | None = CATALOG) -> list[str]:
    node = {"_target_": SEQUENTIAL, "schedulers": links, "milestones": milestones}
    return list(schedule_faults(node, {}, catalog))


def test_links_are_names_or_names_with_what_differs() -> None:
    links = [{"linear_lr": {"start_factor": 0.1}}, "cosine_annealing_lr", {"step_lr": {}}]
    assert faults(links, [2, 4]) == []


def test_a_completed_link_is_read_without_the_option_files() -> None:
    given = Part("scheduler", "mine", SEQUENTIAL, {"schedulers": [{"linear_lr": {"total_iters": 3}}, "step_lr"]})
    chain = completed(given, CATALOG)
    assert chain.knobs["schedulers"][1] == {
        "step_lr": {"_target_": "torch.optim.lr_scheduler.StepLR", "step_size": 30, "gamma": 0.1}
    }
    linear, _ = links_of(chain)
    assert (linear.target, linear.knobs["total_iters"]) == ("torch.optim.lr_scheduler.LinearLR", 3)
    assert completed(chain, CATALOG) == chain
    assert faults(chain.knobs["schedulers"], [2], catalog=None) == []


def test_two_links_of_one_option_share_no_list_that_yaml_would_write_as_an_alias() -> None:
    given = Part("scheduler", "mine", SEQUENTIAL, {"schedulers": ["multi_step_lr", "multi_step_lr"]})
    assert "&" not in yaml.safe_dump(dict(completed(given, CATALOG).knobs))


@pytest.mark.parametrize(
    ("links", "told"),
    [
        (
            ["step_lrr", "step_lr"],
            "scheduler.schedulers[0]: scheduler=step_lrr: no such option; did you mean scheduler=",
        ),
        (
            [{"step_lr": {"step_siz": 3}}, "step_lr"],
            "scheduler.schedulers[0].step_lr.step_siz=3: scheduler=step_lr has",
        ),
        (
            [{"step_lr": {"gamma": -3}}, "step_lr"],
            "scheduler.schedulers[0].step_lr.gamma=-3: must be a number > 0 and <= 2",
        ),
        (
            [{"step_lr": {"interval": "step"}}, "step_lr"],
            "interval=step: a chain has one interval; set scheduler.interval",
        ),
        (["none", "step_lr"], "scheduler.schedulers[0]=none: cannot be part of a chain"),
        (["reduce_lr_on_plateau", "step_lr"], "cannot be part of a chain: it needs the monitor"),
        (["one_cycle_lr", "step_lr"], "cannot be part of a chain: it raises and lowers the rate by itself"),
        (["cyclic_lr", "step_lr"], "cannot be part of a chain: it raises and lowers the rate by itself"),
        (["chained_scheduler", "step_lr"], "cannot be part of a chain: a chain cannot hold another chain"),
        (["step_lr", "warmup_cosine"], "cannot be part of a chain: a chain cannot hold another chain"),
        (
            [{"lambda_lr": {"lr_lambda": "x"}}, "step_lr"],
            "lr_lambda=x: character 1 (x): no such name; there are epoch,",
        ),
        (
            [3, "step_lr"],
            "scheduler.schedulers[0]=3: must be the name of a scheduler, or {linear_lr: {total_iters: 5}}",
        ),
        ([{"a": {}, "b": {}}, "step_lr"], "must be the name of a scheduler, or"),
        (
            ["step_lr", "step_lr", "step_lr"],
            "scheduler.milestones=[2]: 3 schedulers take 2 milestones, where the next one takes over; 1 given",
        ),
    ],
)
def test_a_wrong_link_is_told(links: list[Any], told: str) -> None:
    (fault,) = faults(links, [2])
    assert told in fault


def test_a_stored_count_below_one_is_refused_before_torch_would_divide_by_it() -> None:
    from runner.config.validate import part_faults

    node = {"_target_": "torch.optim.lr_scheduler.CyclicLR", "step_size_down": 0, "T_max": 0}
    assert [fault.partition(":")[0] for fault in part_faults("scheduler", "cyclic_lr", node, None)] == [
        *("scheduler.step_size_down=0", "scheduler.T_max=0")
    ]
    node = {"_target_": "torch.optim.LBFGS", "max_iter": 0, "history_size": 0}
    assert len(list(part_faults("optimizer", "lbfgs", node, None))) == 2


def test_a_count_below_one_in_a_stored_link_is_refused_too() -> None:
    link = {"step_lr": {"_target_": "torch.optim.lr_scheduler.StepLR", "step_size": 0, "gamma": 0.1}}
    constant = {"constant_lr": {"_target_": "torch.optim.lr_scheduler.ConstantLR", "factor": 0.5, "total_iters": 2}}
    (fault,) = faults([constant, link], [2], None)
    assert fault == "scheduler.schedulers[1].step_lr.step_size=0: must be a whole number >= 1"


def test_a_class_in_a_stored_link_that_is_no_scheduler_is_refused() -> None:
    from runner.config.validate import part_faults

    node = {"_target_": SEQUENTIAL, "schedulers": [{"x": {"_target_": "os.system"}}], "milestones": [1]}
    (fault,) = part_faults("scheduler", "mine", node, None)
    assert fault.startswith("scheduler.schedulers[0].x._target_=os.system: is refused here")


@pytest.mark.parametrize("key", ["lr_lambda", "scale_fn"])
def test_a_formula_is_read_before_torch_is_there(key: str) -> None:
    (fault,) = schedule_faults({"_target_": "x", key: "epoch.real"}, {}, None)
    assert fault.startswith(f"scheduler.{key}=epoch.real: character 1 (epoch.real): is not arithmetic")


@pytest.mark.parametrize(("knobs", "count"), [({"lr": 1.0}, 1), ({"momentum": 0.0}, 0), ({"betas": [0.9, 0.9]}, 0)])
def test_a_momentum_is_cycled_only_where_there_is_one(knobs: dict[str, Any], count: int) -> None:
    found = list(schedule_faults({"cycle_momentum": True}, {"_target_": "torch.optim.Adagrad", **knobs}, CATALOG))
    assert len(found) == count
    for fault in found:
        assert fault == (
            "scheduler.cycle_momentum=true: Adagrad has no momentum to raise and lower\n"
            "  set scheduler.cycle_momentum=false, or choose optimizer=sgd or optimizer=adam"
        )


@pytest.mark.parametrize(
    ("knobs", "told"),
    [
        ({"eta_min": 0.2}, "scheduler.eta_min=0.2: must be at most optimizer.lr=0.1, which is lowered to it"),
        ({"min_lr": 1}, "scheduler.min_lr=1: must be at most optimizer.lr=0.1, which is lowered to it"),
        (
            {"cycle_momentum": True, "base_momentum": 0.9, "max_momentum": 0.8},
            "scheduler.base_momentum=0.9: must be at most scheduler.max_momentum=0.8",
        ),
        (
            {"threshold_mode": "rel", "threshold": 1},
            "scheduler.threshold=1: must be below 1, a share of the best value\n  or set scheduler.threshold_mode=abs",
        ),
    ],
)
def test_knobs_that_are_right_alone_and_turn_a_schedule_round_are_refused(knobs: dict[str, Any], told: str) -> None:
    assert [*schedule_faults(knobs, {"lr": 0.1, "momentum": 0.9}, CATALOG)] == [told]


@pytest.mark.parametrize(
    ("knobs", "optimizer"),
    [
        ({"eta_min": 0.1, "min_lr": [1, 1]}, {"lr": 0.1}),
        ({"eta_min": 0.2}, {"lr": 0.1, "groups": [{"pattern": "*", "lr": 1}]}),
        ({"eta_min": 0.2}, {"lr": -1}),
        ({"threshold_mode": "abs", "threshold": 1}, {"lr": 0.1}),
    ],
)
def test_knobs_that_may_be_meant_so_are_taken(knobs: dict[str, Any], optimizer: dict[str, Any]) -> None:
    assert [*schedule_faults(knobs, optimizer, CATALOG)] == []


@pytest.mark.parametrize(
    ("option", "changed", "expected"),
    [
        ("step_lr", {}, None),
        ("cosine_annealing_lr", {}, "T_max"),
        ("cosine_annealing_lr", {"T_max": 5}, None),
        ("polynomial_lr", {}, "total_iters"),
        ("one_cycle_lr", {}, "total_steps"),
        ("one_cycle_lr", {"epochs": 5}, "total_steps"),
        ("one_cycle_lr", {"epochs": 5, "steps_per_epoch": 3}, None),
        ("cyclic_lr", {}, "step_size_up"),
        ("lambda_lr", {}, None),
        ("lambda_lr", {"lr_lambda": "1 - step / steps"}, "lr_lambda"),
        ("sequential_lr", {}, None),
        ("warmup_cosine", {}, "T_max"),
        ("chained_scheduler", {"schedulers": ["polynomial_lr", "step_lr"]}, "total_iters"),
    ],
)
def test_what_follows_the_length_of_the_run_is_known(
    option: str, changed: dict[str, Any], expected: str | None
) -> None:
    assert length_knob(part("scheduler", option, **changed)) == expected


def test_the_names_of_all_formulas_of_a_chain_are_known() -> None:
    chain = part("scheduler", "chained_scheduler", schedulers=[{"lambda_lr": {"lr_lambda": "step"}}, "step_lr"])
    assert formula_names(chain) == {"step"}
