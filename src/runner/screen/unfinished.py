"""What is not finished, in lines below a table: runs one by one, the jobs of a sweep counted together."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from runner.errors import DataError
from runner.runs.directory import SWEEP
from runner.runs.named import short_name
from runner.runs.saved_run import SavedRun
from runner.runs.saved_sweep import SavedSweep
from runner.text import counted, here, program, visible

MOST_TOLD = 10  # runs, one by one
LEFT = ("interrupted", "stopped", "not started")  # what resume goes on with


def unfinished_lines(runs: Sequence[SavedRun]) -> Iterator[str]:
    """What is left of the sweeps that the runs belong to, and each other run that is not done, or failed."""
    by_sweep: dict[Path, list[SavedRun]] = {}
    others = list[SavedRun]()
    for run in runs:
        above = run.directory.whole.path.parent
        if (above / SWEEP).exists():  # of an older build's the jobs go on one by one
            by_sweep.setdefault(above, []).append(run)
        elif not run.is_done:
            others.append(run)
    for folder, jobs in by_sweep.items():
        sweep = SavedSweep(folder)
        where = "" if len(jobs) == len(runs) else f"{here(folder)}: "
        yield from (f"{where}{line}" for line in sweep_lines(sweep, standings(sweep, jobs)))
        others += [job for job in jobs if not job.is_done and job.standing not in (*LEFT, "running", "pruned")]
    yield from map(run_line, others[:MOST_TOLD])
    if len(others) > MOST_TOLD:
        yield f"{len(others) - MOST_TOLD} more that are not finished"


def run_line(run: SavedRun) -> str:
    """interrupted; python -m runner resume outputs/..., or ``ended_line``."""
    if run.standing in LEFT:
        return f"{run.standing}; {program()} resume {shlex.quote(here(run.directory.whole.path))}"
    return ended_line(run.standing, run.reason, run.path)


def ended_line(status: str, reason: str, path: Path) -> str:
    """failed: outputs/..., which can be pasted whole, and why in lines below."""
    why = [f"  {visible(line)}" for line in reason.split("\n")] if reason else []
    return "\n".join([f"{status}: {here(path)}", *why])


def standings(sweep: SavedSweep, known: Sequence[SavedRun]) -> Counter[str]:
    """How its jobs stand, those that are read already read no second time."""
    read, count = {run.path: run for run in known}, Counter[str]()
    for job in sweep.jobs:
        with suppress(DataError):  # a damaged one is told elsewhere
            count[sweep.standing(read.get(job.path, job))] += 1
    return count


def sweep_lines(sweep: SavedSweep, count: Counter[str]) -> Iterator[str]:
    """2 of 6 jobs are still running; 1 stopped, 3 not started: python -m runner resume last."""
    if running := count["running"]:
        yield f"{running} of {counted(len(sweep.jobs), 'job')} {'is' if running == 1 else 'are'} still running"
    if pruned := count["pruned"]:
        yield f"{counted(pruned, 'job')} pruned by the search"
    left = ", ".join(f"{count[name]} {name}" for name in LEFT if count[name])
    if sweep.is_in_use:
        yield from [f"{left} yet"] if left else []
        return
    again = f"{program()} resume {shlex.quote(short_name(sweep.path))}"
    yield from [f"{left}: {again}"] if left else []
    yield from [f"{count['failed']} failed: {again} retry=failed"] if count["failed"] else []
