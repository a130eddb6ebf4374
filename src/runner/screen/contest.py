"""A ranking's table, what can be said of it, and how to make its best run again: at a sweep's end and in report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from runner.runs.conclusion import conclude
from runner.runs.ranking import Contest, Entry, Score, order
from runner.screen.table import Fitting, ranking
from runner.text import counted, here, shortened

LONGEST_CELL = 60
MOST_SHOWN = 20  # entries
WIDE = 1e7  # values from here on are those of a net that has diverged: their digits say nothing


def show_contest(screen: Console, contest: Contest, again: str, top: int = MOST_SHOWN) -> None:
    """The ``top`` entries; ``again`` is the command that trains the best run again."""
    shown = contest.entries[:top]
    num_runs = sum(len(entry.runs) for entry in contest.entries)
    in_order = order(contest.metric, contest.higher_is_better)
    screen.print(Text(f"{contest.dataset}: {counted(num_runs, 'run')}; {in_order}", style="bold"))
    screen.print(contest_table(contest, shown))
    if len(shown) < len(contest.entries):
        screen.print(Text(f"{len(contest.entries) - len(shown)} more: --top {len(contest.entries)}", style="dim"))
    found = conclude(contest)
    for sentence in filter(None, (found.verdict, found.caution)):
        screen.print(Text(sentence, style="magenta"))
    screen.print(Text("the best of them, and how to make it again", style="dim"))
    screen.print(Text(f"  {here(contest.best_run(shown[0]).path)}"), soft_wrap=True)
    screen.print(Text(f"  {again}\n", style="cyan"), soft_wrap=True)


def contest_table(contest: Contest, shown: Sequence[Entry]) -> Fitting:
    """Settings that differ, metrics, the best run of each; what they are ranked by stays where the screen is narrow."""
    columns = {name: [entry.settings.get(name, "") for entry in shown] for name in contest.settings}
    if is_repeated := any(entry.repeats for entry in shown):
        columns["runs"] = [entry.repeats or "1" for entry in shown]
    columns |= {name: [score_text(entry.scores.get(name)) for entry in shown] for name in contest.metrics}
    columns["best run" if is_repeated else "run"] = [run_name(contest.best_run(entry).path) for entry in shown]
    lines = [[shortened(cell, LONGEST_CELL, "...") for cell in row] for row in zip(*columns.values(), strict=True)]
    return ranking([*columns], lines, contest.metrics, kept=contest.metrics[:1], remedy=": --wide, --csv")


def run_name(path: Path) -> str:
    """The name of its directory, of a fold with that above it."""
    return f"{path.parent.name}/{path.name}" if path.name.startswith("fold-") else path.name


def score_text(score: Score | None) -> str:
    if score is None:
        return "-"
    if score.mean < WIDE:
        return str(score)
    return f"{score.mean:.1e}" if score.sd is None else f"{score.mean:.1e} ± {score.sd:.1e}"


def unfinished_text(status: str, reason: str, path: Path) -> Text:
    """A run that is not done: its folder to paste, and below it why."""
    return Text(f"{status}: {here(path)}" + (f"\n  {reason}" if reason else ""), style="magenta")
