"""The dimensions of a search: what a draw comes to, in words that can be typed."""

from __future__ import annotations

import math

import pytest

from runner.search.space import Choice, Interval, Space, described, space_of_fact

RATE = Interval(1e-4, 1e-1, is_log=True, is_whole=False)
SIZE = Interval(16, 64, is_log=False, is_whole=True)
NETS = Choice(("model=mlp", "model=cnn"), ("mlp", "cnn"), is_range=False)
KERNELS = Choice(("++model.kernel_size=3", "++model.kernel_size=5"), ("3", "5"), is_range=True)
SPACE = Space(
    {"model.kernel_size": KERNELS, "optimizer.lr": RATE, "model": NETS, "batch_size": SIZE},
    {"model.kernel_size": ("model", ("cnn",)), "model.channels": ("model", ("cnn",))},
)


def test_half_of_a_logarithmic_interval_lies_at_its_geometric_mean() -> None:
    assert math.isclose(RATE.at(0.5), math.sqrt(1e-4 * 1e-1)) and math.isclose(RATE.at(0.0), 1e-4)
    assert Interval(2.0, 4.0, is_log=False, is_whole=False).at(0.25) == 2.5


def test_whole_numbers_have_equal_shares_to_both_ends() -> None:
    die = Interval(1, 6, is_log=False, is_whole=True)
    thrown = [die.rounded(die.at((share + 0.5) / 60)) for share in range(60)]
    assert [thrown.count(face) for face in range(1, 7)] == [10] * 6
    assert SIZE.text(SIZE.rounded(63.6)) == "64"


@pytest.mark.parametrize(
    ("interval", "value", "text"),
    [
        (RATE, 0.0031415926, "0.003142"),
        (RATE, 0.00010000001, "0.0001"),
        (RATE, 0.2, "0.1"),
        (Interval(0.0, 1.0, is_log=False, is_whole=False), 1 / 3, "0.333"),
        (Interval(0.0, 1.0, is_log=False, is_whole=False), 1e-9, "0.0"),
        (Interval(0.123456, 0.1234567, is_log=False, is_whole=False), 0.12345633333, "0.1234563333"),
        (Interval(1e-9, 1e-7, is_log=True, is_whole=False), 2.5e-8, "2.5e-08"),
    ],
)
def test_a_draw_is_written_in_few_digits_that_stay_inside_and_read_back_exactly(
    interval: Interval, value: float, text: str
) -> None:
    place = interval.rounded(value)
    assert interval.text(place) == text and float(text) == place
    assert interval.low <= place <= interval.high


def test_a_trial_has_no_knob_that_its_option_lacks() -> None:
    with_mlp = SPACE.point(lambda key, dimension: dimension.at(0.0))
    assert with_mlp == {"optimizer.lr": 1e-4, "model": 0, "batch_size": 16}
    with_cnn = SPACE.point(lambda key, dimension: dimension.at(0.99))
    assert (with_cnn["model"], with_cnn["model.kernel_size"]) == (1, 1)
    assert [SPACE.has("model.channels", point) for point in (with_mlp, with_cnn)] == [False, True]


def test_words_are_as_they_are_typed() -> None:
    point = SPACE.point(lambda key, dimension: dimension.at(0.99))
    assert [SPACE.word(key, place) for key, place in point.items()] == [
        "++optimizer.lr=0.09333",
        "model=cnn",
        "++batch_size=64",
        "++model.kernel_size=5",
    ]


def test_a_space_is_counted_described_and_read_back() -> None:
    assert SPACE.size() == math.inf
    assert Space({"batch_size": SIZE, "model": NETS}, {}).size() == 98
    assert list(described(SPACE).values()) == ["3, 5", "0.0001 to 0.1, log", "mlp, cnn", "16 to 64, whole"]
    assert described(Space({"seed": Choice((), tuple("12345678"), True)}, {})) == {"seed": "1, 2, 3, 4, 5, ..., 8"}
    assert space_of_fact(SPACE.as_fact()) == SPACE
