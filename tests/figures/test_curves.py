"""The measurements of a run as curves."""

import io
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from runner.errors import DataError
from runner.figures.curves import Curve, curves_of, draw_curves
from runner.figures.dataset_view import Title
from runner.figures.run import curves
from runner.figures.style import style
from runner.figures.terminal import course

ROWS = [
    {"step": 1, "epoch": 1, "train/batch_loss": 9.0, "lr": 0.1, "grad_norm": 1.0},
    {"step": 2, "epoch": 1, "lr": 0.1, "train/loss": 2.0, "train/accuracy": 0.5, "val/accuracy": 0.4, "val/loss": 3.0},
    {"step": 4, "epoch": 2, "lr": 0.1, "train/loss": 1.0, "train/accuracy": 0.7, "val/accuracy": 0.6, "val/loss": None},
]


def test_a_curve_has_a_line_for_each_split_and_a_point_for_each_epoch() -> None:
    loss, accuracy = curves_of(ROWS)
    assert (loss.name, accuracy.name) == ("loss", "accuracy")
    assert loss.lines == {"train": [(1, 2.0), (2, 1.0)], "val": [(1, 3.0)]}  # what is not finite is no point
    assert accuracy.lines["val"] == [(1, 0.4), (2, 0.6)]


def test_a_measure_that_is_never_a_number_has_no_curve() -> None:
    never = [row | {"val/loss": None, "train/loss": None} for row in ROWS]
    assert [curve.name for curve in curves_of(never)] == ["accuracy"]
    run: Any = SimpleNamespace(rows=[{"step": 2, "epoch": 1, "train/loss": None, "lr": 0.1}])
    with pytest.raises(DataError, match="has no measure that is a number"):
        curves(run)


def test_the_learning_rate_is_a_curve_where_it_changes() -> None:
    falling = [row | {"lr": 0.1 / row["epoch"]} for row in ROWS]
    assert [curve.name for curve in curves_of(falling)] == ["loss", "accuracy", "lr"]


def test_before_the_first_epoch_has_ended_there_is_none() -> None:
    assert curves_of(ROWS[:1]) == []


def test_a_course_goes_from_the_least_to_the_greatest() -> None:
    assert course([0.0, 1.0, 7.0]) == "▁▂█"
    assert course([2.0, 2.0]) == "▁▁"
    assert len(course([float(i) for i in range(100)])) == 24


def test_the_mark_of_a_best_epoch_at_the_edge_is_whole() -> None:
    losses = Curve("loss", {"val": [(1, 3.0), (2, 1.0)]})
    widths = {}
    for best in (1, 2):
        with style():
            content = draw_curves(Title("x", "", ""), [losses], best).png()
        pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
        is_val = abs(pixels - np.array([227, 155, 59])).sum(2) < 40  # SPLIT_COLOURS["val"]
        columns = is_val.sum(0)
        mark = columns[: len(columns) // 3] if best == 1 else columns[len(columns) // 3 :]
        widths[best] = (mark >= 8).sum()
    assert widths[1] >= 10 and widths[2] >= 10
