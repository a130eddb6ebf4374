"""The ranges of recipes follow from their seeds by one rule."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from options import CONF

sys.path.append(str(CONF.parent / "scripts"))
from measure_expected import line, tolerance_factor, tolerance_interval

RECIPES = sorted((CONF / "experiment").glob("*.yaml"))
RANGE = re.compile(r"^    (\S+): (\[\S+, \S+\]) # ten seeds: (\S+) ± (\S+)$", re.MULTILINE)


def test_ten_values_reach_4_44_deviations_as_the_formula_of_howe_says() -> None:
    assert tolerance_factor(10) == pytest.approx(2.5758 * (9 * 1.1 / 3.3251) ** 0.5, abs=1e-3)


def test_a_range_is_rounded_outwards_to_the_first_digit_of_the_deviation() -> None:
    assert tolerance_interval("test/loss", 1.0, 0.01) == [0.95, 1.05]
    assert tolerance_interval("test/rmse", 54.5, 2.0) == [45, 64]
    assert tolerance_interval("test/accuracy", 0.99, 0.01) == [0.94, 1.0]
    assert tolerance_interval("test/accuracy", 1.0, 0.0) == [1.0, 1.0]


def test_ten_seeds_give_the_line_of_a_recipe() -> None:
    assert line("test/loss", [1.0, 1.2] * 5) == "test/loss: [0.6, 1.6] # ten seeds: 1.1000 ± 0.1054"


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_carries_ranges_that_follow_from_its_seeds_or_says_why_it_has_none(path: Path) -> None:
    text = path.read_text()
    assert ("\n  expected:\n" in text) != ("\n# No range: " in text.partition("defaults:")[0])
    for metric, found, mean, deviation in RANGE.findall(text):
        assert found == str(tolerance_interval(metric, float(mean), float(deviation)))
