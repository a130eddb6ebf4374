"""Seconds and memory to read a table of the size of covtype, against pandas' own reading of the same file.

    python scripts/bench_tables.py [--pairs 3] [--rows 581012] [--folder DIR] [--decimals]

A file of 55 whole numbers a row, or of 54 decimals and a label, is made in the folder, by default a temporary one.
pandas reads it with explicit dtypes; we read it to tensors that are checked and fitted. The two take turns; medians are
printed. Peaks are of processes of their own, above what they hold when all is imported.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from runner.build import libraries

# ruff: noqa: E402
libraries.load()  # as the program does: it says how threads wait before torch is imported

import numpy as np
import torch

from runner.contracts import Split

COLUMNS = 54
NAMES = [f"c{i}" for i in range(COLUMNS)] + ["label"]
PIECE = 20_000
MEASURE = {False: "%d", True: "%.4f"}
ROWS: dict[int, Split] = {}


def write_file(path: Path, num_rows: int, has_decimals: bool) -> None:
    """Ten measures, two groups of indicators and a label of 1 to 7, as covtype has them; or normal draws for them."""
    draw = np.random.default_rng(0)
    with open(path, "w") as file:
        file.write(",".join(NAMES) + "\n")
        for start in range(0, num_rows, PIECE):
            n = min(PIECE, num_rows - start)
            x = draw.normal(size=(n, COLUMNS + 1)) if has_decimals else np.zeros((n, COLUMNS + 1), np.int64)
            if not has_decimals:
                x[:, :10] = draw.integers(0, 7000, (n, 10))
                x[np.arange(n), draw.integers(10, 14, n)] = 1
                x[np.arange(n), draw.integers(14, COLUMNS, n)] = 1
            x[:, -1] = draw.integers(1, 8, n)
            np.savetxt(file, x, fmt=[MEASURE[has_decimals]] * COLUMNS + ["%d"], delimiter=",")


def by_pandas(path: Path) -> None:
    import pandas as pd

    pd.read_csv(path, dtype=dict.fromkeys(NAMES, "float32"))


def by_us(path: Path) -> None:
    from runner.data.checks import check_data
    from runner.data.table.dialect import Reading
    from runner.data.table.given_splits import Official
    from runner.data.table.table import Goal, Meaning, read_table

    data = read_table(path, Reading(), Meaning({}, "refuse", "refuse"), Goal("label", "multiclass"), Official())
    data = data.x.fitted(ROWS[len(data.y)])  # type: ignore[union-attr]
    check_data(data)


def draw_split(num_rows: int) -> Split:
    """Seven, one and two of ten rows; to draw them is no part of the reading."""
    of_ten_N = torch.randint(0, 10, (num_rows,), generator=torch.Generator().manual_seed(0))
    return Split(*(rows.nonzero().flatten() for rows in (of_ten_N < 7, of_ten_N == 7, of_ten_N > 7)))


def seconds(read: Callable[[Path], None], path: Path) -> float:
    begun = time.perf_counter()
    read(path)
    return time.perf_counter() - begun


def peak_mb(path: Path) -> float:
    """Of reading once, in a process of its own, above what it holds before."""
    told = subprocess.run([sys.executable, __file__, "--peak", str(path)], capture_output=True, text=True, check=True)
    return float(told.stdout)


def tell_peak(path: Path) -> None:
    small = path.with_name("small.csv")
    with open(path) as file:
        small.write_text("".join(islice(file, 1001)))
    num_rows = int(path.stem.rpartition("_")[2])
    ROWS.update({size: draw_split(size) for size in (1000, num_rows)})
    by_us(small)  # imports what there is to import
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = high_water_mb()
    by_us(path)
    print(high_water_mb() - before)


def high_water_mb() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def measure(folder: Path, num_rows: int, pairs: int, has_decimals: bool) -> float:
    """Prints a line; the median seconds of ours."""
    path = folder / f"rows_{num_rows}.csv"
    write_file(path, num_rows, has_decimals)
    ROWS[num_rows] = draw_split(num_rows)
    times: dict[str, list[float]] = {"pandas": [], "ours": []}
    for _ in range(pairs):
        times["pandas"].append(seconds(by_pandas, path))
        times["ours"].append(seconds(by_us, path))
    median = {name: statistics.median(values) for name, values in times.items()}
    ratio = statistics.median(np.divide(times["ours"], times["pandas"]))
    final_mb = num_rows * (COLUMNS * 4 + 8) / 2**20
    peak = peak_mb(path)
    path.unlink()
    print(
        f"{num_rows:>9,} rows  pandas {median['pandas']:6.3f} s  ours {median['ours']:6.3f} s, {ratio:.2f} x  "
        f"peak {peak:,.0f} MB, {peak / final_mb:.2f} x the tensors",
        flush=True,
    )
    return median["ours"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--rows", type=int, default=581_012)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--decimals", action="store_true")
    parser.add_argument("--peak", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.peak:
        tell_peak(asked.peak)
        return
    with tempfile.TemporaryDirectory(dir=asked.folder) as made:
        tenth = measure(Path(made), asked.rows // 10, asked.pairs, asked.decimals)
        whole = measure(Path(made), asked.rows, asked.pairs, asked.decimals)
        print(f"ten times the rows: {whole / tenth:.2f} x the time")


if __name__ == "__main__":
    main()
