"""``report [DIR...]``: the runs side by side, best first; of exactly two, in what they differ. Imports no torch."""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from runner.cli.arguments import Parser, check_out, whole_number
from runner.compose.command import command_of_best
from runner.config import regular_file
from runner.config.catalog import PARTS, Catalog, conf_folders
from runner.errors import ConfigError, DataError
from runner.runs.directory import is_sweep
from runner.runs.files import csv_cells
from runner.runs.matching import matching
from runner.runs.named import folder_of_runs, output_dir_said
from runner.runs.origin import as_shown
from runner.runs.ranking import (
    REPEATED,
    Difference,
    contests,
    dataset_of,
    difference,
    differing,
    place,
    read_runs,
)
from runner.runs.saved_run import SavedRun
from runner.runs.saved_sweep import SavedSweep
from runner.screen.console import console
from runner.screen.contest import show_contest
from runner.screen.table import WIDEST, bare_table
from runner.screen.unfinished import unfinished_lines
from runner.text import expanded, figure, here, say, visible

HELP = "Compare runs, best first; seeds and folds are averaged. For two runs, show the difference."
WHICH = "a run, a sweep or a folder of them; last: the newest; key=value: those whose settings are so"
PAGE_MARK = b'<meta name="generator" content="runner report">'  # what a page of --html has in its first bytes
PAGE_HEAD = 1000  # bytes
MOST_TOLD = 10  # unreadable runs, one by one


def run(argv: Sequence[str]) -> int:
    """The exit code of ``report``. Raises ConfigError where there is no run to tell of."""
    wanted = parser().parse_intermixed_args(list(argv))
    if wanted.top < 1:
        parser().error(f"--top {wanted.top}: a whole number of at least 1")
    words = [word for word in wanted.folders if "=" in word and not expanded(word).exists()]
    named = [word for word in wanted.folders if word not in words]
    outputs = expanded(output_dir_said(words))
    words = [word for word in words if not word.startswith("output_dir=")]  # the others are settings of the runs
    if option := next(filter(None, map(as_option, named)), None):
        raise ConfigError(f"report: name the group of an option, as {option}")
    folders = [folder_of_runs("report", word, outputs) for word in named] or [outputs]
    if wanted.html:
        check_html(wanted, words, folders)
    runs, left_out = read_runs(folders)
    for line in first_lines(left_out, "more directories"):
        say(f"warning: {line}; left out", file=sys.stderr)
    if left_out and not runs:
        raise DataError("report: no run there can be read")
    if not runs:
        raise ConfigError(no_run(folders))
    runs = matching(runs, words, list(argv))
    check_metric(wanted.by, runs)
    if wanted.html:
        from runner.cli.sweep_page import write_page  # brings matplotlib, which a table does without

        write_page(SavedSweep(folders[0].absolute()), runs, wanted.html)
    elif wanted.json:
        print(json.dumps([as_record(found) for found in in_order(runs, wanted.by)], indent=2, ensure_ascii=False))
    elif wanted.csv:
        write_csv(in_order(runs, wanted.by))
    else:
        is_pair = len(runs) == 2 and not any(map(is_sweep, folders))
        show(runs, wanted.by, wanted.top, is_wide=wanted.wide, is_pair=is_pair)
    return 0


def as_option(word: str) -> str | None:
    """``dataset=wine`` for ``wine``, where that is no folder."""
    catalog = Catalog(conf_folders())
    groups = (
        group for group in PARTS if group != "metric" and not Path(word).exists() and word in catalog.options(group)
    )
    return next((f"{group}={word}" for group in groups), None)


def parser() -> Parser:
    made = Parser(
        "report",
        "[DIR ...] [dataset=wine ...] [--by METRIC] [--top N]\n    [--json | --csv | --wide | --html FILE]",
        HELP,
        reads_run=True,
    )
    made.add_argument("folders", nargs="*", metavar="DIR", help=WHICH)
    made.add_argument(
        "--by", metavar="METRIC", help="the metric that ranks the runs; without it, each run's own monitor"
    )
    made.add_argument("--top", type=whole_number, default=20, metavar="N", help="show this many runs of each data set")
    form = made.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="every run with all its settings, as JSON")
    form.add_argument("--wide", action="store_true", help="show every column, even on a narrow terminal")
    page = "a sweep as one page that loads nothing: its table, pictures, and best run"
    form.add_argument("--html", type=expanded, metavar="FILE", help=page)
    form.add_argument("--csv", action="store_true", help="a line for each run, the settings that differ, its metrics")
    return made


def check_html(wanted: argparse.Namespace, words: Sequence[str], folders: Sequence[Path]) -> None:
    """Raises ConfigError where the page would not tell of one whole sweep, or its file cannot be made."""
    out: Path = wanted.html
    if len(folders) != 1 or not is_sweep(folders[0]):
        raise ConfigError(f"--html {out}: tells of one sweep; name its folder, or last")
    if others := [*words, *(["--by"] if wanted.by else [])]:
        raise ConfigError(f"--html {out}: tells of the whole sweep by its monitor; leave out {' '.join(others)}")
    if out.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"--html {out}: is a page; name it {out.stem or 'sweep'}.html")
    check_out("--html", out, overwrite=True)
    if out.exists() and not is_page(out):
        raise ConfigError(f"--html {out}: is there, and is no report of this program; name another file")


def is_page(path: Path) -> bool:
    """Whether it is a regular file that ``--html`` wrote, which may be written anew."""
    try:
        with regular_file.opened(path) as file:
            return PAGE_MARK in file.read(PAGE_HEAD)
    except (OSError, DataError):
        return False


def no_run(folders: Sequence[Path]) -> str:
    if sweep := next(filter(is_sweep, folders), None):
        return f"report: no job of the sweep {here(sweep)} has begun yet"
    return f"report: no run in {' or '.join(map(str, folders))}; make one: python -m runner train"


def check_metric(metric: str | None, runs: Sequence[SavedRun]) -> None:
    """Raises ConfigError where no run has measured it."""
    if metric is not None and not any(metric in run.metrics for run in runs):
        known = dict.fromkeys(name for run in runs for name in run.metrics if "/" in name)
        choice = f"choose {', '.join(known)}" if known else "none has a score yet: leave out --by"
        raise ConfigError(f"--by {metric}: no run here has measured it; {choice}")


def first_lines(lines: Sequence[str], rest: str) -> Iterator[str]:
    yield from lines[:MOST_TOLD]
    if len(lines) > MOST_TOLD:
        yield f"{len(lines) - MOST_TOLD} {rest}"


def in_order(runs: Sequence[SavedRun], metric: str | None) -> list[SavedRun]:
    """Every run on its own: data set by data set, the best first, what is not finished last."""

    def key(run: SavedRun) -> tuple[bool, str, str, float]:
        chosen = metric or run.monitor
        return not run.is_done, dataset_of(run), chosen, place(run.metrics.get(chosen), run.is_higher_better(chosen))

    return sorted(runs, key=key)


def as_record(run: SavedRun) -> dict[str, Any]:
    """A run for a program to read; JSON knows no NaN."""
    metrics = {name: value if math.isfinite(value) else None for name, value in run.metrics.items()}
    told = {name: run.summary.get(name) for name in ("started", "seconds", "monitor")}
    return {"run": str(run.path), "status": run.standing, **told, "config": run.plain_config, "metrics": metrics}


def write_csv(runs: Sequence[SavedRun]) -> None:
    settings = [*differing([run.settings for run in runs]), *REPEATED]
    metrics = dict.fromkeys(name for run in runs for name in run.metrics)
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(csv_cells(map(visible, ["run", "status", "started", "seconds", *settings, *metrics])))
    for run in runs:
        told = [str(run.path), run.standing, run.started, str(run.summary.get("seconds", ""))]
        words = [*told, *(run.settings.get(name, "") for name in settings)]
        table.writerow([*csv_cells(map(visible, words)), *(run.metrics.get(name, "") for name in metrics)])


def show(runs: Sequence[SavedRun], metric: str | None, top: int, *, is_wide: bool, is_pair: bool) -> None:
    """The difference of two runs, or the contests of more and those that are in none."""
    screen = console(sys.stdout)
    if is_wide or not screen.is_interactive:
        screen.width = WIDEST  # a file has no edge
    if is_pair:
        show_difference(screen, runs[0], runs[1])
        return
    catalog = Catalog(conf_folders())
    for contest in contests(runs, metric):
        show_contest(screen, contest, command_of_best(contest, catalog), top)
    for line in unfinished_lines(runs):
        screen.print(Text(line, style="magenta"), soft_wrap=True)


def show_difference(screen: Console, left: SavedRun, right: SavedRun) -> None:
    """Settings, circumstances and metrics of two runs, the later one to the right."""
    found = difference(left, right)
    for side, run in (("A", left), ("B", right)):
        screen.print(Text(f"{side}  {here(run.path)}"), soft_wrap=True)
    settings = [(name, *(as_shown(name, value) for value in values)) for name, *values in found.settings]
    tables: dict[str, Sequence[Sequence[str]]] = {
        "setting": settings or [("no setting differs", "", "")],
        "metric": list(metric_lines(found)),
        "besides": found.circumstances,
    }
    for head, lines in tables.items():
        if lines or head != "besides":
            table = bare_table([head, "A", "B", *(["B - A"] if head == "metric" else [])], lines, numbers=())
            table.title = " "  # a blank line
            screen.print(table)


def metric_lines(found: Difference) -> Iterator[tuple[str, ...]]:
    for name, *values in found.metrics:
        shape = "{:.0f}".format if name in ("step", "epoch") else figure
        texts = ["-" if value is None else shape(value) for value in values]
        left, right = values
        gap = "" if left is None or right is None else f"{right - left:+.2g}"
        yield (name, *texts, gap)
