"""What a search promises, measured: the same after kills, as good as the grid for a third of it, quick to propose.

python scripts/bench_search.py kills        60 trials killed at 20 random instants, at one job and at two
python scripts/bench_search.py halving      27 settings by halving against all of them trained to the end
python scripts/bench_search.py proposals    milliseconds for a proposal at trial 60
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import product
from math import inf
from pathlib import Path
from statistics import median, stdev
from typing import Any

from runner.config.searching import searching
from runner.search.sampler import sampler
from runner.search.space import Choice, Interval, Space
from runner.search.trial import Trial

QUICK = ["threads=1", "tensorboard=off", "baselines.trees=[]", "sweep.check=false"]
RATE = "optimizer.lr=tag(log,interval(1e-4,1))"
KILLED = ["search=tpe", "search.trials=60", RATE, "optimizer=sgd,adam", "optimizer.momentum=0,0.9", "dataset=wine"]
KILLED += ["model=linear", "epochs=4"]
LEADERBOARDS = ("leaderboard.csv", "leaderboard.md")
NUM_KILLS = 20
HALVED = {  # an epoch has more steps where batches are smaller, which a rung does not see
    "one batch size": ["model.hidden=[16],[64],[256]", "optimizer.betas=[0.9,0.999],[0.8,0.99]"],
    "several": ["model.hidden=[16],[64]", "batch_size=range(16,129,16)"],
}
DATA = {"digits": [], "fashion_mnist": ["dataset.limit=2000"]}
SEEDS = range(5)


def main() -> None:
    parts = {"kills": kills, "halving": halving, "proposals": proposals}
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("part", choices=parts)
    with tempfile.TemporaryDirectory() as scratch:
        parts[wanted.parse_args().part](Path(scratch))


def train(folder: Path, words: Sequence[str]) -> list[str]:
    return ["train", "-m", *words, *QUICK, f"sweep.dir={folder}"]


def spawn(argv: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "runner", *argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def run(argv: Sequence[str]) -> None:
    assert spawn(argv).wait() in (0, 1), argv  # 1: a job came to no finite loss


def kills(scratch: Path) -> None:
    """The settings and the table of a search that is killed, against those of one left alone."""
    draw = random.Random(0)
    run(train(alone := scratch / "alone", [*KILLED, "sweep.jobs=2"]))
    print("| jobs at a time | kills | settings the same | table the same to the byte |\n| ---: | ---: | --- | --- |")
    for jobs in (1, 2):
        folder = scratch / str(jobs)
        num_kills = killed(folder, jobs, draw)
        run(["resume", str(folder), f"sweep.jobs={jobs}"])
        same = [points(folder) == points(alone)]
        same.append(all((folder / name).read_bytes() == (alone / name).read_bytes() for name in LEADERBOARDS))
        print(f"| {jobs} | {num_kills} | {' | '.join('yes' if found else 'NO' for found in same)} |", flush=True)


def killed(folder: Path, jobs: int, draw: random.Random) -> int:
    """How often a search was killed before its end, at most ``NUM_KILLS`` times, at random instants of its work."""
    for number in range(NUM_KILLS):
        beginning = ["resume", str(folder)] if (folder / "sweep.json").exists() else train(folder, KILLED)
        driver = spawn([*beginning, f"sweep.jobs={jobs}"])
        before = begun(folder)
        wanted = before + draw.randint(1, 4)  # of 60 jobs, 20 times
        while begun(folder) < wanted and driver.poll() is None:
            time.sleep(0.02)
        time.sleep(draw.uniform(0, 1))
        if driver.poll() is not None:
            return number
        for pid in [*children(driver.pid)] * (number % 2) + [driver.pid]:  # the jobs too, every second time
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        driver.wait()
        print(f"killed {number + 1}, {begun(folder)} jobs begun", file=sys.stderr)
    return NUM_KILLS


def begun(folder: Path) -> int:
    journal = folder / "journal.jsonl"
    return journal.read_text().count('"begun"') if journal.exists() else 0


def children(pid: int) -> Iterator[int]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == pid:
                yield int(path.parent.name)


def points(folder: Path) -> list[Any]:
    facts = map(json.loads, (folder / "journal.jsonl").read_text().splitlines())
    return [fact["point"] for fact in facts if "trial" in fact]


def halving(scratch: Path) -> None:
    """Twenty searches: what halving finds among 27 settings, and what all of them would have shown."""
    print("| space | data | seed | epochs | winner | its full rank | behind by | sd of seeds | survivors' bits |")
    print("| --- | --- | ---: | ---: | --- | ---: | ---: | ---: | --- |")
    for (space, knobs), (data, limit), seed in product(HALVED.items(), DATA.items(), SEEDS):
        fixed = ["model=mlp", f"dataset={data}", *limit, "epochs=9"]
        cells = compared(scratch / f"{space}-{data}-{seed}", fixed, knobs, seed)
        print(f"| {space} | {data} | {seed} | {' | '.join(cells)} |", flush=True)


def compared(folder: Path, fixed: Sequence[str], knobs: Sequence[str], seed: int) -> list[str]:
    """The cells of a search: the space that halving and all settings share, and how near halving comes."""
    words = [*fixed, RATE, *knobs, "search.trials=27", f"search.seed={seed}", f"seed={seed}"]
    run(train(folder / "halved", ["search=halving", *words]))
    run(train(folder / "all", ["search=random", *words]))
    halved, whole = jobs_of(folder / "halved"), jobs_of(folder / "all")
    share = num_epochs(folder / "halved", halved) / num_epochs(folder / "all", whole)
    scores = [job["metrics"].get("val/loss") or inf for job in whole]
    found = next(job for job in halved if job["folder"] == read(folder / "halved")["winner"])
    own = scores[found["trial"]]
    best = whole[scores.index(min(scores))]["settings"]
    run(train(folder / "seeds", [*fixed, *(f"{name}={value}" for name, value in best.items()), "seed=0,1,2,3,4"]))
    sd = stdev(job["metrics"]["val/loss"] for job in jobs_of(folder / "seeds"))
    is_same = "the same" if own == min(scores) else "within one sd" if own - min(scores) <= sd else "ANOTHER"
    survivors = [job["folder"] for job in halved if job["status"] == "finished"]
    logs = [[folder / name / job / "metrics.jsonl" for name in ("halved", "all")] for job in survivors]
    is_equal = all(held.read_bytes() == free.read_bytes() for held, free in logs)
    rank = str(sorted(scores).index(own) + 1)
    told = "equal" if is_equal else "DIFFERENT"
    return [f"{share:.2f}", is_same, rank, f"{own - min(scores):.4f}", f"{sd:.4f}", f"{len(logs)} {told}"]


def read(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return content


def jobs_of(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(folder)["jobs"]
    return found


def num_epochs(folder: Path, jobs: Sequence[dict[str, Any]]) -> int:
    return sum((folder / job["folder"] / "metrics.jsonl").read_text().count('"train/loss"') for job in jobs)


def proposals(scratch: Path) -> None:
    """Milliseconds of this process for the proposal of trial 60, of five settings."""
    space = Space(
        {
            "lr": Interval(1e-4, 1.0, is_log=True, is_whole=False),
            "dropout": Interval(0.0, 0.5, is_log=False, is_whole=False),
            "batch_size": Interval(16, 512, is_log=True, is_whole=True),
            "model": Choice(("model=mlp", "model=cnn"), ("mlp", "cnn"), is_range=False),
            "width": Choice(("w=16", "w=32", "w=64"), ("16", "32", "64"), is_range=True),
        },
        {},
    )
    print("| search | ms |\n| --- | ---: |")
    for method in ("random", "qmc", "tpe", "cmaes"):
        settings = {"trials": 61, "seed": 0, "window": 4, "startup_trials": 10, "max_seconds": None}
        propose, trials = sampler(searching(method, settings), space), list[Trial]()
        for number in range(60):
            point = propose(number, trials)
            trials.append(Trial(number, point, "finished", point["lr"] + point["dropout"]))
        times = []
        for _ in range(9):
            before = time.process_time()
            propose(60, trials)
            times.append(time.process_time() - before)
        print(f"| {method} | {median(times) * 1000:.1f} |")


if __name__ == "__main__":
    main()
