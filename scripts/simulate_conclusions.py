"""Counts how often the conclusion of a sweep misleads: 1,000 sweeps with drawn scores each, through the real code.

    python scripts/simulate_conclusions.py

Prints the table of docs/sweeps.md, "Can the conclusion be trusted?". Nothing is trained: the loss of a run is drawn
from a normal distribution about the mean of its setting, with standard deviation 1 over the seeds. The folds of a
setting have some of their luck in common, as they have most of their training rows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.runs.conclusion import Conclusion, conclude
from runner.runs.directory import RunDirectory
from runner.runs.ranking import Contest, entries
from runner.runs.saved_run import SavedRun

NUM_SWEEPS = 1000
NUM_REPEATS = 5
FAR = 3.0  # standard deviations
SHARED = 1 / NUM_REPEATS  # of the variance; what Nadeau and Bengio 2003 take for test rows / all rows


@dataclass(frozen=True)
class Case:
    name: str
    means: Sequence[float]  # of the loss, a setting each
    asked: str
    limit: float  # percent
    repeat: str = "seed"


CASES = (
    Case("eight equal settings, five seeds", [0.0] * 8, "at most", 2.0),
    Case("two equal settings ahead of six worse ones, five seeds", [0.0] * 2 + [FAR] * 6, "at most", 6.5),
    Case("two settings two standard deviations apart, five seeds", [0.0, 2.0], "at least", 60.0),
    Case("two equal settings, five folds", [0.0] * 2, "at most", 6.5, "fold"),
)


def main() -> None:
    print(f'| {NUM_SWEEPS:,} sweeps each | the best is called "better" | it should be |')
    print("| --- | ---: | ---: |")
    for case in CASES:
        print(f"| {case.name} | {percent_better(case):.1f} % | {case.asked} {case.limit} % |")


def percent_better(case: Case, num_sweeps: int = NUM_SWEEPS) -> float:
    """In how many sweeps of 100 the best is called better than the next; where one is better, the right one."""
    draw = random.Random(case.name)
    found = [concluded(case, draw) for _ in range(num_sweeps)]
    is_equal = case.means[0] == case.means[1]
    return (
        100 * sum(said.is_better and (is_equal or "setting=0 is better" in said.verdict) for said in found) / num_sweeps
    )


def concluded(case: Case, draw: random.Random) -> Conclusion:
    """What is said of one sweep."""
    runs = [run for setting, mean in enumerate(case.means) for run in drawn(setting, mean, case.repeat, draw)]
    return conclude(Contest("drawn", "val/loss", False, tuple(entries(runs, "val/loss", False))))


def drawn(setting: int, mean: float, repeat: str, draw: random.Random) -> Iterator[SavedRun]:
    """The runs of a setting, as they are read from disk, without the disk."""
    shared = SHARED if repeat == "fold" else 0.0
    luck = draw.gauss(0, shared**0.5)
    for number in range(NUM_REPEATS):
        run = SavedRun(RunDirectory(Path(f"{setting}-{number}")))
        settings = {"setting": str(setting), "seed": "0", "folds": str(NUM_REPEATS), repeat: str(number)}
        vars(run).update(settings=settings, metrics={"val/loss": mean + luck + draw.gauss(0, (1 - shared) ** 0.5)})
        yield run


if __name__ == "__main__":
    main()
