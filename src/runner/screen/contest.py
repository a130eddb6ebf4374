"""A ranking's table, what can be said of it, and how to make its best run again: at a sweep's end and in report."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from runner.runs.conclusion import conclude
from runner.runs.leaderboard import heading, table_of
from runner.runs.ranking import Contest, Entry
from runner.screen.table import Fitting, ranking
from runner.text import here, shortened

LONGEST_CELL = 60
MOST_SHOWN = 20  # entries


def show_contest(screen: Console, contest: Contest, again: str, top: int = MOST_SHOWN) -> None:
    """The ``top`` entries; ``again`` is the command that trains the best run again."""
    shown = contest.entries[:top]
    screen.print(Text(heading(contest), style="bold"))
    screen.print(contest_table(contest, shown))
    if len(shown) < len(contest.entries):
        screen.print(
            Text(f"{len(contest.entries) - len(shown)} more: report --top {len(contest.entries)}", style="dim")
        )
    for sentence in conclude(contest).sentences:
        screen.print(Text(sentence, style="magenta"))
    screen.print(Text("the best of them, and how to make it again", style="dim"))
    screen.print(Text(f"  {here(contest.best_run(shown[0]).path)}"), soft_wrap=True)
    screen.print(Text(f"  {again}\n", style="cyan"), soft_wrap=True)


def contest_table(contest: Contest, shown: Sequence[Entry]) -> Fitting:
    """What they are ranked by stays where the screen is narrow."""
    columns = table_of(contest, shown)
    lines = [[shortened(cell, LONGEST_CELL, "...") for cell in row] for row in zip(*columns.values(), strict=True)]
    return ranking([*columns], lines, contest.metrics, kept=contest.metrics[:1], remedy=": report --wide, --csv")
