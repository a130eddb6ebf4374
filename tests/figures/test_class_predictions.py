"""What a net says beside the truth."""

import torch

from runner.figures.class_predictions import Calibration, ClassPredictions, calibration_of

NAMES = ("cat", "dog", "a very long name of a class")


def predictions() -> ClassPredictions:
    """Four rows: right, wrong and sure, wrong and less sure, right."""
    probabilities = torch.tensor([[3 / 4, 1 / 4, 0], [1 / 16, 15 / 16, 0], [1 / 8, 1 / 4, 5 / 8], [1 / 8, 0, 7 / 8]])
    return ClassPredictions("test", torch.tensor([4, 7, 9, 11]), probabilities, torch.tensor([0, 2, 0, 2]), NAMES)


def test_mistakes_come_the_most_confident_first() -> None:
    assert predictions().mistakes.tolist() == [1, 2]


def test_a_row_without_an_answer_is_the_least_sure_mistake() -> None:
    probabilities = torch.tensor([[torch.nan, torch.nan], [0.25, 0.75]])
    none = ClassPredictions("test", torch.tensor([0, 1]), probabilities, torch.tensor([1, 0]), ("0", "1"))
    assert none.mistakes.tolist() == [1, 0] and none.caption(0) == ("0, 0.0 %", "is 1")
    assert calibration_of(none).counts[0] == 1


def test_a_caption_says_what_was_said_how_surely_and_what_is_true() -> None:
    assert predictions().caption(1) == ("dog", "93.8 %", "is a very long n…")


def test_beside_a_short_name_stands_how_sure_the_net_is() -> None:
    digits = ClassPredictions("test", torch.tensor([0]), torch.tensor([[0.75, 0.25]]), torch.tensor([1]), ("0", "1"))
    assert digits.caption(0) == ("0, 75.0 %", "is 1")


def test_calibration_by_hand() -> None:
    """Confidences 12/16, 15/16, 10/16, 14/16 in bins 11, 14, 9, 13 of 15; right are the first and the last."""
    found = calibration_of(predictions())
    assert found.counts == (0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 1)
    assert found.accuracy[9:] == (0.0, 0.0, 1.0, 0.0, 1.0, 0.0)
    assert found.confidence[9:] == (10 / 16, 0.0, 12 / 16, 0.0, 14 / 16, 15 / 16)
    assert found.error == (10 / 16 + 4 / 16 + 2 / 16 + 15 / 16) / 4


def test_certainty_belongs_to_the_last_bin() -> None:
    sure = ClassPredictions("test", torch.tensor([0]), torch.tensor([[1.0, 0.0]]), torch.tensor([0]), ("a", "b"))
    assert calibration_of(sure).counts[-1] == 1 and calibration_of(sure).error == 0


def test_of_no_rows_the_error_is_nothing() -> None:
    assert Calibration((0,), (0.0,), (0.0,)).error == 0
