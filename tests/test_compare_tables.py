"""The line that scripts/compare_tables.py prints of runs with several seeds."""

from __future__ import annotations

import sys
from typing import Any

from options import CONF

sys.path.append(str(CONF.parent / "scripts"))
import compare_tables


def run(score: float, seconds: float, trees: float | None) -> dict[str, Any]:
    found: dict[str, Any] = {"trees": {}, "trees_seconds": {}}
    if trees is not None:
        found = {"trees": {"hist": {"accuracy": trees}}, "trees_seconds": {"hist": 0.5}}
    best = {"test/accuracy": score, "val/accuracy": score + 0.1}
    return {"task": "multiclass", "judged_split": "test", "best": best, "seconds": seconds, **found}


def test_a_line_has_mean_and_deviation_and_the_median_of_the_seconds() -> None:
    runs = [run(0.5, 1, 0.6), run(0.7, 9, 0.6), run(0.6, 2, 0.9)]
    told = ("iris", "dnn", "accuracy", "0.6000 ± 0.1000", "2.0", "0.7000 ± 0.1732", "0.5")
    assert compare_tables.row("iris", "dnn", runs) == told


def test_trees_that_were_left_out_or_scored_on_other_rows_have_no_score() -> None:
    assert compare_tables.row("iris", "dnn", [run(0.5, 1, None)])[3:] == ("0.5000", "1.0", "-", "-")
    assert compare_tables.row("covtype", "dnn", [run(0.5, 1, 0.6)])[3:] == ("0.6000", "1.0", "-", "0.5")
