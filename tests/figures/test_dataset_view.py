import pytest
import torch
from torch import Tensor

from exhibits import images, shades, split, table, targets
from runner.contracts import Data, Rows
from runner.figures import dataset_view as module
from runner.figures.dataset_view import MAX_CLASSES, Balance, DatasetView, balance_of


class Noise(Rows):
    """Rows that are drawn anew each time they are read, and say so."""

    shape = (4, 1, 2, 2)
    dtype = torch.float32
    draws = True

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __getitem__(self, rows: Tensor) -> Tensor:
        self.asked += rows.tolist()
        return torch.rand(len(rows), 1, 2, 2)

    def fingerprint(self) -> str:
        return "noise"


def test_every_image_shown_is_a_train_row_of_its_class() -> None:
    groups = shades().gallery
    assert [group.heading for group in groups] == ["class 0", "class 1"]
    assert sorted(group[0, 0, 0] for group in groups[0].images) == [0, 40, 200]
    assert sorted(group[0, 0, 0] for group in groups[1].images) == [20, 60, 255]


def test_the_order_is_that_of_the_seed() -> None:
    def shown(seed: int) -> list[int]:
        rows = split(list(range(40)), [40], [41])
        x = torch.arange(42, dtype=torch.uint8).view(-1, 1, 1, 1)
        made = images(x, [0, 1] * 21, rows)
        return [int(v) for v in DatasetView("x", made.data, rows, "", seed).gallery[0].images[:, 0, 0, 0]]

    assert shown(0) == shown(0)
    assert shown(0) != shown(1)


def test_a_class_without_train_rows_has_no_image() -> None:
    groups = images(torch.full((3, 1, 1, 1), 9, dtype=torch.uint8), [0, 0, 1], split([0, 1], [], [2])).gallery
    assert [len(group.images) for group in groups] == [2, 0]


def test_an_image_with_a_target_has_it_as_its_heading() -> None:
    groups = targets((1, 2, 2)).gallery
    assert sorted(group.heading for group in groups) == [f"{i}.0000" for i in range(6)]
    assert all(len(group.images) == 1 for group in groups)


def test_of_rows_that_stream_only_those_shown_are_read_and_twice_the_same() -> None:
    state = torch.get_rng_state()
    noise = Noise()
    made = images(noise, [0, 1, 0, 1], split([0, 1], [2], [3]))
    first = made.gallery[0].images
    assert sorted(noise.asked) == [0, 1]
    again = images(Noise(), [0, 1, 0, 1], split([0, 1], [2], [3])).gallery[0].images
    assert first.tolist() == again.tolist()
    assert torch.equal(torch.get_rng_state(), state)


def test_a_long_table_is_drawn_from_some_of_its_train_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert table().table[0].tolist() == [[0.0, 0], [0.5, 1], [1.0, 2], [1.0, 1]]
    monkeypatch.setattr(module, "MAX_TABLE_ROWS", 2)
    x, y = table().table
    assert (tuple(x.shape), tuple(y.shape)) == ((2, 2), (2,))


@pytest.mark.parametrize(
    ("made", "facts"),
    [
        (shades(), "12 rows, each 1 x 2 x 2 uint8, 2 classes"),
        (table(), "6 rows, 2 columns, 3 classes"),
        (targets((1,)), "8 rows, 1 column, a number to predict"),
    ],
)
def test_the_facts_are_rows_shape_and_classes(made: DatasetView, facts: str) -> None:
    assert made.facts == facts


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
