"""``view``: pictures of a run, of a data set, or of a schedule; as files, and in the terminal what fits there."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.build import libraries
from runner.cli.arguments import Parser, answered, check_out, composed, whole_number
from runner.cli.picture_files import check_folder, check_one_picture, form_of, picture_file
from runner.config.catalog import GROUPS, Catalog, conf_folders
from runner.config.run_config import Config
from runner.config.schedule import follows_monitor
from runner.config.spelling import listed, nearest
from runner.errors import ConfigError, DataError
from runner.runs.directory import is_sweep, usual_output_dir
from runner.runs.named import folder_of_runs, in_each_fold, is_run, newest_named, open_run, read_change
from runner.runs.ranking import read_runs, run_paths
from runner.runs.saved_run import ANYWHERE, SavedRun
from runner.text import here, say

UNSEEN = ("model", "loss", "metric")  # groups that no schedule depends on
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


def run(argv: Sequence[str]) -> int:
    """The exit code of ``view``. Raises RunnerError; nothing is read before the request is known to be right."""
    subject = subject_of(argv)
    if subject == "run":
        kind, *wanted = of_run(argv)
    else:
        with answered("view", argv, parser(), unsuited):
            kind, *wanted = READ[subject](argv)
    libraries.load()
    from runner.cli.pictures import VIEWS

    VIEWS[kind](*wanted)
    return 0


def subject_of(words: Sequence[str]) -> str:
    """What the words want drawn: run, dataset or scheduler."""
    keys = [word.partition("=")[0].lstrip("+") for word in words if "=" in word]
    if "scheduler" in keys:
        return "scheduler"
    names_a_group = any(key.partition(".")[0] in GROUPS for key in keys)
    return "run" if not names_a_group and any(map(names_a_run, words)) else "dataset"


def names_a_run(word: str) -> bool:
    """Whether it is ``last`` or a folder, or a path that should be one."""
    return word == "last" or Path(word).expanduser().is_dir() or (os.sep in word and not word.startswith("-"))


def parser() -> Parser:
    """The words before it is known what is drawn: those of a data set."""
    usage, what = "dataset=mnist [key=value ...]", "a data set: some of its rows, its classes and how they are split"
    return picture_parser(usage, what, "dataset")


def schedule_parser() -> Parser:
    usage = "scheduler=step_lr [optimizer=sgd epochs=20 key=value ...]"
    return picture_parser(usage, "the learning rates of a run, without training it", "scheduler")


def picture_parser(usage: str, what: str, group: str) -> Parser:
    usage += " [--out FILE] [--overwrite]"
    made = Parser("view", usage, f"Draws {what}.", composes=True, reads_run=True)
    made.add_out("FILE", f"the picture, a .png, .svg or .pdf; by default <{group}>.png in this folder")
    made.add_overwrite("the file where it is")
    made.add_config_dir()
    return made


def run_parser() -> Parser:
    """The words where a run is among them."""
    usage = "RUN [RUN ...] [PICTURE ...] [--test-index N] [--out FOLDER|FILE] [--overwrite] [checkpoint=best|last]"
    what = "a run; of several, or of a sweep's folder, the curves over each other."
    lines = [f"  {name:12} {meaning}" for name, meaning in PICTURES.items()]
    made = Parser(
        "view",
        usage,
        "\n".join([f"Draws {what} Without a name of a picture, every one that suits a run:", *lines]),
        PICTURES,
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
    """What is drawn of a run, or of several."""
    own, words = run_parser().parse_words(argv)
    names = [word for word in words if is_run(word, [*OWN, *ANYWHERE])]
    if not names:
        run_parser().error("give a run directory, or last")
    name, *others = names
    pictures = [word for word in others if word in PICTURES]
    runs = [name, *(word for word in others if word not in PICTURES and names_a_run(word))]
    if faults := [no_such_picture(word) for word in others if word not in [*PICTURES, *runs]]:
        raise ConfigError(faults)
    changes = [word for word in words if word not in names]
    if len(runs) > 1 or holds_runs(Path(name).expanduser()):
        return of_runs(own, runs, pictures, changes)
    return of_one_run(own, name, pictures, changes)


def holds_runs(folder: Path) -> bool:
    """Whether it is no run but has runs below it, as that of a sweep."""
    is_run_itself = any((folder / name).exists() for name in ("config.yaml", "summary.json"))
    return (is_sweep(folder) or not is_run_itself) and next(run_paths(folder), None) is not None


def of_runs(
    own: argparse.Namespace, names: Sequence[str], pictures: Sequence[str], changes: Sequence[str]
) -> tuple[str, Sequence[SavedRun], Path]:
    """The runs, and the file of their curves."""
    if others := [f"view: {name}: shows one run; of several their curves" for name in pictures if name != "curves"]:
        raise ConfigError(others)
    given = dict(read_change("view", word, ANYWHERE) for word in changes)
    output_dir = Path(str(given.get("output_dir") or usual_output_dir()))
    folders = [folder_of_runs("view", name, output_dir) for name in names]
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
        check_one_picture(out, pictures or [*PICTURES])
        check_out("--out", out, overwrite=own.overwrite)
    else:
        check_folder(out, pictures or [*PICTURES], overwrite=own.overwrite)
    return "run", stored, pictures, own.test_index, out


def no_such_picture(word: str) -> str:
    meant = nearest(word, PICTURES)
    return f"view: {word}: no such picture{f'; did you mean {meant}?' if meant else ''}\n  pictures: {listed(PICTURES)}"


def of_dataset(argv: Sequence[str]) -> tuple[str, Config, Path]:
    """The config, and the file of the picture."""
    own, words = parser().parse_known(argv)
    if not any(word.lstrip("+").startswith("dataset=") for word in words):
        raise ConfigError(nothing_to_view(words))
    config, faults = composed_beside_faults(parser(), words, own.config_dir, dataset_fault)
    if faults:
        raise ConfigError(faults)
    return "dataset", config, picture_file(own, config.dataset.option.rpartition("/")[2])


def of_schedule(argv: Sequence[str]) -> tuple[str, Config, Path]:
    """The config, and the file of the picture."""
    own, words = schedule_parser().parse_known(argv)
    config, faults = composed_beside_faults(schedule_parser(), words, own.config_dir, schedule_fault)
    if refused := [*faults, *monitor_faults(config)]:
        raise ConfigError(refused)
    return "scheduler", config, picture_file(own, config.scheduler.option)


def composed_beside_faults(
    made: Parser, words: Sequence[str], config_dir: str | None, fault_of: Callable[[str], str | None]
) -> tuple[Config, list[str]]:
    """What those words make that ``train`` would take and a picture too, and what is wrong with the others.

    Raises ConfigError with every fault of all of them.
    """
    faults = {word: fault for word in words if (fault := made.flag_fault(word.lstrip("+")) or fault_of(word))}
    try:
        return composed([word for word in words if word not in faults], config_dir), [*faults.values()]
    except ConfigError as error:
        raise ConfigError([*faults.values(), *error.faults]) from error


def unsuited(words: Sequence[str]) -> dict[str, str]:
    """The words that the picture does not depend on, and why."""
    fault_of = FAULT_OF.get(subject_of(words), dataset_fault)
    return {word: fault for word in words if (fault := fault_of(word))}


def dataset_fault(word: str) -> str | None:
    if several(word):
        first = word.partition(",")[0]
        return f"{word}: one picture shows one data set; draw them one after the other: python -m runner view {first}"
    group = group_of(word)
    if group in GROUPS and group != "dataset":
        return f"{word}: the picture of a data set shows no {group}; leave it out"
    return None


def schedule_fault(word: str) -> str | None:
    key, _, value = word.lstrip("+").partition("=")
    if key == "scheduler" and "," in value:
        return f"{word}: a picture shows one schedule; draw them one after the other"
    group = group_of(word)
    return f"{word}: a schedule does not depend on the {group}; leave it out" if group in UNSEEN else None


def group_of(word: str) -> str:
    return word.lstrip("+").partition("=")[0].partition(".")[0]


def several(word: str) -> bool:
    """Whether a word gives several values, as a sweep takes them: ``dataset=a,b``, but not ``size=[8,8]``."""
    value = word.partition("=")[2]
    return "," in value and not any(mark in value for mark in "[{('\"")


def monitor_faults(config: Config) -> Iterator[str]:
    """The fault of a schedule that follows the monitor."""
    if follows_monitor(config.scheduler):
        yield (
            f"scheduler={config.scheduler.option}: follows the monitor, which is known only in training; "
            f"nothing can be drawn before\n  what can be: scheduler=step_lr, scheduler=cosine_annealing_lr"
        )


def nothing_to_view(words: Sequence[str]) -> str:
    catalog = Catalog(conf_folders())
    for word in words:
        if "=" not in word and (run := newest_named(word, usual_output_dir())):
            return f"view {word}: no such directory; did you mean {here(run)}?"
    if any(word.startswith("model=") for word in words):
        return f"view: a net is shown by python -m runner show {shlex.join(words)} dataset=..."
    stranger = next((word for word in words if "=" not in word and not word.startswith("-")), None)
    return (
        f"{f'view {stranger}: no such run, data set or schedule' if stranger else 'view: name what to draw'}\n"
        f"  a run: python -m runner view last\n"
        f"  a data set: python -m runner view dataset=mnist; choices: {listed(catalog.options('dataset'))}\n"
        f"  a schedule: python -m runner view scheduler=step_lr optimizer=sgd epochs=20"
    )


READ: Mapping[str, Callable[[Sequence[str]], tuple[Any, ...]]] = {"dataset": of_dataset, "scheduler": of_schedule}
FAULT_OF = {"dataset": dataset_fault, "scheduler": schedule_fault}
