"""A knob that two classes of torch mean differently has in each option the range of its own class."""

from __future__ import annotations

from typing import Any

import pytest

from runner.config.catalog import Catalog, packaged_conf
from runner.config.part_types import annotation_of
from runner.config.types import faults

CATALOG = Catalog([packaged_conf()])


@pytest.mark.parametrize(
    ("group", "option", "knob", "value", "told"),
    [
        ("loss", "multi_margin", "p", 3, "p=3: must be one of 1, 2"),
        ("loss", "triplet_margin", "p", 0, "p=0: must be a number >= 1"),
        ("loss", "triplet_margin", "p", 3, None),
        ("optimizer", "adam", "eps", -1, "eps=-1: must be a number > 0"),
        ("optimizer", "adafactor", "eps", [None, -1], "eps[1]=-1: must be a number > 0"),
        ("scheduler", "cyclic_lr", "mode", "max", "mode=max: must be one of triangular, triangular2, exp_range"),
        ("scheduler", "reduce_lr_on_plateau", "mode", "max", None),
        ("scheduler", "linear_lr", "start_factor", 2, "start_factor=2: must be a number > 0 and <= 1"),
    ],
)
def test_a_knob_has_the_range_of_its_class(group: str, option: str, knob: str, value: Any, told: str | None) -> None:
    known = annotation_of(group, knob, CATALOG.option(group, option).knobs[knob].default)
    assert faults(value, known, knob) == ([told] if told else [])


def test_every_knob_of_an_option_is_of_its_own_type() -> None:
    knobs = [
        (group, name, knob.default)
        for group in ("loss", "optimizer", "scheduler")
        for option in CATALOG.options(group)
        for name, knob in CATALOG.option(group, option).knobs.items()
    ]
    assert len(knobs) > 100
    wrong = [faults(default, annotation_of(group, name, default), name) for group, name, default in knobs]
    assert [told for told in wrong if told] == []
