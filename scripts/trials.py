"""Runs as a user types them, each with several seeds, in one process: what the scripts beside this one measure."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from runner.cli import main
from runner.experiment.rebuild import rebuild_to_read
from runner.experiment.scoring import judge
from runner.runs.named import open_run

REPOSITORY = Path(__file__).parent.parent
SEEDS = range(5)


def trials(*words: str) -> list[dict[str, Any]]:
    """The summary of the run with each seed; ``epochs`` are its rows, ``last`` the scores of its last weights."""
    return [trial([*words, f"seed={seed}"]) for seed in SEEDS]


def trial(words: Sequence[str]) -> dict[str, Any]:
    with finished(words) as run:
        rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        epochs = [row for row in rows if "train/loss" in row]
        return {**json.loads((run / "summary.json").read_text()), "epochs": epochs, "last": last_scores(run)}


@contextmanager
def finished(words: Sequence[str]) -> Iterator[Path]:
    """The directory of the run that the words make, as long as it is looked at."""
    os.environ["RUNNER_OUTPUTS"] = "outputs"
    with TemporaryDirectory() as folder, chdir(folder):
        with redirect_stdout(StringIO()):
            assert main.main(["train", "device=cpu", "threads=1", *words]) == 0
        (run,) = Path("outputs").glob("20*/*")
        yield run


def last_scores(run: Path) -> dict[str, float]:
    """Of the weights after the last step, on every split, with dropout and augmentation off."""
    rebuilt = rebuild_to_read(open_run("eval", [str(run), "checkpoint=last"], own=("checkpoint",)), print)
    return dict(judge(rebuilt.experiment, rebuilt.saved).outcome.best)


def spread(values: Sequence[float], digits: int) -> str:
    """Mean +- standard deviation."""
    return f"{statistics.mean(values):.{digits}f} ± {statistics.stdev(values):.{digits}f}"
