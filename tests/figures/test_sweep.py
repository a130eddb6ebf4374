"""The pictures of a sweep together."""

import pytest

from candidates import sweep_view
from runner.cli.view_run import SWEEP_PICTURES
from runner.figures.style import WIDTH, Picture, style
from runner.figures.sweep import PICTURES, draw_importance, draw_sweep

JOBS = [(f"lr={n / 100} model={'ab'[n % 2]}", (float(n), n + 0.5), "finished") for n in range(1, 13)]


def test_view_names_the_pictures_that_there_are() -> None:
    assert [*PICTURES] == [*SWEEP_PICTURES]


def test_together_they_have_a_heading_each_and_say_how_to_read_what_is_there() -> None:
    with style():
        picture = draw_sweep(sweep_view(*JOBS, ("lr=9 model=a", (), "failed")), [*PICTURES])
        picture.finished()
    words = [text.get_text() for text in picture.figure.texts]
    assert {each.heading for each in PICTURES.values()} <= {*words}
    assert "best on top; a fan: one standard deviation; failed: dotted" in words
    assert len(picture.figure.axes) == 1 + 1 + 2 + 1, "a slice for each of two settings"


def test_of_too_few_jobs_the_importance_is_a_sentence() -> None:
    with style():
        picture = draw_sweep(sweep_view(*JOBS[:6]), [*PICTURES])
    words = [text.get_text() for text in picture.figure.texts]
    assert "too few jobs to tell: 6 combinations finished, it takes 10" in words and len(picture.figure.axes) == 4


def test_each_bar_has_its_share_in_words_also_where_its_spread_goes_beyond_all() -> None:
    view = sweep_view(*JOBS)
    view.__dict__["ranked"] = [("lr", 0.9, 0.2), ("model", 0.1, 0.0)]
    with style():
        picture = Picture(view.title("x"), 744, 200)
        draw_importance(picture, view, 0)
    (axes,) = picture.figure.axes
    assert [text.get_text() for text in axes.texts] == ["90% ± 20%", "10% ± 0%"] and axes.get_xlim() == (0, 1.1)
    assert [bar.get_width() for bar in axes.patches] == [0.9, 0.1]


@pytest.mark.parametrize("name", [*PICTURES])
def test_one_alone_stands_below_its_title_and_is_the_same_file_each_time(name: str) -> None:
    def drawn() -> bytes:
        with style():
            picture = draw_sweep(sweep_view(*JOBS), [name])
            content = picture.content("svg")
        assert picture.title.name == PICTURES[name].heading and picture.width < WIDTH
        return content

    assert drawn() == drawn()
