"""Rows of a CSV file that ``predict`` answers for in a second, start of the program left out.

    python scripts/bench_predict.py [--rows 400000] [--rounds 3]

A table of 4 and one of 54 columns of fractions is made, a small net trained on each, and ``predict RUN FILE --csv OUT``
run on a large file and on one of a single row, taking turns; what a row costs is the difference. Medians are printed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

LEAST = 50_000  # rows a second
COLUMNS = (4, 54)
TRAIN_ROWS = 2000


def runner(folder: Path, *words: str) -> float:
    """Seconds that a command took."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "runner", *words], cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - begun


def write_table(path: Path, num_rows: int, num_columns: int, *, labelled: bool = False) -> None:
    x_NC = np.random.default_rng(0).normal(size=(num_rows, num_columns))
    names = [f"c{i}" for i in range(num_columns)]
    if labelled:
        x_NC, names = np.c_[x_NC, x_NC[:, 0] > 0], [*names, "label"]
    np.savetxt(path, x_NC, fmt="%.4g", delimiter=",", header=",".join(names), comments="")


def measure(folder: Path, num_rows: int, num_columns: int, rounds: int) -> float:
    """Rows a second."""
    write_table(folder / "train.csv", TRAIN_ROWS, num_columns, labelled=True)
    write_table(folder / "large.csv", num_rows, num_columns)
    write_table(folder / "small.csv", 1, num_columns)
    data = ("dataset=csv", "dataset.path=train.csv", "dataset.target=label", "dataset.task=multiclass")
    runner(folder, "train", *data, "model=mlp", "epochs=2", "tensorboard=off")
    taken = {name: [] for name in ("small", "large")}
    for _ in range(rounds):
        for name, seconds in taken.items():
            seconds.append(runner(folder, "predict", "last", f"{name}.csv", "--csv", "out.csv", "--overwrite"))
    return (num_rows - 1) / (statistics.median(taken["large"]) - statistics.median(taken["small"]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RUNNER_OUTPUTS"] = os.path.join(folder, "outputs")
        rates = {num: measure(Path(folder), asked.rows, num, asked.rounds) for num in COLUMNS}
    for num_columns, rate in rates.items():
        print(f"{num_columns:3} columns: {rate:9,.0f} rows a second (at least {LEAST:,})")
    return int(min(rates.values()) < LEAST)


if __name__ == "__main__":
    sys.exit(main())
