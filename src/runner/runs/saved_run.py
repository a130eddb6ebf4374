"""A run that stands on disk, and how it is found: by its directory, its name, or as the last one. Imports no torch."""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from runner.config.run_config import Config, changed, settings_with
from runner.config.spelling import nearest
from runner.config.stored import load_stored
from runner.config.types import shown
from runner.config.validate import leaves
from runner.engine.best import is_higher_better, stored_directions
from runner.errors import ConfigError, DataError
from runner.runs.directory import CLAIMED, RunDirectory, results_digest, usual_output_dir, why_not_begun
from runner.runs.files import read_json
from runner.runs.metric_log import read_rows
from runner.text import here

SWEEP = "multirun.yaml"  # in a folder whose folders are the runs
FORMATS = (1,)  # of summary.json; the last is what this build writes
DONE = ("finished", "stopped_early")  # what a summary says of a run that came to its end
LENGTHS = settings_with("is_length", True)
ANYWHERE = settings_with("changes", "anywhere")  # none of them changes what a run is
MAY_DIFFER = settings_with("changes", "anywhere", "on resume")
EDITS = frozenset(MAY_DIFFER) - {"trusted", "output_dir"}
KINDS: dict[str, Any] = {  # of what a summary says
    **dict.fromkeys(("status", "started", "name", "reason", "monitor", "judged_split"), str),
    **dict.fromkeys(("data", "final", "baseline", "linear", "sd"), dict),
    **dict.fromkeys(("class_names", "confusion", "remarks"), list),
    "seconds": int | float,
}


@dataclass(frozen=True)
class SavedRun:
    """A run directory and what its files say, each read once, when it is first asked for.

    Whatever is missing, damaged or asks for what it may not raises DataError.
    """

    directory: RunDirectory
    changes: Mapping[str, Any] = field(default_factory=dict)  # what a user says of it now, and the verb's own arguments
    whole_config: Config | None = None  # of a fold: what the command above it, with its changes, says of it

    @property
    def path(self) -> Path:
        return self.directory.path

    @cached_property
    def as_written(self) -> Config:
        """The run's own config, to be read without a look at the options; of a fold not begun that from above."""
        if self.whole_config is not None and not self.directory.config.exists():
            return self.whole_config
        return load_stored(self.directory.config, self.changes.get("trusted", ()))

    @cached_property
    def config(self) -> Config:
        """With the changes; of a fold only what its rows decide is its own. Raises ConfigError too."""
        written = self.as_written
        if self.whole_config is not None:
            return replace(self.whole_config, batch_size=written.batch_size, dataset=written.dataset)
        edits = {key: value for key, value in self.changes.items() if key in EDITS}
        return changed(written, edits) if edits else written

    def changed(self, *settings: str) -> list[str]:
        """Those of ``settings`` that are not as they were."""
        return [key for key in settings if getattr(self.config, key) != getattr(self.as_written, key)]

    @property
    def folds(self) -> list[SavedRun]:
        """Every fold, done or not begun yet, of a command that trains them all; [] of any other run."""
        if self.config.fold != "all" or self.config.folds is None:
            return []
        return [self.of_fold(number) for number in range(self.config.folds)]

    def of_fold(self, number: int) -> SavedRun:
        return SavedRun(self.directory.fold(number), self.changes, replace(self.config, fold=number))

    @cached_property
    def summary(self) -> dict[str, Any]:
        """summary.json."""
        path = self.directory.summary
        if not path.exists():
            raise DataError(f"{self.path}: no run directory: it has no summary.json")
        content = read_json(path)
        for name, kind in KINDS.items():
            if name in content and not isinstance(content[name], kind):
                raise DataError(f"{path}: damaged: {name} is {str(content[name])[:40]!r}")
        if not math.isfinite(content.get("seconds", 0)):
            raise DataError(f"{path}: damaged: seconds is {content['seconds']}")
        return content

    @property
    def known(self) -> dict[str, Any]:
        """summary.json; {} where a run did not come so far, or a kill tore the file."""
        try:
            return self.summary
        except DataError:
            return {}

    @cached_property
    def results(self) -> dict[str, Any]:
        """summary.json, where its results are told or counted: edited ones are refused.

        A summary of an older build has no digest of them.
        """
        if self.summary.get("digest", digest := results_digest(self.summary)) != digest:
            raise DataError(
                f"{self.directory.summary}: its results are not those that the run wrote: they were changed since"
            )
        return self.summary

    @property
    def status(self) -> str:
        """How the run stands, by its summary; "" where a kill came before there was one."""
        return str(self.summary.get("status", "")) if self.directory.summary.exists() else ""

    @property
    def is_done(self) -> bool:
        return self.status in DONE

    @property
    def is_begun(self) -> bool:
        """Whether a run came so far that its config was written; folds, rows and results come after it."""
        is_written = self.directory.config.exists() or self.directory.metrics.exists()
        return is_written or self.status not in ("", "running")

    @property
    def reason(self) -> str:
        return str(self.summary.get("reason", "")).partition("\n")[0]

    @property
    def started(self) -> str:
        return str(self.summary.get("started", ""))

    @property
    def rows(self) -> list[dict[str, Any]]:
        """metrics.jsonl."""
        if not self.directory.metrics.exists():
            raise DataError(f"{self.directory.metrics}: not there; the run has measured nothing yet")
        return read_rows(self.directory.metrics)

    @cached_property
    def plain_config(self) -> Mapping[str, Any]:
        """config.yaml, by summary.json where it holds it too: JSON is read thirty times faster."""
        return self.results.get("config") or load_stored(self.directory.config).as_dict()

    @cached_property
    def settings(self) -> dict[str, str]:
        """Dotted name -> value, as text, as it is typed: those that decide what is learnt."""
        return settings_of(self.plain_config)

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Of the best checkpoint."""
        best = self.results.get("best", {})
        return {name: float(value) for name, value in best.items() if isinstance(value, int | float)}

    @property
    def monitor(self) -> str:
        return str(self.plain_config["monitor"])

    def is_higher_better(self, metric: str) -> bool | None:
        """Whether a higher value of ``metric`` is the better one; None where the run does not say."""
        return is_higher_better(metric, stored_directions(self.summary))


def settings_of(config: Mapping[str, Any]) -> dict[str, str]:
    """The options chosen, then every knob and setting that decides what is learnt, as text by dotted name."""
    options = {group: shown(option) for group, option in config["options"].items()}
    neutral = settings_with("is_neutral", True)
    others = {key: value for key, value in config.items() if key not in ("options", *neutral)}
    plain = ((name, value) for name, value in leaves(others, ()) if not name.endswith("_target_"))
    knobs = {name: value if isinstance(value, str) else shown(value) for name, value in plain}
    return options | knobs


def open_run(verb: str, argv: Sequence[str], settings: Sequence[str] = (), own: Sequence[str] = ()) -> SavedRun:
    """Read ``RUN key=value ...``: ``settings`` are keys of the config that may change, ``own`` belong to the verb.

    Which run ``last`` is, is said on standard error: standard output may be data. Raises ConfigError or DataError when
    the run is not there or a key may not be given.
    """
    allowed = [*own, *settings, *ANYWHERE]
    if flags := [word for word in argv if word.startswith("-")]:
        raise ConfigError(f"{verb}: {flags[0]}: no such flag; it can change {', '.join(allowed)}, as device=cpu")
    names = [word for word in argv if is_run(word, allowed)]
    if len(names) != 1:
        given = shlex.join(names) or "none"
        raise ConfigError(f"{verb}: give one run directory, or last: python -m runner {verb} RUN\n  given: {given}")
    changes = dict(read_change(verb, word, allowed) for word in argv if word not in names)
    run = replace(find(names[0], Path(str(changes.get("output_dir") or usual_output_dir()))), changes=changes)
    if names[0] == "last":
        with suppress(OSError):  # nobody reads it
            print(f"last is {here(run.path)}", file=sys.stderr)
    if not run.directory.config.exists():
        raise DataError(
            f"{run.directory.config}: not there; of a run without its settings only its results can be told\n"
            f"  python -m runner report {shlex.quote(here(run.path))}"
        )
    _ = run.config  # what is wrong with it is to be known now
    return run


def is_run(word: str, allowed: Sequence[str]) -> bool:
    """Whether a word names a directory rather than a change; a path may have an = in it, as those of sweeps do."""
    key, equals, _ = word.partition("=")
    return not equals or not key.replace(".", "").isidentifier() or (key not in allowed and Path(word).is_dir())


def read_change(verb: str, word: str, allowed: Sequence[str]) -> tuple[str, Any]:
    key, _, text = word.partition("=")
    if key not in allowed:
        meant = nearest(key, allowed)
        advice = f"; did you mean {meant}?" if meant else ", another is a new run: train"
        raise ConfigError(f"{word}: {verb} takes the run as it is{advice}\n  it can change {', '.join(allowed)}")
    try:
        return key, yaml.safe_load(text)
    except yaml.YAMLError as fault:
        raise ConfigError(f"{word}: the value cannot be read") from fault


def in_each_fold(run: SavedRun, verb: str, *more: str) -> str:
    """Why the directory above the folds cannot answer, and the words, ``more`` behind them, that ask one below it."""
    first, last = run.folds[0].path, run.folds[-1].path
    return (
        f"{run.path}: holds a net for each of its {len(run.folds)} folds; "
        f"choose one, {first.name} to {last.name}\n"
        f"  {' '.join(['python -m runner', verb, shlex.quote(here(first)), *more])}"
    )


def find(word: str, output_dir: Path) -> SavedRun:
    """The run that ``word`` names: a path, or ``last``. Raises ConfigError or DataError when there is none."""
    if word == "last":
        return newest(output_dir)
    directory = RunDirectory(Path(word).expanduser().absolute())
    if not directory.path.is_dir():
        above = next((folder for folder in directory.path.parents if RunDirectory(folder).config.exists()), None)
        is_file = f"is a file of the run {here(above)}" if above else "is a file"
        named = newest_named(word, output_dir)
        advice = f"did you mean {here(named)}?" if named else "give a run directory, or last"
        raise ConfigError(f"{word}: {is_file if directory.path.exists() else 'no such directory'}; {advice}")
    if (directory.path / SWEEP).exists():
        raise DataError(f"{word}: is a sweep; choose one of its runs: python -m runner report {shlex.quote(word)}")
    run = SavedRun(directory)
    if not run.is_begun and directory.is_claimed:
        raise DataError(why_not_begun(directory))
    if not directory.summary.exists() and not directory.config.exists():
        raise DataError(
            f"{word}: not a run directory: it holds neither config.yaml nor summary.json; "
            f"those below it: python -m runner report {shlex.quote(word)}"
        )
    return run


def newest(output_dir: Path) -> SavedRun:
    """The run started last, by the time in its summary: never by the file system's clock.

    Folds are no runs, nor is a directory without config.yaml.
    """
    for run in newest_first(output_dir):
        if run.directory.config.exists():
            return run
    raise ConfigError(f"last: no run under {output_dir} yet; start one: python -m runner train")


def short_name(directory: RunDirectory) -> str:
    """What a command calls a run that has just been: last, where it is."""
    with suppress(ConfigError):
        if newest(usual_output_dir()).directory == directory:
            return "last"
    return here(directory.path)


def newest_named(word: str, output_dir: Path) -> Path | None:
    """The newest run whose ``name=`` is the end of ``word``: what somebody meant who left out the date and the time."""
    paths = (run.path for run in newest_first(output_dir))
    named = (path for path in paths if (claimed := CLAIMED.fullmatch(path.name)) and claimed[1] == Path(word).name)
    return next(named, None)


def newest_first(output_dir: Path) -> list[SavedRun]:
    """Every run; a damaged stranger does not hide the others, and named directly it says what is wrong."""
    runs = [SavedRun(RunDirectory(path.parent)) for path in output_dir.absolute().rglob("summary.json")]
    found = [run for run in runs if run.directory.whole == run.directory and run.known]
    return sorted(found, key=lambda run: (run.started, run.path), reverse=True)
