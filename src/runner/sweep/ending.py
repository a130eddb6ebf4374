"""What the jobs of a sweep come to: shown, written, and how to go on with those that are not done."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import NoReturn

from rich.console import Console
from rich.text import Text

from runner.compose.command import command_of_best
from runner.config.catalog import Catalog, conf_folders
from runner.errors import DataError, Interrupted, RunError
from runner.runs.leaderboard import JobResult, write_leaderboard
from runner.runs.ranking import contests, read_run
from runner.runs.saved_sweep import SavedSweep
from runner.screen.console import console
from runner.screen.contest import show_contest
from runner.screen.unfinished import ended_line
from runner.sweep.folder import SweepFolder, again
from runner.sweep.plan import Job
from runner.tensorboard.means import write_means
from runner.text import counted, here, program, say


def conclude(
    folder: SweepFolder,
    jobs: Sequence[Job],
    signal_number: int | None,
    trouble: str,
    ended_by: str = "",
    num_to_come: int = 0,
) -> int:
    """The exit code. ``ended_by`` is the command that ends jobs which go on, ``num_to_come`` how many are to come.

    Raises Interrupted after a signal, RunError where ``trouble`` lets no other job begin.
    """
    screen = console(sys.stdout)
    screen.print()
    results = list(map(partial(result_of, folder), folder.jobs))
    for lock in folder.path.glob("baselines-*.lock") if not ended_by else ():
        lock.unlink()  # no job is left that could wait for it
    if not trouble:
        status = "interrupted" if num_to_come else status_of(results)
        write_leaderboard(folder.path, results, status, asdict(folder.header))
    catalog = Catalog(conf_folders(folder.header.config_dir))
    for contest in contests(result.run for result in results if result.run is not None and result.is_done):
        show_contest(screen, contest, command_of_best(contest, catalog, folder.header.config_dir))
    if pruned := sum(result.status == "pruned" for result in results):
        screen.print(Text(f"{pruned} of {counted(len(results), 'job')} pruned by the search", style="dim"))
    numbers = {job.number for job in jobs}
    own = [result for result in results if result.number in numbers]
    told_here = ("failed",) if signal_number else ("failed", "interrupted")  # after a signal all are
    for result in own:
        if result.status in told_here:
            told = ended_line(result.status, result.reason, folder.path / result.folder)
            screen.print(Text(told, style="magenta"), soft_wrap=True)
    standings = Counter(result.status for result in own)
    standings["waiting"] += num_to_come
    if signal_number or trouble:
        stopped(folder, standings, signal_number, trouble, ended_by)
    write_means(SavedSweep(folder.path), lambda warning: say(f"warning: {warning}", file=sys.stderr))
    show_ways(screen, folder, standings)
    return int(standings["finished"] + standings["pruned"] < len(own))


def result_of(folder: SweepFolder, job: Job) -> JobResult:
    """How the job stands; a run of it that cannot be read is said."""
    standing, run = folder.standing(job), None
    try:
        run = read_run(folder.run_of(job).path) if standing in ("finished", "pruned") else None
    except DataError as fault:
        say(f"warning: {fault}; left out", file=sys.stderr)
    trial = folder.trial_of(job)
    return JobResult(job.number, job.folder, job.settings, standing, run, folder.reason(job), trial)


def status_of(results: Sequence[JobResult]) -> str:
    """Of a sweep that runs no more."""
    standings = {result.status for result in results}
    if standings & {"waiting", "interrupted"}:
        return "interrupted"
    return "failed" if "failed" in standings else "finished"


def stopped(
    folder: SweepFolder, standings: Counter[str], signal_number: int | None, trouble: str, ended_by: str
) -> NoReturn:
    count = counted(standings.total(), "job")
    told = [f"{standings['interrupted']} on the way"] if standings["interrupted"] else []
    told += [f"{standings['waiting']} of {count} not started"] if standings["waiting"] else []
    left = f"{', '.join(told) or f'all {count} had ended'}; go on with: {again(folder.path)}"
    left += f"\n  the jobs on the way go on by themselves; to end them: {ended_by}" if ended_by else ""
    if signal_number is None:
        raise RunError(f"no other job will start: {trouble}\n  {left}")
    raise Interrupted(f"interrupted; {left}", signal_number)


def show_ways(screen: Console, folder: SweepFolder, standings: Counter[str]) -> None:
    """What to type next."""
    has_curves = any(folder.path.glob("*/events.out.*"))
    ways = [f"{'tensorboard --logdir' if has_curves else f'{program()} report'} {shlex.quote(here(folder.path))}"]
    if standings["waiting"] or standings["interrupted"]:
        ways.append(again(folder.path))
    if standings["failed"]:
        ways.append(f"{again(folder.path)} retry=failed")
    screen.print(Text("next", style="dim"))
    for way in ways:
        screen.print(Text(f"  {way}", style="cyan"), soft_wrap=True)
