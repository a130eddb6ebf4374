"""Nets and trees on the same rows of tables: mean and deviation of the score over seeds, median seconds.

    python scripts/compare_tables.py [TABLE ...] [--seeds 5] [--threads 2] [--models tabular,dnn] [--words K=V ...]

A seed is also that of the split, where the table has no official one. Without names: all tables. Scores are of the test
rows; of covtype, whose official test rows are for the last comparison only, of the validation rows.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from public_tables import KINDS
from trials import finished

DIGITS = 4
TABLES = {  # name -> what is typed
    "adult": ["dataset=adult"],
    "california": ["dataset=california", "val_fraction=0.2"],
    "covtype": ["dataset=covtype"],
    "car": ["dataset=car", "folds=5", "fold=all"],
    **{name: [f"dataset={name}"] for name in ("iris", "wine", "breast_cancer", "diabetes")},
}
SPLIT = {"covtype": "val"}
METRIC = {"california": "rmse"}  # of numbers r2, of classes accuracy elsewhere
HEAD = ("table", "model", "score", "mean ± sd", "seconds", "trees", "seconds")


def words_of(table: str, folder: Path) -> list[str]:
    """What is typed for the table; a made one is written into the folder."""
    if table in TABLES:
        return TABLES[table]
    (make,) = (make for make in KINDS if make.__name__ == table)
    made = make(np.random.default_rng(0))
    (folder / made.file).write_bytes(made.body)
    return ["dataset=csv", f"dataset.path={folder / made.file}", *made.words]


def summary(words: Sequence[str]) -> dict[str, Any]:
    with finished(words) as run:
        found: dict[str, Any] = json.loads((run / "summary.json").read_text())
        return found


def row(table: str, model: str, runs: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """A line of the table; the trees' score is of the test rows, and stands where that of the net is of these, too."""
    split, usual = SPLIT.get(table, "test"), "r2" if runs[0]["task"] == "regression" else "accuracy"
    metric = METRIC.get(table, usual)
    trees = [run.get("trees", {}).get("hist", {}) for run in runs]
    same_rows = [scores[metric] for scores in trees if scores and runs[0]["judged_split"] == split]
    seconds = [run["trees_seconds"]["hist"] for run, scores in zip(runs, trees, strict=True) if scores]
    return (
        table,
        model,
        metric,
        spread([run["best"][f"{split}/{metric}"] for run in runs]),
        f"{statistics.median(run['seconds'] for run in runs):.1f}",
        spread(same_rows),
        f"{statistics.median(seconds):.1f}" if seconds else "-",
    )


def spread(values: Sequence[float]) -> str:
    """Mean ± standard deviation, "-" of none."""
    if len(values) < 2:
        return f"{values[0]:.{DIGITS}f}" if values else "-"
    return f"{statistics.mean(values):.{DIGITS}f} ± {statistics.stdev(values):.{DIGITS}f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [*TABLES, *(make.__name__ for make in KINDS)]
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(names))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--models", default="tabular,dnn")
    parser.add_argument("--words", nargs="*", default=[], metavar="K=V", help="typed for every run")
    asked = parser.parse_args()
    if unknown := set(asked.tables) - set(names):
        parser.error(f"{', '.join(sorted(unknown))}: no such table; there are {', '.join(names)}")
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    with TemporaryDirectory() as folder:
        for table in asked.tables or names:
            typed = [*words_of(table, Path(folder)), f"threads={asked.threads}", *asked.words]
            for model in asked.models.split(","):
                each = [[*typed, f"model={model}", f"seed={s}", f"split_seed={s}"] for s in range(asked.seeds)]
                print(f"| {' | '.join(row(table, model, list(map(summary, each))))} |", flush=True)


if __name__ == "__main__":
    main()
