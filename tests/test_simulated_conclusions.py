"""The conclusion of drawn sweeps misleads as seldom as docs/sweeps.md says."""

from __future__ import annotations

import re
import sys

import pytest

from options import CONF

sys.path.append(str(CONF.parent / "scripts"))
import simulate_conclusions
from simulate_conclusions import CASES, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_drawn_sweeps_mislead_seldom(case: Case) -> None:
    by_chance = 3 * (case.limit * (100 - case.limit) / 200) ** 0.5  # three standard errors of so few
    percent = simulate_conclusions.percent_better(case, num_sweeps=200)
    assert percent >= case.limit - by_chance if case.asked == "at least" else percent <= case.limit + by_chance


def test_the_page_tells_of_every_case() -> None:
    page = (CONF.parent / "docs" / "sweeps.md").read_text()
    for case in CASES:
        found = re.search(rf"^\| {case.name} \| ([\d.]+) % \| {case.asked} {case.limit} % \|$", page, re.M)
        assert found and (float(found[1]) >= case.limit) == (case.asked == "at least")
