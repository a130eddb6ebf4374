"""Faults of an optimizer and of its groups that need no model."""

from __future__ import annotations

from typing import Any

import pytest

from options import CONF, options
from runner.config.catalog import Catalog
from runner.config.validate import group_faults, part_faults

CATALOG = Catalog([CONF])


def faults(groups: list[Any], option: str = "sgd") -> list[str]:
    target = CATALOG.option("optimizer", option).target
    return list(group_faults({"_target_": target, "groups": groups}, option, CATALOG))


def test_groups_that_say_what_they_change_are_right() -> None:
    assert faults([{"pattern": "head.*", "lr": 0.1, "momentum": 0.9}, {"pattern": "*", "weight_decay": 0}]) == []
    assert faults([]) == []


@pytest.mark.parametrize(
    ("group", "told"),
    [
        ({"lr": 1}, "optimizer.groups[0]={lr:1}: needs a pattern of weight names, such as {pattern: head.*, lr: 0.01}"),
        ({"pattern": 3, "lr": 1}, "optimizer.groups[0]={pattern:3,lr:1}: needs a pattern of weight names"),
        ({"pattern": "a"}, "optimizer.groups[0]={pattern:a}: changes nothing; add a knob for these weights, such as"),
        ({"pattern": "a", "lrr": 1}, "optimizer.groups[0].lrr=1: optimizer=sgd has no lrr for a group; did you mean l"),
        ({"pattern": "a", "betas": 1}, "has no betas for a group; there are lr, momentum, dampening, weight_decay, "),
        ({"pattern": "a", "fused": True}, "optimizer.groups[0].fused=true: optimizer=sgd has no fused for a group"),
        ({"pattern": "a", "lr": 0}, "optimizer.groups[0].lr=0: must be a number > 0"),
        ({"pattern": "a", "lr": "x"}, "optimizer.groups[0].lr=x: must be a number > 0"),
    ],
)
def test_a_wrong_group_is_told(group: dict[str, Any], told: str) -> None:
    (fault,) = faults([group])
    assert told in fault


def test_every_fault_of_every_group_is_told_at_once() -> None:
    assert len(faults([{"lr": -1, "lrr": 1}, {"pattern": "a"}])) == 4


def test_lbfgs_has_no_groups() -> None:
    (fault,) = faults([{"pattern": "*", "lr": 1}], "lbfgs")
    assert fault.startswith("optimizer.groups: LBFGS takes all weights as one vector; leave groups empty, or choose")


def test_every_option_takes_groups() -> None:
    assert all("groups" in CATALOG.option("optimizer", option).knobs for option in options("optimizer"))


@pytest.mark.parametrize(
    ("knobs", "told"),
    [
        (
            {"lr": 100},
            ["optimizer.lr=100: must be within optimizer.step_sizes=[1e-06,50.0], the smallest and largest step"],
        ),
        ({"lr": 50}, []),
        ({"lr": -1}, ["optimizer.lr=-1: must be a number > 0"]),
    ],
)
def test_the_first_step_of_rprop_is_one_that_it_may_take(knobs: dict[str, Any], told: list[str]) -> None:
    option = CATALOG.option("optimizer", "rprop")
    node = {"_target_": option.target, **{name: knob.default for name, knob in option.knobs.items()}, **knobs}
    assert [*part_faults("optimizer", "rprop", node, CATALOG)] == told
