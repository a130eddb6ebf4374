"""``report SWEEP --html FILE``: the page of a sweep is made and written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runner.compose.command import command_of_best
from runner.config.catalog import Catalog, conf_folders
from runner.figures.style import advice
from runner.figures.sweep_page import sweep_page
from runner.figures.sweep_view import SweepView
from runner.runs.candidates import read_candidates
from runner.runs.files import write_whole
from runner.runs.ranking import contests
from runner.runs.saved_run import SavedRun
from runner.runs.saved_sweep import SavedSweep
from runner.screen.console import RunConsole
from runner.screen.unfinished import unfinished_lines
from runner.text import say


def write_page(sweep: SavedSweep, runs: Sequence[SavedRun], out: Path) -> None:
    """Raises DataError where no job is finished, RunError where the disk refuses."""
    view = SweepView(sweep.path.name, read_candidates(sweep))
    config_dir = sweep.head.get("config_dir")
    catalog, found = Catalog(conf_folders(config_dir)), contests(runs)
    commands = [command_of_best(contest, catalog, config_dir) for contest in found]
    page, missing = sweep_page(view, found, commands, list(unfinished_lines(runs)))
    content = page.encode()
    write_whole(out, content)
    for line in filter(None, [*view.found.left_out, advice(missing)]):
        RunConsole().warn(line)
    say(f"written to {out} ({len(content) / 1000:,.0f} kB)")
