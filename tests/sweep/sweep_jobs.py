"""Jobs that end in every way a job can."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from runner.errors import DataError


def job(argv: list[str], run_dir: str) -> int:
    folder = Path(run_dir)
    folder.mkdir(parents=True)
    kind = next(word for word in argv if "name=" in word).partition("=")[2]
    return {"well": well, "raises": raises, "refuses": refuses, "killed": killed, "waits": waits, "exits": exits}.get(
        kind, vanishes
    )(folder)


def well(folder: Path) -> int:
    (folder / "summary.json").write_text(json.dumps({"status": "finished"}))
    return 0


def raises(folder: Path) -> int:
    raise ValueError("no luck")


def refuses(folder: Path) -> int:
    raise DataError("no data here")


def killed(folder: Path) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def vanishes(folder: Path) -> int:
    os._exit(0)


def exits(folder: Path) -> int:
    (folder / "summary.json").write_text(json.dumps({"status": "failed", "reason": "not finite"}))
    return 7


def waits(folder: Path) -> int:
    (folder / "pid").write_text(str(os.getpid()))
    try:
        (folder / "started").touch()
        time.sleep(30)
    except KeyboardInterrupt:
        (folder / "summary.json").write_text(json.dumps({"status": "interrupted", "reason": "interrupted"}))
        return 130
    return 0
