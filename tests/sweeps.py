"""A sweep of four jobs of a moment, typed, and what is to be seen of it from outside."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import program

WORDS = ["dataset=iris", "model=linear", "optimizer.lr=0.1,0.01", "seed=0,1", "threads=1", "tensorboard=off"]
SWEEP = ["train", "-m", *WORDS, "epochs=40", "checkpoint.every_epochs=5"]
LEADERBOARDS = ("leaderboard.csv", "leaderboard.md")


def typed(home: Path, *argv: str) -> program.Done:
    return program.run(argv, home / f"said-{time.monotonic_ns()}", cwd=home)


def facts(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]


def begun(folder: Path) -> list[int]:
    """The numbers of the jobs, as often as each began; a line of the journal may be torn."""
    return [int(number) for number in re.findall(r'"begun": (\d+)', (folder / "journal.jsonl").read_text())]


def is_as(folder: Path, alone: Path) -> bool:
    histories = sorted(path.relative_to(alone) for path in alone.glob("0*/metrics.jsonl"))
    names = [*map(Path, LEADERBOARDS), *histories]
    return len(histories) == 4 and all((folder / name).read_bytes() == (alone / name).read_bytes() for name in names)


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def rows(folder: Path, job: str) -> int:
    paths = list(folder.glob(f"{job}*/metrics.jsonl"))
    return len(paths[0].read_text().splitlines()) if paths else 0
