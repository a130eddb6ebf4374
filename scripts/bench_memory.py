"""Memory that training takes on a table too large to be held twice: reading it first, then from its cache.

    python scripts/bench_memory.py [--rows 10000000] [--columns 55] [--folder FOLDER] [words of train ...]

A table of fractions is written (6 bytes a number), and ``train`` run on it twice for a few steps. All processes of a
run are counted from /proc, twenty times a second. Held is what a run has for itself (RssAnon): no more than 1.3 times
the table. Mapped are pages of files (RssFile), its libraries among them, which the system takes back when it needs
them. Linux alone.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

MOST = 1.3  # times the size of the table in float32 may be held
ROWS_AT_ONCE = 100_000
DIGITS = 1000  # different fractions


def write_table(path: Path, num_rows: int, num_columns: int) -> None:
    cells = np.array([f"0.{i:03d}," for i in range(DIGITS)], "S6")
    ends = np.array(["0\n", "1\n"], "S2")
    draw = np.random.default_rng(0)
    with path.open("wb") as file:
        file.write(",".join([*(f"c{i}" for i in range(num_columns)), "label"]).encode() + b"\n")
        for start in range(0, num_rows, ROWS_AT_ONCE):
            x_nF = draw.integers(DIGITS, size=(min(ROWS_AT_ONCE, num_rows - start), num_columns), dtype=np.int16)
            is_high_n = x_nF[:, :4].sum(1) > 2 * DIGITS
            rows = np.c_[cells[x_nF].view(np.uint8), ends[is_high_n.astype(int)].view(np.uint8).reshape(-1, 2)]
            file.write(rows.tobytes())


def resident(group: int) -> tuple[int, int]:
    """(held, mapped) bytes of all processes of a group."""
    held = mapped = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = status.with_name("stat").read_text().rpartition(")")[2].split()
            text = status.read_text() if int(fields[2]) == group else ""
        except OSError:  # it has ended
            continue
        sizes = {name: 1024 * int(size) for name, size in re.findall(r"(Rss\w+):\s+(\d+) kB", text)}
        held, mapped = held + sizes.get("RssAnon", 0), mapped + sizes.get("RssFile", 0) + sizes.get("RssShmem", 0)
    return held, mapped


def peaks(command: list[str], folder: Path) -> tuple[int, int, int, float]:
    """(held, mapped, both at one time) bytes at most, and seconds."""
    begun, most = time.perf_counter(), np.zeros(3, np.int64)
    with (folder / "output.txt").open("wb") as output:
        run = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, start_new_session=True)
        while run.poll() is None:
            held, mapped = resident(run.pid)
            most = np.maximum(most, [held, mapped, held + mapped])
            time.sleep(0.05)
    if run.returncode:
        sys.exit((folder / "output.txt").read_text())
    return *map(int, most), time.perf_counter() - begun


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--columns", type=int, default=55)
    parser.add_argument("--folder", help="on a disk with three times the size of the table")
    asked, words = parser.parse_known_args()
    words = words or ["model=mlp", "model.hidden=[16]", "batch_size=1024", "max_steps=200"]
    bound = MOST * 4 * asked.rows * asked.columns
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        write_table(folder / "table.csv", asked.rows, asked.columns)
        data = ["dataset=csv", "dataset.path=table.csv", "dataset.target=label", f"output_dir={folder}/outputs"]
        command = [sys.executable, "-m", "runner", "train", *data, "tensorboard=off", *words]
        print(f"{asked.rows:,} rows x {asked.columns}: float32 {bound / MOST / 1e9:.2f} GB, bound {bound / 1e9:.2f} GB")
        print("| run | held, GB | mapped, GB | together, GB | seconds |\n|---|---|---|---|---|")
        most_held = 0
        for run in ("reads the table", "from the cache"):
            held, mapped, total, seconds = peaks(command, folder)
            most_held = max(most_held, held)
            print(f"| {run} | {held / 1e9:.2f} | {mapped / 1e9:.2f} | {total / 1e9:.2f} | {seconds:.0f} |", flush=True)
    return int(most_held > bound)


if __name__ == "__main__":
    sys.exit(main())
