"""Words cut to the room that they have, and numbers on an axis."""

import pytest

from runner.figures.dataset_view import Title
from runner.figures.style import DPI, MARGIN, Picture, part, short_names, shortened, style, tick, width_of, wrapped


def test_a_hangul_character_counts_as_two() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"
    assert shortened("가나다", 6) == "가나다"
    assert shortened("가나다라", 6) == "가나…"


def test_names_that_begin_alike_are_cut_in_the_middle() -> None:
    assert short_names(["area", "a long name"], 8) == ["area", "a long…"]
    assert short_names(["district=north", "district=south", "yes"], 10) == ["dist…north", "dist…south", "yes"]
    assert short_names(["아주 긴 이름 1", "아주 긴 이름 2"], 9) == ["아…름 1", "아…름 2"]


def test_words_are_broken_where_a_line_is_full() -> None:
    assert wrapped("blue is right, red is wrong", 15) == ["blue is right,", "red is wrong"]
    assert wrapped("", 15) == [""]


def test_a_hangul_character_is_as_wide_as_it_is_high() -> None:
    assert width_of(["가나다", "a"], 9) == pytest.approx(3 * 20)
    assert width_of(["12345"], 9) == pytest.approx(5 * 0.64 * 20)


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (0.25, "0.25"), (750, "750"), (-500_000, "-500k"), (2_500_000, "2.5M"), (2e9, "2B"), (2e30, "2e+30")],
)
def test_a_tick_says_the_whole_number(value: float, said: str) -> None:
    assert tick(value) == said


def test_a_tick_among_years_has_all_its_digits() -> None:
    assert [tick(value, 2023.0) for value in (1990, 2000)] == ["1990", "2000"]
    assert [tick(value, 15_000.0) for value in (500, 5000)] == ["500", "5k"]


def test_a_picture_that_shows_a_part_says_so() -> None:
    assert (part(6, 32, "filter"), part(8, 8, "filter"), part(1, 1, "column")) == (
        "6 of 32 filters",
        "8 filters",
        "1 column",
    )


def test_a_line_of_digits_above_a_picture_is_not_cut() -> None:
    with style():
        picture = Picture(Title("x", "0123456789=@% " * 12, ""), 744, 100)
        picture.place(0, 0, 744, 100)
        edge = picture.finished().x1 - MARGIN / DPI
        drawn = [text for text in picture.figure.texts if "0123" in text.get_text()]
        assert len(drawn) == 1 and drawn[0].get_window_extent().x1 / DPI <= edge + 0.01
