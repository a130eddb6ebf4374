import torch

from exhibits import split
from runner.contracts import Data
from runner.figures.dataset_view import MAX_CLASSES, Balance, balance_of


def test_rows_are_counted_by_class_and_split_and_an_empty_split_is_left_out() -> None:
    data = Data(torch.zeros(5, 1), torch.tensor([0, 2, 2, 0, 2]), "multiclass", ("a", "b", "c"))
    assert balance_of(data, split([0, 1, 2], [], [3, 4])).counts == {"train": (1, 0, 2), "test": (1, 0, 1)}


def test_twenty_classes_are_all_shown_in_their_order() -> None:
    balance = Balance(tuple("abcdefghijklmnopqrst"), {"train": tuple(range(20))})
    assert balance.shown == tuple(range(MAX_CLASSES))
    assert (balance.hidden, balance.hidden_note) == ((), "")


def test_of_more_the_commonest_and_the_rarest_are_shown() -> None:
    balance = Balance(tuple("abcdefghijklmnopqrstuvw"), {"train": tuple(range(1, 24))})
    assert balance.shown == (*range(22, 12, -1), *range(9, -1, -1))
    assert balance.hidden == (12, 11, 10)
    assert balance.hidden_note == "3 classes between, 11 to 13 train rows each"


def test_one_hidden_class_is_one() -> None:
    balance = Balance(tuple("abcdefghijklmnopqrstu"), {"train": (7,) * 21})
    assert balance.hidden_note == "1 class between, 7 train rows each"
