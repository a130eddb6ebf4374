import io

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from runner.figures.schedule import ROWS, ScheduleCurves, picture, plain_lines, show

STAIRS = ScheduleCurves("stairs", "sgd lr 0.8, 4 epochs", "step_lr", "epoch", {"lr": [0.8, 0.8, 0.4, 0.1]})


def shown(curves: ScheduleCurves, width: int = 60) -> list[str]:
    out = io.StringIO()
    show(Console(file=out, width=width, force_terminal=True, color_system=None), curves)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_plain_lines_have_the_rate_of_each_tick() -> None:
    assert list(plain_lines(STAIRS)) == [
        "stairs: sgd lr 0.8, 4 epochs",
        "step_lr",
        "  epoch         lr",
        "      1        0.8",
        "      2        0.8",
        "      3        0.4",
        "      4        0.1",
    ]


def test_of_many_ticks_some_are_told_the_first_and_the_last_among_them() -> None:
    curves = ScheduleCurves("x", "", "", "step", {"lr": [1 / (i + 1) for i in range(1001)], "lr/head.*": [0.5] * 1001})
    lines = list(plain_lines(curves))[3:]
    assert len(lines) == 20
    assert (lines[0].split(), lines[-1].split()) == (["1", "1", "0.5"], ["1001", "0.000999", "0.5"])


def test_the_terminal_shows_columns_as_high_as_the_rates() -> None:
    lines = shown(STAIRS)
    assert lines[4].split() == ["0.8", "lr"]
    bars = [line[10:] for line in lines[5 : 5 + ROWS]]
    wide = 12  # columns of a tick: 50 columns for 4
    assert bars[0] == "█" * 2 * wide
    assert bars[ROWS // 2] == "█" * 3 * wide
    assert bars[-2] == "█" * 3 * wide + "▂" * wide, "an eighth of ten rows is a row and a quarter"
    assert bars[-1] == "█" * 4 * wide
    assert lines[5 + ROWS].split() == ["epoch", "1", "4"]


@pytest.mark.parametrize("rates", [[0.0, 0.0], [0.3], [1e-9, 1.0]])
def test_few_ticks_and_no_rate_at_all_are_drawn(rates: list[float]) -> None:
    curves = ScheduleCurves("x", "", "", "epoch", {"lr": rates})
    assert len(shown(curves, width=20)) >= ROWS
    assert picture(curves).startswith(b"\x89PNG")


def test_a_narrow_terminal_has_no_line_that_wraps() -> None:
    curves = ScheduleCurves("x", "", "", "step", {"lr": [0.5] * 1000})
    assert max(map(len, shown(curves, width=40))) <= 40


def test_the_picture_has_a_line_for_each_group() -> None:
    two = ScheduleCurves("x", "n" * 300, "k" * 300, "step", {"lr": [1.0, 0.5, 0.25], "lr/head.*": [0.4, 0.2, 0.1]})
    with Image.open(io.BytesIO(picture(two))) as image:
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 20)}
    assert {(0x44, 0x72, 0xB8), (0xE3, 0x9B, 0x3B)} <= colours


def test_many_knobs_take_a_second_line_of_the_picture() -> None:
    def lines_of_ink(knobs: str) -> int:
        curves = ScheduleCurves("x", "sgd lr 0.8, 4 epochs", knobs, "epoch", {"lr": [0.8, 0.4]})
        pixels = np.asarray(Image.open(io.BytesIO(picture(curves))).convert("L"))
        has_ink = np.concatenate([[False], (pixels[:200] < 200).any(1)])
        return int((has_ink[1:] & ~has_ink[:-1]).sum())

    assert lines_of_ink("knob 1 " * 25) == lines_of_ink("knob 1 " * 8) + 1
