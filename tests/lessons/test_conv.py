"""The sizes of a convolution: the formula with its numbers is what torch gives; the drawing shows the same."""

from __future__ import annotations

import pytest

from runner.lessons.conv import NOTES, PLAIN, lesson
from runner.lessons.conv_sizes import ConvSizes, Side, at_place, cut, drawing, side_lines

CASES = [
    (NOTES, "[20, 33, 26, 100]"),
    (PLAIN, "[20, 33, 48, 98]"),
    (ConvSizes((5, 5), (1, 1), (0, 0), (1, 1), (1, 28, 28)), "[20, 33, 24, 24]"),
    (ConvSizes((2, 3), (3, 2), (0, 1), (4, 5), (3, 5, 9)), "[20, 33, 1, 1]"),  # one place each
]


@pytest.mark.parametrize(("sizes", "shape"), CASES)
def test_the_drawn_size_is_the_one_that_torch_computes(sizes: ConvSizes, shape: str) -> None:
    made = lesson(sizes)
    *_, (_, results) = made.run()
    assert results[-1].text == f"torch.Size({shape})"
    height, width = shape.strip("[]").split(", ")[2:]
    assert made.drawing[0].endswith(f"-> {height} x {width}")


def test_the_formula_stands_there_with_its_numbers() -> None:
    told = drawing(NOTES)
    assert told[0] == "50 x 100 -> 26 x 100"
    assert "room = 50 + 2 x 4 - 3 x (3 - 1) - 1 = 51" in told and "size = 51 / 2, rounded down, + 1 = 26" in told
    assert "room = 100 + 2 x 2 - 1 x (5 - 1) - 1 = 99" in told and "size = 99 / 1, rounded down, + 1 = 100" in told


def test_a_side_is_drawn_with_its_padding_and_the_places_of_the_kernel() -> None:
    side = Side("height", size=6, kernel=2, stride=2, padding=1, dilation=2)
    assert list(side_lines(side))[4:] == [
        "  .oooooo.",
        "  #-#  place 1",
        "    #-#  place 2",
        "      #-#  place 3",
        "  left over at the end: 1",
    ]


def test_of_more_than_three_places_the_first_two_and_the_last_are_drawn() -> None:
    told = list(side_lines(Side("width", size=5, kernel=1, stride=1, padding=0, dilation=1)))
    assert told[4:] == ["  ooooo", "  #  place 1", "   #  place 2", "  :", "      #  place 5"]


def test_a_long_side_is_cut_in_the_middle() -> None:
    assert cut("o" * 45) == "o" * 45
    assert cut("o" * 46) == "o" * 20 + " ... " + "o" * 20
    assert cut(at_place(Side("width", 60, 1, 1, 0, 1), 60)) == " " * 44 + "#"
    assert cut(at_place(Side("width", 60, 1, 1, 0, 1), 30)) == " " * 20 + " ... " + " " * 20
