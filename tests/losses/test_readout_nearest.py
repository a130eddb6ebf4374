import pytest
import torch

from runner.contracts import Task
from runner.errors import DataError
from runner.losses.readout import ROWS_AT_ONCE, NearestNeighbour

PLACES = torch.tensor([[0.0, 0.0], [1.0, 0.0], [10.0, 0.0]])
LABELS = torch.tensor([2, 0, 1])


def readout(task: Task = "multiclass", num_classes: int = 3, *, on_sphere: bool = False) -> NearestNeighbour:
    made = NearestNeighbour(task, num_classes, embedding_size=2, p=2.0, on_sphere=on_sphere)
    made.hold(len(LABELS))
    made.refer_to(PLACES, LABELS)
    return made


def test_a_row_is_of_the_class_of_the_nearest_train_row() -> None:
    scores = readout()(torch.tensor([[-1.0, 0.0], [7.0, 1.0]]))
    assert scores.tolist() == [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]


def test_a_train_row_is_compared_with_the_others_not_with_itself() -> None:
    assert readout()(PLACES).argmax(1).tolist() == [0, 2, 0]


def test_two_classes_are_scored_by_the_second() -> None:
    made = NearestNeighbour("binary", 2, embedding_size=1, p=2.0, on_sphere=False)
    made.hold(2)
    made.refer_to(torch.tensor([[0.0], [1.0]]), torch.tensor([0, 1]))
    assert made(torch.tensor([[0.9], [0.2], [3.0]])).tolist() == [1.0, 0.0, 1.0]


def test_on_the_sphere_only_the_direction_counts() -> None:
    made = NearestNeighbour("multiclass", 2, embedding_size=2, p=2.0, on_sphere=True)
    made.hold(2)
    made.refer_to(torch.tensor([[100.0, 0.0], [0.0, 0.1]]), torch.tensor([0, 1]))
    assert made(torch.tensor([[0.2, 0.1]])).argmax(1).tolist() == [0]  # 0.2 away from the second, as the crow flies


def test_many_rows_are_compared_a_part_at_a_time() -> None:
    made = NearestNeighbour("multiclass", 3, embedding_size=1, p=2.0, on_sphere=False)
    places = torch.arange(ROWS_AT_ONCE + 1.0)[:, None]
    labels = torch.arange(ROWS_AT_ONCE + 1) % 3
    made.hold(ROWS_AT_ONCE + 1)
    made.refer_to(places, labels)
    assert torch.equal(made(places + 0.1).argmax(1), labels)
    assert made(places).argmax(1)[-1] == labels[-2]


def test_a_checkpoint_without_places_says_so_instead_of_guessing() -> None:
    blank = NearestNeighbour("multiclass", 3, embedding_size=2, p=2.0, on_sphere=False)
    blank.hold(3)
    with pytest.raises(DataError, match="saved before its first epoch ended"):
        blank(PLACES)


def test_the_places_travel_with_the_weights() -> None:
    blank = NearestNeighbour("multiclass", 3, embedding_size=2, p=2.0, on_sphere=False)
    blank.hold(3)
    blank.load_state_dict(readout().state_dict())
    assert blank(torch.tensor([[9.0, 0.0]])).argmax(1).tolist() == [1]
