"""What choosing by the test rows would have claimed, by hand-made numbers."""

from runner.screen.remarks import flattery

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
