"""A stored run, built again from its own config: what ``resume``, ``eval`` and ``predict`` stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runner import device
from runner.build.model import without_published_weights
from runner.config.catalog import Catalog, conf_folders
from runner.config.run_config import Config, changed, settings_with
from runner.config.schedule import length_knob
from runner.config.stored import with_later_keys
from runner.contracts import Data
from runner.errors import ConfigError, DataError
from runner.experiment.assemble import Experiment, assemble, read_data, read_split
from runner.experiment.predictor import Predictor, build_predictor
from runner.experiment.scoring import checkpoint_to_judge
from runner.runs.checkpoint import Checkpoints
from runner.runs.saved_run import LENGTHS, SavedRun
from runner.runs.schema import Schema, check_same_schema, read_schema, saved_schema, schema_of

MAY_DIFFER = settings_with("changes", "anywhere", "on resume")
KINDS = {"config": dict, "circumstances": dict, "data_digest": str, "epoch": int, "log_size": int}
Read = Callable[[Config], Data]
MOST_SHOWN = 3  # differences that are told one by one


@dataclass(frozen=True)
class Rebuilt:
    """A run's experiment and the checkpoint it is read with."""

    experiment: Experiment
    checkpoint: str  # best or last
    saved: Mapping[str, Any]


def rebuild_to_read(stored: SavedRun, warn: Callable[[str], None], read: Read | None = None) -> Rebuilt:
    """The run with the checkpoint that was asked for; else ``best`` where validation chose one, else ``last``.

    ``read`` as ``assemble`` takes it.
    """
    name, saved = read_checkpoint(stored, warn)
    experiment, differences = rebuild(stored, saved, read)
    for difference in differences:
        warn(difference)
    return Rebuilt(experiment, name, saved)


def read_checkpoint(stored: SavedRun, warn: Callable[[str], None]) -> tuple[str, dict[str, Any]]:
    """(best or last, the state). Raises ConfigError or DataError."""
    checkpoints = Checkpoints(stored.directory.checkpoints, warn)
    name = stored.changes.get("checkpoint") or checkpoint_to_judge(checkpoints)
    if name not in ("best", "last"):
        raise ConfigError(f"checkpoint={name}: choose best or last")
    if not checkpoints.has(name):
        raise DataError(f"{checkpoints.path(name)}: not there; {why_there_is_none(stored)}")
    return name, checkpoints.load(name)


def why_there_is_none(stored: SavedRun) -> str:
    """Of a checkpoint: what happened, and what to do."""
    if stored.is_done:
        return "the run had saved it: put it back, or train the run again"
    return "the run has saved none yet, go on with it: resume"


def predictor_of(stored: SavedRun, warn: Callable[[str], None]) -> tuple[Predictor, str]:
    """(the run's net, best or last): it answers for rows from anywhere, and the data set need not be here."""
    name, saved = read_checkpoint(stored, warn)
    check_kinds(stored, saved)
    check_same_config(stored, saved)
    try:
        return build_predictor(stored.config, schema_for(stored, saved), saved), name
    except ConfigError as error:
        raise DataError("\n".join(f"{stored.directory.config}: {fault}" for fault in error.faults)) from error


def schema_for(stored: SavedRun, saved: Mapping[str, Any]) -> Schema:
    """What the rows and the answers of a checkpoint mean.

    A checkpoint of an older build does not say: its run's schema.json does, or its data set, read once more.
    """
    directory = stored.directory
    known = saved_schema(saved, directory.checkpoints)
    if directory.schema.exists():
        read = read_schema(directory)
        if known is not None:
            check_same_schema(read, known, directory.schema)
        return read
    return known if known is not None else schema_of_data(stored)


def schema_of_data(stored: SavedRun) -> Schema:
    try:
        data, rows = read_split(stored.config, read_data)
    except DataError as fault:
        raise DataError(
            f"{stored.directory.schema}: not there (the run is of an older build), and its data set cannot be read:\n"
            f"  {fault}"
        ) from fault
    return schema_of(data, rows.train)


def rebuild(stored: SavedRun, saved: Mapping[str, Any], read: Read | None = None) -> tuple[Experiment, list[str]]:
    """The experiment that ``saved`` was taken from, and warnings where its last bits may come out differently.

    Raises DataError when the config or the data is no longer what it was, or the config asks for what it may not.
    """
    check_kinds(stored, saved)
    check_same_config(stored, saved)
    experiment = assembled(stored, as_it_ran(stored.config, saved), read)
    check_same_data(stored, saved, experiment.data_digest)
    here = device.circumstances(experiment.choice.device)
    return experiment, not_to_the_bit(saved["circumstances"], here)


def assembled(stored: SavedRun, config: Config, read: Read | None = None) -> Experiment:
    """The experiment of a stored config. Its faults are faults of the file: nobody typed them."""
    try:
        experiment = assemble(
            replace(config, model=without_published_weights(config.model)), Catalog(conf_folders()), read
        )
    except ConfigError as error:
        raise DataError("\n".join(f"{stored.directory.config}: {fault}" for fault in error.faults)) from error
    as_stored = replace(experiment.config, threads=stored.config.threads, model=stored.config.model)
    return replace(experiment, config=as_stored)


def as_it_ran(config: Config, saved: Mapping[str, Any]) -> Config:
    """The config with the number of threads it was running on: sums over threads depend on it."""
    return config if config.threads is not None else changed(config, {"threads": saved["circumstances"].get("threads")})


def check_kinds(stored: SavedRun, saved: Mapping[str, Any]) -> None:
    wrong = [key for key, kind in KINDS.items() if not isinstance(saved.get(key), kind)]
    if wrong:
        raise DataError(
            f"{stored.directory.checkpoints}: not a checkpoint that this build reads: {', '.join(wrong)} missing"
        )


def check_same_config(stored: SavedRun, saved: Mapping[str, Any]) -> None:
    before, now = (dict(leaves(tree)) for tree in (with_later_keys(saved["config"]), stored.config.as_dict()))
    fixed = LENGTHS if length_knob(stored.config.scheduler) else ()  # of what the schedule was laid out over
    may_differ = [key for key in MAY_DIFFER if key not in fixed]
    differing = [key for key in before | now if before.get(key) != now.get(key) and key not in may_differ]
    if differing:
        told = [f"{key} was {before.get(key)}, is {now.get(key)}" for key in differing[:MOST_SHOWN]]
        more = f" and {len(differing) - MOST_SHOWN} more" if len(differing) > MOST_SHOWN else ""
        raise DataError(
            f"{stored.directory.config}: changed since the run was saved: {'; '.join(told)}{more}\n"
            f"  put it back, or start a new run; what may change: {', '.join(may_differ)}"
        )


def leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted name, value) of everything in a tree of plain data."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def check_same_data(stored: SavedRun, saved: Mapping[str, Any], digest: str) -> None:
    before = saved["data_digest"]
    if before != digest:
        raise DataError(
            f"{stored.directory.path}: the data has changed since the run was saved "
            f"(digest {before[:12]} then, {digest[:12]} now)\n"
            "  put the old data back, or train anew; where no data has changed, an older build read it otherwise"
        )


def not_to_the_bit(before: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    differing = [f"{key} {before.get(key)} -> {here[key]}" for key in here if before.get(key) != here[key]]
    return [f"the last bits of the results may differ: {', '.join(differing)}"] if differing else []
