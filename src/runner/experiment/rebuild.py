"""A saved run, built again from its own files: all of it with its data, or its net alone, which answers for raw rows.

Shapes: N rows, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from runner import device
from runner.build.loss import build_loss, num_outputs
from runner.build.model import without_published_weights
from runner.config.catalog import Catalog, conf_folders
from runner.config.run_config import UNSTORED, Config, changed
from runner.config.schedule import length_knob
from runner.config.stored import with_later_keys
from runner.config.validate import leaves
from runner.contracts import Data, Parts
from runner.data.new_rows import raw_rows
from runner.data.transforms import blank_preprocess
from runner.engine.forward import forward
from runner.engine.state import load_weights
from runner.errors import ConfigError, DataError
from runner.experiment.assemble import (
    Experiment,
    assemble,
    read_data,
    read_split,
    target_transform,
    transforms,
)
from runner.experiment.net import build_model
from runner.experiment.scoring import checkpoint_to_judge
from runner.losses.readout import NearestNeighbour, Probabilities, Ranking, is_answer
from runner.runs.checkpoint import Checkpoints
from runner.runs.saved_run import LENGTHS, MAY_DIFFER, SavedRun
from runner.runs.schema import Schema, check_same_schema, read_schema, saved_schema, schema_of
from runner.text import here

if TYPE_CHECKING:
    from runner.screen.predictions import Measure

KINDS = {"config": dict, "circumstances": dict, "data_digest": str, "epoch": int, "log_size": int}
Read = Callable[[Config], Data]
MOST_SHOWN = 3  # differences that are told one by one
NO_ANSWER = "the net's output is not a number: the row is too different from the train rows"


@dataclass(frozen=True)
class Rebuilt:
    """A run's experiment and the checkpoint it is read with."""

    experiment: Experiment
    checkpoint: str  # best or last
    saved: Mapping[str, Any]


@dataclass(frozen=True)
class Predictor:
    """Preprocessing and net of a run, in evaluation mode: the data set need not be there."""

    parts: Parts  # nothing to train with
    schema: Schema
    choice: device.Choice
    batch_size: int

    @classmethod
    def of(cls, experiment: Experiment) -> Predictor:
        """That of a run whose data set is here."""
        schema = schema_of(experiment.data, experiment.split.train)
        return cls(experiment.parts, schema, experiment.choice, experiment.config.eval_batch_size)

    @property
    def in_shape(self) -> tuple[int, ...]:
        """The shape of one row as the net gets it."""
        return tuple(self.parts.preprocess(torch.zeros(1, *self.schema.row_shape, device=self.choice.device)).shape[1:])

    @torch.no_grad()
    def probabilities(self, x: Tensor) -> Tensor:
        """[N, K] what ``measure`` says of each class, or [N] numbers, on the host; ``x`` [N, *row_shape] is raw."""
        logits_NK = torch.cat([self.logits(x_B) for x_B in torch.split(x, self.batch_size)])
        return probabilities(self.parts, logits_NK)

    def scores(self, x: Any) -> Tensor:
        """``probabilities`` of rows as a notebook has them. Raises DataError where one does not fit, or has none."""
        scores = self.probabilities(raw_rows(x, self.schema.row_shape, self.schema.columns))
        if not (is_told := is_answer(scores)).all():
            raise DataError(f"x: row {int((~is_told).nonzero()[0])}: {NO_ANSWER}")
        return scores

    def answers(self, x: Any) -> NDArray[Any]:
        """[N] the name of each row's likeliest class, or the number."""
        scores, names = self.scores(x).numpy(), self.schema.class_names
        return np.array(names)[scores.argmax(1)] if names else np.asarray(scores)

    def logits(self, x_B: Tensor) -> Tensor:
        return forward(self.parts, self.parts.preprocess(x_B.to(self.choice.device)))


def probabilities(parts: Parts, logits_NK: Tensor) -> Tensor:
    """[N, K] on the host, also where a single output tells two classes apart; [N] numbers for regression."""
    scores: Tensor = parts.readout(logits_NK).cpu()
    return torch.stack([1 - scores, scores], 1) if parts.task == "binary" else scores


def measure(parts: Parts) -> Measure:
    """What ``probabilities`` gives: after a margin loss, and of neighbours, only scores that rank the classes."""
    return "score" if isinstance(parts.readout, Ranking | NearestNeighbour) else "probability"


def rebuild_to_read(run: SavedRun, warn: Callable[[str], None], read: Read | None = None) -> Rebuilt:
    """The run with the checkpoint that was asked for; else ``best`` where validation chose one, else ``last``.

    ``read`` as ``assemble`` takes it.
    """
    name, saved = read_checkpoint(run, warn)
    experiment, differences = rebuild(run, saved, read)
    for difference in differences:
        warn(difference)
    return Rebuilt(experiment, name, saved)


def predictor_of(run: SavedRun, warn: Callable[[str], None]) -> tuple[Predictor, str]:
    """(the run's net, best or last): it answers for rows from anywhere, and the data set need not be here."""
    name, saved = read_checkpoint(run, warn)
    check_saved(run, saved)
    with faults_of_file(run):
        predictor = build_predictor(run.config, schema_for(run, saved), saved)
    readout, calibration = predictor.parts.readout, run.known.get("calibration", {})
    if isinstance(readout, Probabilities) and "temperature" in calibration:
        readout.temperature.fill_(float(calibration["temperature"]))
    return predictor, name


def rebuild(run: SavedRun, saved: Mapping[str, Any], read: Read | None = None) -> tuple[Experiment, list[str]]:
    """The experiment that ``saved`` was taken from, and warnings where its last bits may come out differently.

    Raises DataError when the config or the data is no longer what it was, or the config asks for what it may not.
    """
    check_saved(run, saved)
    as_it_ran, circumstances = run.config, saved["circumstances"]
    if as_it_ran.threads is None:  # sums over threads depend on their number
        as_it_ran = changed(as_it_ran, {"threads": circumstances.get("threads")})
    experiment = assembled(run, drawn_anew(as_it_ran), read)
    if (before := saved["data_digest"]) != (now := experiment.data_digest):
        raise DataError(
            f"{run.path}: the data has changed since the run was saved (digest {before[:12]} then, {now[:12]} now)\n"
            "  put the old data back, or train again; if the data is the same, an older version read it differently"
        )
    here = device.circumstances(experiment.choice.device)
    differing = [
        f"{key} {circumstances.get(key)} -> {here[key]}" for key in here if circumstances.get(key) != here[key]
    ]
    return experiment, [f"the last bits of the results may differ: {', '.join(differing)}"] if differing else []


def assembled(run: SavedRun, config: Config, read: Read | None = None) -> Experiment:
    """The experiment of a stored config."""
    with faults_of_file(run):
        experiment = assemble(config, Catalog(conf_folders()), read)
    said = {name: getattr(run.config, name) for name in ("threads", "model", "start_from")}
    return replace(experiment, config=replace(experiment.config, **said))


def drawn_anew(config: Config) -> Config:
    """That of a run whose weights come from its own checkpoint: those that it began with need not be there."""
    return replace(config, model=without_published_weights(config.model), start_from=None)


@contextmanager
def faults_of_file(run: SavedRun) -> Iterator[None]:
    """Makes what is wrong with the config a fault of its file: nobody typed it."""
    try:
        yield
    except ConfigError as error:
        raise DataError("\n".join(f"{run.directory.config}: {fault}" for fault in error.faults)) from error


def read_checkpoint(run: SavedRun, warn: Callable[[str], None]) -> tuple[str, dict[str, Any]]:
    """(best or last, the state). Raises ConfigError or DataError."""
    checkpoints = Checkpoints(run.directory.checkpoints, warn)
    name = run.changes.get("checkpoint") or checkpoint_to_judge(checkpoints)
    if name not in ("best", "last"):
        raise ConfigError(f"checkpoint={name}: choose best or last")
    if not checkpoints.has(name):
        typed = f"train {quote(here(run.directory.config))}"
        if run.status == "failed":
            why = f"the run failed before it saved one ({run.reason.rstrip('.')}); train it with other settings"
        elif run.is_done:
            why = "the run had saved it: put it back, or train the run again"
        else:
            why, typed = "the run has saved none yet, go on with it", f"resume {quote(here(run.directory.whole.path))}"
        raise DataError(f"{checkpoints.path(name)}: not there; {why}: python -m runner {typed}")
    return name, checkpoints.load(name)


def schema_for(run: SavedRun, saved: Mapping[str, Any]) -> Schema:
    """What the rows and the answers of a checkpoint mean.

    A checkpoint of an older build does not say: its run's schema.json does, or its data set, read once more.
    """
    path, known = run.directory.schema, saved_schema(saved, run.directory.checkpoints)
    if path.exists():
        read = read_schema(run.directory)
        if known is not None:
            check_same_schema(read, known, path)
        return read
    if known is not None:
        return known
    try:
        data, rows = read_split(run.config, read_data)
    except DataError as fault:
        told = "not there (the run is of an older version), and its data set cannot be read"
        raise DataError(f"{path}: {told}:\n  {fault}") from fault
    return schema_of(data, rows.train)


def build_predictor(config: Config, schema: Schema, saved: Mapping[str, Any]) -> Predictor:
    """The predictor of a run's config, schema and checkpoint. Raises ConfigError, DataError or DeviceError."""
    device.threads(config.threads)
    choice = device.choose(config.device)
    preprocess = blank_preprocess(transforms(config), schema.row_shape, schema.columns)
    in_shape = tuple(preprocess(torch.zeros(1, *schema.row_shape)).shape[1:])
    num_classes = len(schema.class_names)
    outputs = num_outputs(config.loss, schema.task, num_classes, config.trusted)
    no_rows = torch.zeros(1, dtype=torch.float32 if schema.task == "regression" else torch.int64)
    transform = target_transform(config)
    loss, readout = build_loss(config.loss, schema.task, num_classes, no_rows, config.trusted, transform=transform)
    if isinstance(readout, NearestNeighbour):
        readout.hold(len(saved.get("readout", {}).get("labels", ())))
    of_table = {"task": schema.task, "two_valued": saved["model"].get("two_valued")}
    parts = Parts(
        preprocess=preprocess.to(choice.device),
        model=build_model(drawn_anew(config), preprocess, in_shape, outputs, of_table).to(choice.device),
        loss=loss.to(choice.device),
        readout=readout.to(choice.device),
        optimizers=(),
        schedules=(),
        metrics={},
        task=schema.task,
        autocast=device.AUTOCAST[config.precision],
    )
    load_weights(saved, parts)
    parts.model.eval()
    return Predictor(parts, schema, choice, config.eval_batch_size)


def check_saved(run: SavedRun, saved: Mapping[str, Any]) -> None:
    """Raises DataError where a checkpoint lacks something, or the run's config is not what it was taken with."""
    if wrong := [key for key, kind in KINDS.items() if not isinstance(saved.get(key), kind)]:
        where = run.directory.checkpoints
        raise DataError(f"{where}: not a checkpoint that this version reads: {', '.join(wrong)} missing")
    both = (saved["config"], run.config.as_dict())
    before, now = (dict(leaves(with_later_keys(tree), ())) for tree in both)
    fixed = LENGTHS if length_knob(run.config.scheduler) else ()  # of what the schedule was laid out over
    may_differ = [key for key in MAY_DIFFER if key not in fixed]
    stored = [key for key in before | now if key.partition(".")[0] not in UNSTORED]
    differing = [key for key in stored if before.get(key) != now.get(key) and key not in may_differ]
    if differing:
        told = [f"{key} was {before.get(key)}, is {now.get(key)}" for key in differing[:MOST_SHOWN]]
        more = f" and {len(differing) - MOST_SHOWN} more" if len(differing) > MOST_SHOWN else ""
        raise DataError(
            f"{run.directory.config}: changed since the run was saved: {'; '.join(told)}{more}\n"
            f"  put it back, or start a new run; what may change: {', '.join(may_differ)}"
        )
