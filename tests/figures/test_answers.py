"""The picture of answers, by its words."""

import pytest
import torch
from matplotlib.text import Text

from runner.contracts import Column
from runner.figures.answers import answer_tiles, captions, draw_answers
from runner.figures.dataset_view import Title
from runner.figures.style import Picture, style
from runner.screen.predictions import Answers

TITLE = Title("Answers", "dnn-iris, best.pt", "")
PETS = Answers(["in/a.png", "b.png"], torch.tensor([[0.9, 0.1], [0.25, 0.75]]), ("cat", "dog"))
NUMBER = Answers(["typed row"], torch.tensor([2.5]), (), [3.0])
IMAGES = torch.tensor([[[[0.0, 1.0]]], [[[1.0, 0.0]]]])


def words(picture: Picture) -> list[str]:
    return [text.get_text() for text in picture.figure.findobj(Text) if text.get_text()]


def test_a_caption_says_the_likeliest_class_how_likely_and_which_file_it_is() -> None:
    assert captions(PETS) == [("cat", "90.00%", "a.png"), ("dog", "75.00%", "b.png")]


def test_the_truth_stands_below_a_single_answer_which_needs_no_name() -> None:
    assert captions(NUMBER) == [("2.5", "is 3")]


def test_images_are_drawn_with_their_captions() -> None:
    with style():
        found = words(draw_answers(TITLE, PETS, IMAGES, ()))
    assert [word for word in found if word in ("cat", "dog", "a.png", "b.png")] == ["cat", "a.png", "dog", "b.png"]


def test_a_row_of_a_table_is_drawn_with_its_answer_before_its_columns() -> None:
    columns = [Column("rooms"), Column("port", ("S", "Q"))]
    with style():
        found = words(draw_answers(TITLE, NUMBER, torch.tensor([[4.0, 1.0]]), columns))
    assert found[:8] == ["predicted", "2.5", "true", "3", "rooms", "4", "port", "Q"]


def test_several_rows_are_named_and_a_score_is_not_called_sure() -> None:
    scores = Answers(["t.csv:2", "t.csv:3"], torch.tensor([[2.0, 1.0], [0.0, 4.0]]), ("cat", "dog"), measure="score")
    with style():
        found = words(draw_answers(TITLE, scores, torch.tensor([[4.0], [float("nan")]]), [Column("rooms")]))
    assert found[:12] == [
        "input", "t.csv:2", "t.csv:3", "predicted", "cat", "dog", "score", "2.0000", "4.0000", "rooms", "4", "-",
    ]  # fmt: skip


@pytest.mark.parametrize("code", [-1.0, float("nan")])
def test_a_category_of_no_train_row_is_drawn_as_a_dash(code: float) -> None:
    with style():
        found = words(draw_answers(TITLE, NUMBER, torch.tensor([[code]]), [Column("port", ("S", "Q"))]))
    assert found[4:6] == ["port", "-"]


def test_a_terminal_shows_images_and_no_rows_of_a_table() -> None:
    first, second = answer_tiles(PETS, IMAGES)
    assert first.heading == "cat\n90.00%\na.png" and first.images.shape == (1, 1, 2, 3)
    assert second.images[0, 0].tolist() == [[255, 255, 255], [0, 0, 0]]
    assert answer_tiles(NUMBER, torch.tensor([[4.0]])) == ()
