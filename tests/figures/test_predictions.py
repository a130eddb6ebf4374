"""The confusion matrix, and the table of mistakes."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from matplotlib.text import Text

from runner.contracts import Column
from runner.errors import DataError
from runner.figures.class_predictions import ClassPredictions
from runner.figures.dataset_view import Title
from runner.figures.predictions import draw_confusion, draw_image_mistakes, draw_row_mistakes
from runner.figures.run import residuals
from runner.figures.style import ROOM, Picture, style

TITLE = Title("x", "y", "z")


def texts(picture: Picture) -> list[str]:
    return [text.get_text() for text in picture.figure.findobj(Text) if text.get_text()]


def matrix(num_classes: int, hits: int) -> list[list[int]]:
    return [[hits if i == j else 1 for j in range(num_classes)] for i in range(num_classes)]


@pytest.mark.parametrize(
    ("num_classes", "hits", "written", "note"),
    [
        (10, 991, "991", "z"),
        (10, 99_991, "100", "z; numbers: % of the row"),  # five digits are wider than a cell
        (40, 961, "class 38", "z; one name in 2 is written"),
    ],
)
def test_a_cell_holds_its_rows_else_their_share_else_nothing(
    num_classes: int, hits: int, written: str, note: str
) -> None:
    with style():
        made = draw_confusion(TITLE, [f"class {k}" for k in range(num_classes)], matrix(num_classes, hits))
        assert made.finished().width * made.figure.dpi == pytest.approx(800, abs=30)
        found = texts(made)
    assert made.title.note == note and written in found
    assert ("recall" in found, "class 39" in found) == (num_classes == 10, False)


def test_rows_show_as_many_columns_as_have_room_and_their_numbers_as_they_stand_in_the_table() -> None:
    columns = [Column("year"), Column("area"), Column("kind", ("flat", "house")), *(Column(f"c{i}") for i in range(40))]
    x_nF = torch.cat([torch.tensor([[1977.0, 61.9, 1.0], [150285856.0, float("nan"), 0.0]]), torch.ones(2, 40)], 1)
    names = ("a rather long name 1", "a rather long name 2")
    of = ClassPredictions("test", torch.tensor([0, 1]), torch.tensor([[0.75, 0.25]] * 2), torch.tensor([1, 1]), names)
    with style():
        made = draw_row_mistakes(TITLE, of, x_nF, [0, 1], columns)
        found = texts(made)
    assert {"1977", "61.9", "house", "150285900", "-", "flat", "75.0 %"} <= {*found}
    assert len({text for text in found if text.startswith("a r")}) == 2, "names that begin alike are told apart"
    assert made.title.note.endswith(" of 43 columns") and made.width <= ROOM + 20


def test_a_net_that_is_always_right_leaves_the_heads_alone():
    of = ClassPredictions("test", torch.tensor([0]), torch.tensor([[0.75, 0.25]]), torch.tensor([0]), ("flat", "house"))
    with style():
        found = texts(draw_row_mistakes(TITLE, of, torch.empty(0, 1), [], [Column("rooms")]))
    assert {"predicted", "sure", "true", "rooms"} <= {*found}


def test_a_net_that_is_always_right_about_pictures_has_a_white_place_for_mistakes():
    of = ClassPredictions("test", torch.tensor([0]), torch.tensor([[0.75, 0.25]]), torch.tensor([0]), ("cat", "dog"))
    with style():
        made = draw_image_mistakes(TITLE, of, torch.empty(0, 3, 8, 8), [])
    assert made.content("png").startswith(b"\x89PNG")


def run_that_answers(predicted_N: list[float]) -> Any:
    net = SimpleNamespace(schema=SimpleNamespace(task="regression"))
    answers = torch.tensor(predicted_N), torch.ones(len(predicted_N))
    return SimpleNamespace(net=net, answers=answers, split="test", title=lambda name, note: Title(name, "", note))


def test_a_row_without_an_answer_has_no_residual() -> None:
    with style():
        note = residuals(run_that_answers([1.0, torch.nan, 3.0, torch.inf])).title.note
    assert note == "2 rows: RMSE 1.4142, MAE 1.0000; 2 without an answer left out"
    with pytest.raises(DataError, match="the net's output is not a number for any row of test"):
        residuals(run_that_answers([torch.nan]))
