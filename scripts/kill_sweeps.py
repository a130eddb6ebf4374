"""Kills a sweep of 24 jobs again and again, goes on with it, and holds its leaderboard against that of one left alone.

    python scripts/kill_sweeps.py --kills 50

A line of the table for each kind of kill. Exits with 1 where a leaderboard differs by a byte, a finished job ran again,
more than one checkpoint interval was repeated, or a process was left. Linux alone: it looks into /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

SWEEP = ["dataset=wine", "model=mlp,linear", "optimizer.lr=0.1,0.01,0.001", "seed=0,1,2,3", "epochs=25"]
SAME = ["threads=1", "tensorboard=off", "sweep.jobs=2"]
KINDS = ("driver", "a job", "driver and jobs", "all at once", "twice in a row", "journal torn", "at the end")
LEADERBOARDS = ("leaderboard.csv", "leaderboard.md")
MOST_RESUMES = 5


@dataclass
class Result:
    """What was seen of one kind of kill."""

    kills: int = 0
    equal: int = 0
    run_again: int = 0  # jobs that had finished
    most_repeated: int = 0  # epochs of a job, each of which ends with a checkpoint
    left: int = 0  # processes
    missed: int = 0  # sweeps that were over before the kill; they count for nothing


def main() -> int:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--kills", type=int, default=50)
    wanted.add_argument("--seed", type=int, default=0)
    found = wanted.parse_args()
    draw, results = random.Random(found.seed), defaultdict[str, Result](Result)
    with tempfile.TemporaryDirectory() as scratch:
        alone, seconds = Path(scratch, "alone"), time.monotonic()
        assert start(alone).wait() == 0
        seconds = time.monotonic() - seconds
        begun = (alone / "sweep.json").stat().st_mtime
        length = (alone / "summary.json").stat().st_mtime - begun
        print(f"left alone: {seconds:.1f} s, {length:.1f} s of them from its folder on", file=sys.stderr)
        for number in count(0):
            if (kills := sum(result.kills for result in results.values())) == found.kills:
                break
            kind = KINDS[number % len(KINDS)]
            one(Path(scratch, f"{number:02}"), alone, kind, length, draw, results[kind])
            print(f"{kills} of {found.kills}: {kind}: {results[kind]}", file=sys.stderr)
    print_table(results)
    good = all(r.equal == r.kills and not r.run_again and r.most_repeated <= 1 and not r.left for r in results.values())
    return 0 if good else 1


def start(folder: Path) -> subprocess.Popen[bytes]:
    return spawn(folder, ["train", "-m", *SWEEP, *SAME, f"sweep.dir={folder}"])


def spawn(folder: Path, argv: Sequence[str]) -> subprocess.Popen[bytes]:
    """What it says stands in a file beside the folder."""
    command = [sys.executable, "-m", "runner", *argv]
    with open(folder.with_suffix(".txt"), "a") as said:
        return subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, start_new_session=True)


def resume(folder: Path) -> subprocess.Popen[bytes]:
    return spawn(folder, ["resume", str(folder)])


def one(folder: Path, alone: Path, kind: str, length: float, draw: random.Random, result: Result) -> None:
    """A sweep killed, gone on with to its end, and looked at."""
    if not disturb(start(folder), folder, kind, length, draw):
        result.missed += 1
        return
    result.kills += 1
    done = {path.parent.name for path in folder.glob("0*/summary.json") if is_done(path)}
    if kind == "twice in a row":
        disturb(resume(folder), folder, "driver and jobs", length / 2, draw)
    is_equal = False
    for _ in range(MOST_RESUMES):
        if (resume(folder) if (folder / "sweep.json").exists() else start(folder)).wait() == 0:
            is_equal = all((folder / name).read_bytes() == (alone / name).read_bytes() for name in LEADERBOARDS)
            break
    result.equal += is_equal
    if not is_equal:
        print(folder.with_suffix(".txt").read_text(), file=sys.stderr)
    result.run_again += jobs_run_again(folder, done)
    result.most_repeated = max([result.most_repeated, *map(epochs_repeated, folder.glob("0*/train.log"))])
    result.left += len(list(processes(lambda pid: str(folder) in command_of(pid))))


def disturb(driver: subprocess.Popen[bytes], folder: Path, kind: str, length: float, draw: random.Random) -> bool:
    """Kill what ``kind`` says, at a random instant after the sweep has a folder; whether there was anything to kill."""
    num_jobs = 24
    while not (folder / "journal.jsonl").exists() and driver.poll() is None:
        time.sleep(0.01)
    if kind == "at the end":
        while told(folder, '"ended"') < num_jobs and driver.poll() is None:
            time.sleep(0.005)
        time.sleep(draw.uniform(0, 0.15))
    else:
        time.sleep(draw.uniform(0, length))
    jobs = list(processes(lambda pid: parent_of(pid) == driver.pid))
    victims = {"a job": jobs[:1], "driver and jobs": [*jobs, driver.pid], "twice in a row": [*jobs, driver.pid]}
    if kind == "all at once":
        victims[kind] = list(processes(lambda pid: os.getsid(pid) == driver.pid))
    is_there = driver.poll() is None and bool(victims.get(kind, [driver.pid]))
    for pid in victims.get(kind, [driver.pid]) if is_there else ():
        with suppress(ProcessLookupError):  # it has just ended
            os.kill(pid, signal.SIGKILL)
    driver.wait()
    if is_there and kind == "journal torn":
        with open(folder / "journal.jsonl", "a") as journal:
            journal.write('{"ended": 3, "how": "fin')
    return is_there


def is_done(summary: Path) -> bool:
    try:
        return json.loads(summary.read_text()).get("status") in ("finished", "stopped_early")
    except (OSError, ValueError):
        return False


def processes(wanted: Callable[[int], bool]) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and wanted(int(entry.name)):
                yield int(entry.name)
        except (OSError, ProcessLookupError, IndexError):
            continue  # it has ended meanwhile


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def facts(folder: Path) -> Iterator[dict[str, object]]:
    for line in (folder / "journal.jsonl").read_text().splitlines():
        yield json.loads(line)


def told(folder: Path, word: str) -> int:
    return (folder / "journal.jsonl").read_text().count(word)


def jobs_run_again(folder: Path, done: Collection[str]) -> int:
    """How often a job began that had finished, by the journal or by its folder at the kill."""
    finished, names, again = set(), dict[object, str](), 0
    for fact in facts(folder):
        if "job" in fact:
            names[fact["job"]] = str(fact["folder"])
        again += "begun" in fact and fact["begun"] in finished
        if fact.get("how") == "finished":
            finished.add(fact["ended"])
    begun = Counter(names[fact["begun"]] for fact in facts(folder) if "begun" in fact)
    return again + sum(begun[name] > 1 for name in done)


def epochs_repeated(log: Path) -> int:
    """The most that one kill made a job train twice: how far its next beginning goes back behind its last epoch."""
    most, last = 0, 0
    for found in re.finditer(r"INFO epoch (\d+) ", log.read_text()):
        epoch = int(found[1])
        most, last = max(most, last - epoch + 1), epoch
    return most


def print_table(results: dict[str, Result]) -> None:
    print("| killed | times | equal to the byte | jobs run again | epochs repeated, at most | processes left |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for kind, r in results.items():
        print(f"| {kind} | {r.kills} | {r.equal} | {r.run_again} | {r.most_repeated} | {r.left} |")


if __name__ == "__main__":
    sys.exit(main())
