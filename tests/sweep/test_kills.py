"""Sweeps killed with SIGKILL, and gone on with: scripts/kill_sweeps.py does so fifty times, at random instants."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import program
from runner.runs.directory import RunDirectory
from sweeps import SWEEP, begun, is_as, rows, typed, until

sys.path.append(str(program.REPOSITORY / "scripts"))
from kill_sweeps import epochs_repeated, is_done, parent_of, processes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the processes of a sweep are looked for in /proc")
INTERVAL = 5  # epochs from one checkpoint to the next
START = [*SWEEP, "sweep.dir=sweep", "sweep.check=false"]


def killed(kind: str, argv: list[str], home: Path, job: str, row: int) -> None:
    """The program is killed, as ``kind`` says, once that job has trained so many epochs."""
    driver = program.fork(argv, home / f"{job}-{row}", before="lead_a_session", cwd=home)
    until(lambda: rows(home / "sweep", job) >= row)
    jobs = list(processes(lambda pid: parent_of(pid) == driver.pid))
    session = list(processes(lambda pid: os.getsid(pid) == driver.pid))
    victims = {"a job": jobs[:1], "driver and jobs": [*jobs, driver.pid], "all at once": session}
    for pid in victims.get(kind, [driver.pid]):
        with suppress(ProcessLookupError):  # it has just ended
            os.kill(pid, signal.SIGKILL)
    assert driver.end().code == (1 if kind == "a job" else -signal.SIGKILL)


def is_gone_on_with(home: Path, alone: Path) -> bool:
    """To the same bytes; no finished job has run again, no more is repeated than one interval, nothing runs on."""
    folder = home / "sweep"
    done = {int(path.parent.name[:4]) for path in folder.glob("0*/summary.json") if is_done(path)}
    before = begun(folder)
    resumed = typed(home, "resume", "sweep")
    assert resumed.code == 0, resumed.err
    assert done.isdisjoint(begun(folder)[len(before) :])
    assert max(map(epochs_repeated, folder.glob("0*/train.log"))) <= INTERVAL
    return is_as(folder, alone) and not RunDirectory(folder).is_in_use


@pytest.mark.parametrize(
    ("kind", "job", "row"),
    [("driver", "0001", 12), ("a job", "0002", 3), ("driver and jobs", "0003", 17), ("all at once", "0001", 8)],
)
def test_fault_31_a_killed_sweep_goes_on_to_the_same_bytes(
    kind: str, job: str, row: int, alone: Path, tmp_path: Path
) -> None:
    killed(kind, [*START, "sweep.jobs=2"], tmp_path, job, row)
    assert is_gone_on_with(tmp_path, alone)


def test_fault_31_a_sweep_killed_twice_in_a_row_goes_on_to_the_same_bytes(alone: Path, tmp_path: Path) -> None:
    killed("driver and jobs", [*START, "sweep.jobs=1"], tmp_path, "0001", 22)
    killed("driver", ["resume", "sweep"], tmp_path, "0002", 8)
    assert is_gone_on_with(tmp_path, alone)


def test_fault_31_a_line_of_the_journal_that_a_kill_tore_is_dropped(alone: Path, tmp_path: Path) -> None:
    killed("driver", [*START, "sweep.jobs=1"], tmp_path, "0002", 3)
    with open(tmp_path / "sweep/journal.jsonl", "a") as journal:
        journal.write('{"ended": 2, "ho')
    assert is_gone_on_with(tmp_path, alone)


def test_fault_31_a_sweep_killed_while_it_concludes_concludes_later(alone: Path, tmp_path: Path) -> None:
    at = ("runner.runs.leaderboard:write_whole", 2)  # leaderboard.csv stands, leaderboard.md does not
    done = program.run([*START, "sweep.jobs=2"], tmp_path / "said", before="kill_before", at=at, cwd=tmp_path)
    assert done.code == -signal.SIGKILL
    assert [path.name for path in (tmp_path / "sweep").glob("leaderboard.*")] == ["leaderboard.csv"]
    assert is_gone_on_with(tmp_path, alone)
