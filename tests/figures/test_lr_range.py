"""The picture of a range test."""

import io

import pytest
from PIL import Image

from runner.experiment.lr_range import LrRange, growing_rates
from runner.figures.lr_range import picture

RATES = tuple(growing_rates())[:100]


@pytest.mark.parametrize("losses", [[2.0] * 50 + [1.0] * 50, [2.0] * 100], ids=["a rate", "no rate"])
def test_the_losses_are_drawn_whether_a_rate_is_suggested_or_not(losses: list[float]) -> None:
    image = Image.open(io.BytesIO(picture(LrRange(RATES, tuple(losses)), "iris - linear - sgd")))
    assert image.format == "PNG" and image.width >= 600 and len(image.getcolors(2**20) or ()) > 10


def test_a_loss_that_diverges_leaves_the_fall_its_height() -> None:
    """From 1 to 0.5, then 40: the axis ends at twice the loss at the start."""
    tested = LrRange(tuple(growing_rates())[:40], (*[1.0] * 20, *[0.5] * 19, 40.0))
    assert b"<!-- 30 -->" not in (made := picture(tested, "x", "svg")) and b"<!-- 2 -->" in made
