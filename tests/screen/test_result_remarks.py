"""A run held against known figures, by hand-made numbers."""

from types import SimpleNamespace
from typing import Any

import pytest

from runner.config.run_config import Reference
from runner.screen.result import flattery, overfit_verdict, remark, verdict

NOTES = Reference("notes", figures={"train/loss": [1.25, 0.5]}, expected={"test/accuracy": [0.93, 0.95]}, epochs=17)


def config(epochs: int = 17, max_steps: int | None = None) -> Any:
    return SimpleNamespace(reference=NOTES, epochs=epochs, max_steps=max_steps)


def test_an_epoch_stands_beside_the_known_figure() -> None:
    assert remark(NOTES, 1, {"train/loss": 1.3}) == "notes 1.2500 | here 1.3000 | +4 %"
    assert remark(NOTES, 3, {"train/loss": 1.3}) == ""
    assert remark(NOTES, 1, {"val/loss": 1.3}) == ""


def test_the_end_names_the_largest_distance_and_whether_the_score_is_within_the_spread() -> None:
    rows = [{"epoch": 1, "train/loss": 1.3}, {"epoch": 1, "lr": 0.1}, {"epoch": 2, "train/loss": 0.45}]
    assert verdict(config(), rows, {"test/accuracy": 0.94}) == [
        "notes: 2 epochs compared, at most 10.0 % off (epoch 2)",
        "notes: test/accuracy 0.9400 is within 0.93 to 0.95",
    ]


def test_a_score_outside_the_spread_says_by_how_much() -> None:
    below, above = (verdict(config(), [], {"test/accuracy": score}) for score in (0.5, 0.96))
    assert below == ["notes: test/accuracy 0.5000 is OUTSIDE 0.93 to 0.95, 0.4300 below"]
    assert above == ["notes: test/accuracy 0.9600 is OUTSIDE 0.93 to 0.95, 0.0100 above"]


@pytest.mark.parametrize("shorter", [config(epochs=2), config(max_steps=10)])
def test_a_run_that_was_to_be_shorter_is_not_compared_with_the_spread(shorter: Any) -> None:
    assert verdict(shorter, [], {"test/accuracy": 0.5}) == ["notes: not compared: the figures are for 17 epochs"]


@pytest.mark.parametrize(
    ("losses", "told"),
    [
        ([2.0, 1.0, 0.01], "from 2.0000 to 0.0100 in 30 steps: it went down; model, loss and optimizer can learn"),
        ([2.0, 1.0], "from 2.0000 to 1.0000 in 20 steps: it went down, but NOT near 0; try another optimizer.lr"),
        (
            [2.0, 2.0],
            "it did NOT go down; look at optimizer.lr, at the labels, and for a softmax",
        ),
        ([2.0, 3.0], "it did NOT go down"),
        ([0.5, -4.0], "from 0.5000 to -4.0000 in 20 steps: it went down; model"),
    ],
)
def test_the_verdict_compares_the_last_loss_with_the_first(losses: list[float], told: str) -> None:
    rows = [{"step": 10 * (i + 1), "train/batch_loss": loss} for i, loss in enumerate(losses)]
    assert told in overfit_verdict(rows)


ROWS = [{"epoch": 1, "test/accuracy": 0.90}, {"epoch": 2, "lr": 0.1}, {"epoch": 3, "test/accuracy": 0.93}]
BEST = {"epoch": 1, "test/accuracy": 0.90, "test/loss": 0.5}


def test_the_best_epoch_on_the_test_rows_is_told_beside_the_chosen_one() -> None:
    assert flattery("val/accuracy", ROWS, BEST, higher_is_better=True) == [
        "validation chose epoch 1, test/accuracy 0.9000; the test rows would have chosen epoch 3 and claimed 0.9300, "
        "0.0300 too good"
    ]


def test_where_less_is_better_the_lowest_flatters_most() -> None:
    rows = [{"epoch": 1, "test/loss": 0.5}, {"epoch": 2, "test/loss": 0.4}, {"epoch": 3, "test/loss": None}]
    assert "epoch 2 and claimed 0.4000, 0.1000 too good" in flattery("val/loss", rows, BEST, higher_is_better=False)[0]


def test_the_same_epoch_is_not_flattered() -> None:
    assert flattery("val/accuracy", ROWS, {"epoch": 3, "test/accuracy": 0.93}, higher_is_better=True) == [
        "validation chose epoch 3, test/accuracy 0.9300; the test rows would have claimed no more"
    ]


def test_nothing_is_said_where_the_test_rows_were_looked_at_once_or_nothing_was_validated() -> None:
    assert flattery("val/accuracy", ROWS[:2], BEST, higher_is_better=True) == []
    assert flattery("train/loss", ROWS, BEST, higher_is_better=True) == []
    assert flattery("val/f1", ROWS, BEST, higher_is_better=True) == []
