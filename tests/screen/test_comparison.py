"""A run held against known figures, by hand-made numbers."""

from runner.config.run_config import Reference
from runner.screen.remarks import remark, verdict

NOTES = Reference("notes", figures={"train/loss": [1.25, 0.5]}, expected={"test/accuracy": [0.93, 0.95]})


def test_an_epoch_stands_beside_the_known_figure() -> None:
    assert remark(NOTES, 1, {"train/loss": 1.3}) == "notes 1.2500 | here 1.3000 | +4 %"
    assert remark(NOTES, 3, {"train/loss": 1.3}) == ""
    assert remark(NOTES, 1, {"val/loss": 1.3}) == ""


def test_the_end_names_the_largest_distance_and_whether_the_score_is_within_the_spread() -> None:
    rows = [{"epoch": 1, "train/loss": 1.3}, {"epoch": 1, "lr": 0.1}, {"epoch": 2, "train/loss": 0.45}]
    assert verdict(NOTES, rows, {"test/accuracy": 0.94}) == [
        "notes: 2 epochs compared, at most 10.0 % off (epoch 2)",
        "notes: test/accuracy 0.9400 is within 0.93 to 0.95",
    ]


def test_a_score_outside_the_spread_says_by_how_much() -> None:
    below, above = (verdict(NOTES, [], {"test/accuracy": score}) for score in (0.5, 0.96))
    assert below == ["notes: test/accuracy 0.5000 is OUTSIDE 0.93 to 0.95, 0.4300 below"]
    assert above == ["notes: test/accuracy 0.9600 is OUTSIDE 0.93 to 0.95, 0.0100 above"]
