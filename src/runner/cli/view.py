"""``view``: pictures of a run, a sweep, a data set or a schedule; as files, and in the terminal what fits there."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.build import libraries
from runner.cli.arguments import Parser, answered, composed, first_value
from runner.cli.picture_files import picture_file
from runner.cli.view_run import names_a_run, of_run
from runner.config.catalog import GROUPS, Catalog, conf_folders
from runner.config.run_config import Config
from runner.config.schedule import follows_monitor
from runner.config.spelling import listed
from runner.errors import ConfigError
from runner.runs.directory import usual_output_dir
from runner.runs.named import newest_named
from runner.text import here

UNSEEN = ("model", "loss", "metric")  # groups that no schedule depends on


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
    if not any(word.lstrip("+").startswith(("dataset=", "scheduler=")) for word in words):
        return {}
    fault_of = FAULT_OF.get(subject_of(words), dataset_fault)
    return {word: fault for word in words if (fault := fault_of(word))}


def dataset_fault(word: str) -> str | None:
    if (first := first_value(word)) != word:
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
        line = shlex.join(["show", *words, "dataset=digits"])
        return f"view: a net is shown by show; did you mean:\n  python -m runner {line}"
    stranger = next((word for word in words if "=" not in word and not word.startswith("-")), None)
    return (
        f"{f'view {stranger}: no such run, data set or schedule' if stranger else 'view: name what to draw'}\n"
        f"  a run: python -m runner view last\n"
        f"  a data set: python -m runner view dataset=mnist; choices: {listed(catalog.options('dataset'))}\n"
        f"  a schedule: python -m runner view scheduler=step_lr optimizer=sgd epochs=20"
    )


READ: Mapping[str, Callable[[Sequence[str]], tuple[Any, ...]]] = {"dataset": of_dataset, "scheduler": of_schedule}
FAULT_OF = {"dataset": dataset_fault, "scheduler": schedule_fault}
