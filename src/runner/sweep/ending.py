"""What the jobs of a sweep come to: shown, written, and how to go on with those that are not done."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from typing import NoReturn

from rich.console import Console
from rich.text import Text

from runner.compose.command import command_of_best
from runner.config.catalog import Catalog, conf_folders
from runner.errors import Interrupted, RunError
from runner.runs.ranking import contests, read_runs
from runner.screen.console import console
from runner.screen.contest import show_contest, unfinished_text
from runner.sweep.folder import SweepFolder
from runner.sweep.plan import Job
from runner.text import counted, here, program, say


def conclude(folder: SweepFolder, jobs: Sequence[Job], signal_number: int | None, *, is_stuck: bool) -> int:
    """The exit code. Raises Interrupted after a signal, RunError where the disk is full."""
    screen = console(sys.stdout)
    screen.print()
    runs, left_out = read_runs([folder.run_of(job).path for job in folder.jobs if folder.standing(job) == "finished"])
    for line in left_out:
        say(f"warning: {line}; left out", file=sys.stderr)
    catalog = Catalog(conf_folders(folder.header.config_dir))
    for contest in contests(runs):
        show_contest(screen, contest, command_of_best(contest, catalog))
    standings = {job.number: folder.standing(job) for job in jobs}
    for job in jobs:
        if standings[job.number] in ("failed", "interrupted"):
            text = unfinished_text(standings[job.number], folder.reason(job), folder.run_of(job).path)
            screen.print(text, soft_wrap=True)
    if signal_number or is_stuck:
        stopped(folder, Counter(standings.values()), signal_number)
    show_ways(screen, folder, Counter(standings.values()))
    return int(any(standing != "finished" for standing in standings.values()))


def again(folder: SweepFolder) -> str:
    """The command that goes on."""
    return f"{program()} resume {shlex.quote(here(folder.path))}"


def stopped(folder: SweepFolder, standings: Counter[str], signal_number: int | None) -> NoReturn:
    count = counted(standings.total(), "job")
    told = [f"{standings['interrupted']} saved on the way"] if standings["interrupted"] else []
    told += [f"{standings['waiting']} of {count} not started"] if standings["waiting"] else []
    left = f"{', '.join(told) or f'all {count} had ended'}; go on with: {again(folder)}"
    if signal_number is None:
        raise RunError(f"the disk is full: no job is started any more\n  {left}")
    raise Interrupted(f"interrupted; {left}", signal_number)


def show_ways(screen: Console, folder: SweepFolder, standings: Counter[str]) -> None:
    """What to type next."""
    ways = [f"tensorboard --logdir {shlex.quote(here(folder.path))}"]
    if standings["waiting"] or standings["interrupted"]:
        ways.append(again(folder))
    if standings["failed"]:
        ways.append(f"{again(folder)} retry=failed")
    screen.print(Text("next", style="dim"))
    for way in ways:
        screen.print(Text(f"  {way}", style="cyan"), soft_wrap=True)
