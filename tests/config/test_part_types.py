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
        ("optimizer", "sgd", "momentum", 1.5, "momentum=1.5: must be a number >= 0 and <= 1"),
        ("optimizer", "sgd", "dampening", 1, "dampening=1: must be a number >= 0 and < 1"),
        ("optimizer", "adadelta", "rho", 1, "rho=1: must be a number >= 0 and < 1"),
        ("optimizer", "rmsprop", "alpha", 1, "alpha=1: must be a number >= 0 and < 1"),
        ("optimizer", "asgd", "alpha", 1, None),
        ("loss", "multi_margin", "margin", -1, "margin=-1: must be a number >= 0"),
        ("loss", "multi_margin", "margin", 0, None),
        ("loss", "triplet_margin", "margin", 0, "margin=0: must be a number > 0"),
        ("loss", "hinge_embedding", "margin", 0, "margin=0: must be a number > 0"),
        ("loss", "cosine_embedding", "margin", -1, None),
        ("loss", "cosine_embedding", "margin", 1, "margin=1: must be a number >= -1 and < 1"),
        ("loss", "cross_entropy", "label_smoothing", 1, "label_smoothing=1: must be a number >= 0 and < 1"),
        ("loss", "cross_entropy", "weight", [0, 1], None),
        (
            "loss",
            "cross_entropy",
            "weight",
            [0, 0],
            "weight=[0,0]: must be a list, each a number >= 0, at least one above 0",
        ),
        ("loss", "bce_with_logits", "pos_weight", [0], "pos_weight[0]=0: must be a number > 0"),
        ("metric", "f1", "average", "micro", None),
        (
            "metric",
            "auroc",
            "average",
            "micro",
            "average=micro: must be one of macro, weighted (a metric is one number; "
            "that of each class stands in the table at a run's end)",
        ),
        ("metric", "auroc", "thresholds", [1], None),
        (
            "metric",
            "auroc",
            "thresholds",
            1,
            "thresholds=1: must be a whole number >= 2 or a list, each a number >= 0 and <= 1 or null",
        ),
    ],
)
def test_a_knob_has_the_range_of_its_class(group: str, option: str, knob: str, value: Any, told: str | None) -> None:
    chosen = CATALOG.option(group, option)
    known = annotation_of(group, knob, chosen.knobs[knob].default, chosen.target)
    assert faults(value, known, knob) == ([told] if told else [])


def test_every_knob_of_an_option_is_of_its_own_type() -> None:
    knobs = [
        (group, name, knob.default, CATALOG.option(group, option).target)
        for group in ("loss", "metric", "optimizer", "scheduler")
        for option in CATALOG.options(group)
        for name, knob in CATALOG.option(group, option).knobs.items()
    ]
    assert len(knobs) > 100
    wrong = [faults(default, annotation_of(group, name, default, kind), name) for group, name, default, kind in knobs]
    assert [told for told in wrong if told] == []
