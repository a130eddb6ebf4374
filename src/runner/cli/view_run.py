"""``view RUN``, ``view SWEEP``: which pictures of a run, a sweep or several runs are wanted, and where they go."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.cli.arguments import Parser, check_out, whole_number
from runner.cli.picture_files import check_folder, check_one_picture, form_of, picture_file
from runner.config.spelling import listed, nearest
from runner.errors import ConfigError, DataError
from runner.runs.candidates import Candidates, read_candidates
from runner.runs.directory import is_sweep, usual_output_dir
from runner.runs.named import folder_of_runs, in_each_fold, is_run, newest, open_run, read_change, tell
from runner.runs.ranking import read_runs, run_paths
from runner.runs.saved_run import ANYWHERE, SavedRun
from runner.runs.saved_sweep import SavedSweep
from runner.text import expanded, here, say

OWN = ("checkpoint",)  # of a run
# the pictures of a run, in the order they are drawn
PICTURES = {
    "curves": "the measurements over the epochs, the best one marked",
    "confusion": "which class was taken for which",
    "mistakes": "the rows that are wrong while the net is surest",
    "reliability": "how often the net is right when it is that sure",
    "residuals": "predicted against true numbers",
    "weights": "those of the first layer",
    "convolution": "input, weight and output of the first one",
    "features": "what each layer makes of one example",
    "saliency": "how strongly each pixel or column moves the answer",
    "columns": "what the net and trees lose without each column of a table, and how the answer moves with four",
}
# those of a sweep, in the order they stand in one picture
SWEEP_PICTURES = {
    "parallel": "an axis for each setting, a line for each of its combinations, coloured by the monitor",
    "importance": "how much of the order of the jobs each setting explains",
    "slices": "the monitor along each setting",
    "history": "the best so far, job by job",
}
WORDS = (*PICTURES, *SWEEP_PICTURES)


def run_parser() -> Parser:
    """The words where a run is among them."""
    usage = (
        "RUN|SWEEP [RUN ...] [PICTURE ...] [--test-index N]\n"
        "    [--out FOLDER|FILE] [--overwrite] [checkpoint=best|last]"
    )
    of_run, of_sweep = ([f"  {name:12} {meaning}" for name, meaning in of.items()] for of in (PICTURES, SWEEP_PICTURES))
    told = "Draws a run; of several, the curves over each other. Without a name of a picture, every one that suits:"
    told_of_sweep = "Of a sweep, these in one file; curves: those of its jobs; any other: that of its best job:"
    made = Parser(
        "view",
        usage,
        "\n".join([told, *of_run, told_of_sweep, *of_sweep]),
        WORDS,
        keys=(*OWN, *ANYWHERE),
        reads_run=True,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    row = "the row that pictures of one example show"
    made.add_argument("--test-index", type=whole_number, default=0, metavar="N", help=row)
    files = (
        "a folder, by default view-<name of the run> in this one; a .png, .svg or .pdf for one picture, a .pdf for all"
    )
    made.add_out("FOLDER|FILE", files)
    made.add_overwrite("pictures that are")
    return made


def of_run(argv: Sequence[str]) -> tuple[Any, ...]:
    """What is drawn of a run, of a sweep, or of several runs."""
    own, words = run_parser().parse_words(argv)
    names = [word for word in words if is_run(word, [*OWN, *ANYWHERE])]
    if not names:
        run_parser().error("give a run directory, or last")
    name, *others = names
    pictures = [word for word in others if word in WORDS]
    runs = [name, *(word for word in others if word not in WORDS and names_a_run(word))]
    if faults := [no_such_picture(word) for word in others if word not in [*WORDS, *runs]]:
        raise ConfigError(faults)
    changes = [word for word in words if word not in names]
    if len(runs) == 1 and (sweep := named_sweep(name, changes)):
        return of_sweep(own, name, sweep, pictures, changes)
    if faults := [f"view: {word}: shows a sweep; name one" for word in pictures if word in SWEEP_PICTURES]:
        raise ConfigError(faults)
    if len(runs) > 1 or holds_runs(expanded(name)):
        return of_runs(own, runs, pictures, changes)
    return of_one_run(own, name, pictures, changes)


def holds_runs(folder: Path) -> bool:
    """Whether it is no run but has runs below it, as that of a sweep."""
    is_run_itself = any((folder / name).exists() for name in ("config.yaml", "summary.json"))
    return (is_sweep(folder) or not is_run_itself) and next(run_paths(folder), None) is not None


def named_sweep(name: str, changes: Sequence[str]) -> SavedSweep | None:
    """The sweep of that name; None where it is a run, or a folder of runs. Raises ConfigError where last is nothing."""
    path = newest(output_dir_of(changes)).path if name == "last" else expanded(name).absolute()
    return SavedSweep(path) if is_sweep(path) else None


def output_dir_of(changes: Sequence[str]) -> Path:
    given = dict(read_change("view", word, [*OWN, *ANYWHERE]) for word in changes)
    return Path(str(given.get("output_dir") or usual_output_dir()))


def check_changes(changes: Sequence[str]) -> None:
    """Raises ConfigError where one suits a single run alone."""
    for word in changes:
        read_change("view", word, ANYWHERE)


def of_sweep(
    own: argparse.Namespace, name: str, sweep: SavedSweep, pictures: Sequence[str], changes: Sequence[str]
) -> tuple[Any, ...]:
    """The sweep and the pictures that were asked for by name; or the curves of its jobs, or what shows its best job."""
    others = [word for word in pictures if word not in SWEEP_PICTURES]
    if others == ["curves"] == pictures:
        return of_runs(own, [name], pictures, changes)
    if others and len(others) == len(pictures):
        return of_one_run(own, name, pictures, changes)
    if others:
        of_sweep = ", ".join(word for word in pictures if word in SWEEP_PICTURES)
        raise ConfigError(f"view: {of_sweep}: of the sweep; {', '.join(others)}: of its jobs; one after the other")
    check_changes(changes)
    tell(name, sweep)
    out = picture_file(own, pictures[0] if len(pictures) == 1 else "sweep")
    return "sweep", sweep, read_differing(sweep), pictures, out


def read_differing(sweep: SavedSweep) -> Candidates:
    """Raises DataError where there is nothing to compare."""
    found = read_candidates(sweep)
    if not found.settings:
        curves = f"python -m runner view {shlex.quote(here(sweep.path))} curves"
        is_alone = found.jobs.total() == 1
        why = "has a single job" if is_alone else "its jobs differ in nothing but seed and fold"
        raise DataError(f"{here(sweep.path)}: {why}\n  {'its' if is_alone else 'their'} curves: {curves}")
    return found


def of_runs(
    own: argparse.Namespace, names: Sequence[str], pictures: Sequence[str], changes: Sequence[str]
) -> tuple[str, Sequence[SavedRun], Path]:
    """The runs, and the file of their curves."""
    if others := [f"view: {name}: shows one run; of several their curves" for name in pictures if name != "curves"]:
        raise ConfigError(others)
    check_changes(changes)
    folders = [folder_of_runs("view", name, output_dir_of(changes)) for name in names]
    out = picture_file(own, "curves")
    runs, left_out = read_runs(folders)
    for line in left_out:
        say(f"warning: {line}; left out", file=sys.stderr)
    if not runs:
        raise DataError(f"view: no run in {' or '.join(map(here, folders))} can be read")
    return "runs", runs, out


def of_one_run(
    own: argparse.Namespace, name: str, pictures: Sequence[str], changes: Sequence[str]
) -> tuple[str, SavedRun, Sequence[str], int, Path]:
    """The run, the pictures asked for by name, the row of those of one example, the folder or file they go to."""
    stored = open_run("view", [name, *changes], own=OWN)
    if stored.folds:
        all_of_them = f"the curves of all: python -m runner view {shlex.quote(here(stored.path))}/fold-*"
        raise ConfigError(f"{in_each_fold(stored, 'view')}\n  {all_of_them}")
    out = own.out or Path(f"view-{stored.directory.path.name}")
    if form_of(out):
        check_one_picture(out, pictures or [*PICTURES], name)
        check_out("--out", out, overwrite=own.overwrite)
    else:
        check_folder(out, pictures or [*PICTURES], overwrite=own.overwrite)
    return "run", stored, pictures, own.test_index, out


def no_such_picture(word: str) -> str:
    meant = nearest(word, WORDS)
    return f"view: {word}: no such picture{f'; did you mean {meant}?' if meant else ''}\n  pictures: {listed(WORDS)}"


def names_a_run(word: str) -> bool:
    """Whether it is ``last`` or a folder, or a path that should be one."""
    return word == "last" or expanded(word).is_dir() or (os.sep in word and not word.startswith("-"))
