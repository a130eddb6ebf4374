import math

import pytest

from runner.records.numerals import counted, duration, figure


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0000"),
        (0.12344, "0.1234"),
        (-0.5, "-0.5000"),
        (12.3456, "12.346"),
        (123.456, "123.46"),
        (2921.34, "2921.3"),
        (54321.6, "54322"),
        (0.000012, "1.2e-05"),
        (3.4e38, "3.4e+38"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
    ],
)
def test_a_figure_keeps_what_can_be_compared(value, text):
    assert figure(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.163, "0.16 s"),
        (1.24, "1.2 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (245.4, "4 min 05 s"),
        (7805, "2 h 10 min"),
    ],
)
def test_a_duration_is_said_in_the_units_that_matter(seconds, text):
    assert duration(seconds) == text


def test_one_is_not_a_plural():
    assert counted(1, "epoch") == "1 epoch"
    assert counted(1294, "row") == "1,294 rows"
