"""The settings beside the data: what it decides where nobody said it.

Chosen are the loss, the metrics, the rows of a step and the epochs of a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import ceil, prod

import torch
from torch import Tensor, nn

from runner.build import auto
from runner.build.loss import is_embedding
from runner.build.model import is_ensemble
from runner.config.catalog import AUTO_LOSSES, Catalog, Part
from runner.config.run_config import Config
from runner.config.spelling import nearest
from runner.config.types import shown
from runner.config.usual import usual_knobs
from runner.contracts import Data, Split
from runner.data.checks import check_accumulate_steps, check_batch_size
from runner.errors import ConfigError
from runner.experiment.metric_checks import is_thin
from runner.models.summary import layers


def resolve_auto(config: Config, catalog: Catalog, data: Data, rows: Split | None = None) -> Config:
    """The config with loss and metrics chosen by the data where they were left to it, and a monitor that exists.

    Metrics that have no value on the ``rows`` of a split are not chosen.
    """
    if config.loss.target is None:
        config = replace(config, loss=fitting_loss(config, catalog, data))
    if any(part.target is None for part in config.metric.values()):
        counts = class_counts(data, torch.arange(len(data.y)))
        names = auto.auto_metrics(data.task, counts, is_thin=rows is not None and is_thin(data, rows))
        config = replace(config, metric={name: chosen(catalog, "metric", name, config.model.option) for name in names})
    known = {f"val/{name}" for name in ("loss", *config.metric)}
    if rows is not None and not len(rows.val):  # of an official validation set that is empty
        known = set()
        config = replace(config, monitor="train/loss") if config.monitor == "val/loss" else config
    hits = data.task != "regression" and not is_embedding(config.loss, config.trusted)
    known |= {"train/loss", "train/accuracy"} if hits else {"train/loss"}
    if config.monitor not in known:
        near = nearest(config.monitor, sorted(known))
        advice = f"did you mean monitor={near}? choices:" if near else "choose"
        choices = ", ".join(sorted(known))
        raise ConfigError(f"monitor={config.monitor}: nothing of that name is measured; {advice} {choices}")
    return config


def fitting_loss(config: Config, catalog: Catalog, data: Data) -> Part:
    """The loss that fits the data, with the knobs that were given beside ``loss=auto``.

    Raises ConfigError where it has none of that name.
    """
    part = chosen(catalog, "loss", AUTO_LOSSES[data.task], config.model.option)
    if unknown := [key for key in config.loss.knobs if key not in part.knobs]:
        rows = auto.describe(data.task, len(data.class_names))
        raise ConfigError(
            f"loss.{unknown[0]}={shown(config.loss.knobs[unknown[0]])}: loss=auto takes {part.option} for {rows}, "
            f"and {part.option} has no {unknown[0]}; leave it out, or choose another loss: python -m runner show loss"
        )
    return replace(part, knobs={**part.knobs, **config.loss.knobs})


def chosen(catalog: Catalog, group: str, name: str, model: str) -> Part:
    """An option as it usually is beside the model, for what the data chooses."""
    knobs = usual_knobs(catalog, group, name, model)
    return Part(group, name, catalog.option(group, name).target, {key: knob.default for key, knob in knobs.items()})


def class_counts(data: Data, rows: Tensor) -> tuple[int, ...]:
    if data.task == "regression":
        return ()
    return tuple(torch.bincount(data.y[rows], minlength=len(data.class_names)).tolist())


def with_limit(config: Config, num_rows: int) -> Config:
    """The config with a ``dataset.limit`` that the ``num_rows`` train rows were cut to."""
    knobs = config.dataset.knobs
    if (knobs.get("limit") or 0) <= num_rows:
        return config
    return replace(config, dataset=replace(config.dataset, knobs={**knobs, "limit": num_rows}))


def with_batch_size(config: Config, model: nn.Module, in_shape: tuple[int, ...], num_rows: int) -> Config:
    """The config with a batch size that ``num_rows`` train rows have and the model can use.

    Raises ConfigError where somebody said another, or there is none.
    """
    size = config.batch_size
    if "batch_size" in config.said:
        check_batch_size(size, num_rows)
    else:
        size = min(size, num_rows)
        size = next((each for each in range(size, 1, -1) if not leaves_one_row(model, in_shape, num_rows, each)), size)
    if leaves_one_row(model, in_shape, num_rows, size):
        raise ConfigError(
            f"batch_size={size}: the last of {ceil(num_rows / size)} batches would hold one row, "
            f"which batch normalisation cannot use; choose another batch_size, such as {size + 1}"
        )
    check_accumulate_steps(config.accumulate_steps, size, num_rows)
    return replace(config, batch_size=size)


def leaves_one_row(model: nn.Module, in_shape: tuple[int, ...], num_rows: int, batch_size: int) -> bool:
    """Whether the last batch would be of one row, and the model cannot use it."""
    return (batch_size == 1 or num_rows % batch_size == 1) and norms_over_one_value(model, in_shape)


def norms_over_one_value(model: nn.Module, in_shape: tuple[int, ...]) -> bool:
    """Whether a batch norm has one value a channel from one row; of a picture it has one from each pixel."""
    norm = nn.modules.batchnorm._BatchNorm
    found = (layer for layer in layers(model, in_shape) if isinstance(model.get_submodule(layer.name), norm))
    return any(prod(layer.out_shape[1:]) == 1 for layer in found)


def with_epochs(config: Config, data: Data, steps_per_epoch: int) -> Config:
    """The config with ``epochs: auto`` as a number, and what a table's many epochs need where nobody said it.

    They end when the monitor has not become better for long, for nobody asked for so many; not each of them is saved.
    """
    if config.epochs != "auto":
        return config
    if not is_trained_for_long(config, data):
        return replace(config, epochs=auto.EPOCHS)
    epochs = auto.table_epochs(steps_per_epoch, config.max_steps or enough_steps(config))
    stopping, saving = config.early_stopping, config.checkpoint
    has_end = config.max_steps is not None or "early_stopping.patience_epochs" in config.said
    if epochs > auto.TABLE_PATIENCE_EPOCHS and not has_end:
        stopping = replace(stopping, patience_epochs=auto.TABLE_PATIENCE_EPOCHS)
    if "checkpoint.every_epochs" not in config.said:
        saving = replace(saving, every_epochs=max(1, epochs // auto.MOST_SAVES))
    return replace(config, epochs=epochs, early_stopping=stopping, checkpoint=saving)


def enough_steps(config: Config) -> int:
    """For which a table is trained at most when nobody said it."""
    return auto.ENSEMBLE_STEPS if is_ensemble(config.model, config.trusted) else auto.TABLE_STEPS


def is_trained_for_long(config: Config, data: Data) -> bool:
    """Whether ``epochs: auto`` means enough steps, rather than a few epochs.

    Rows that are not trained on have to say when it is enough, or ``max_steps``; who looks for a fault wants no more.
    """
    has_end = config.monitor.startswith("val/") or config.max_steps is not None
    return is_table(data) and has_end and not looks_for_fault(config)


def looks_for_fault(config: Config) -> bool:
    return config.repeat_batch is not None or config.detect_anomaly


def is_table(data: Data) -> bool:
    """Whether the rows are numbers in columns, and in memory, so that an epoch takes a moment."""
    return isinstance(data.x, Tensor) and len(data.x.shape) == 2


SCALES = {  # of dataset.numeric
    "quantile": "brought to a normal by the quantiles of the train rows",
    "robust": "median 0 and quartiles 1 apart, by the train rows",
}


def notes(said: Config, found: Config, data: Data, num_rows: int) -> Iterator[str]:
    """A line for each of the two that was decided here, ``said`` the config before, ``found`` after it; and for scales.

    Of numbers that are scaled otherwise than usual one is told what becomes of them.
    """
    if is_table(data) and (scale := SCALES.get(found.dataset.knobs.get("numeric", ""))):
        yield f"numbers: {scale} (dataset.numeric={found.dataset.knobs['numeric']})"
    if transform := found.dataset.knobs.get("target_transform"):
        yield f"target: learned as its {transform}, predicted in its own unit (dataset.target_transform={transform})"
    if found.batch_size == num_rows < said.batch_size:
        yield f"batch_size: {num_rows}, all the train rows there are ({said.batch_size} is usual)"
    elif found.batch_size < said.batch_size:
        yield (
            f"batch_size: {found.batch_size}; with {said.batch_size} the last batch would hold one row, "
            f"which batch normalisation cannot use"
        )
    if said.epochs == "auto" and is_table(data) and found.max_steps is None and not looks_for_fault(found):
        yield from epochs_note(found, ceil(num_rows / (found.batch_size * found.accumulate_steps)))


def epochs_note(config: Config, steps_per_epoch: int) -> Iterator[str]:
    """How long a table is trained, unless it is so large that nothing was decided."""
    assert isinstance(config.epochs, int)
    enough = auto.table_epochs(steps_per_epoch, enough_steps(config))
    patience = config.early_stopping.patience_epochs
    if config.epochs < enough:
        yield (
            f"epochs: {config.epochs}, which may be few; {config.monitor} does not say when to stop: "
            f"choose more, epochs={10 * config.epochs}, or keep validation rows"
        )
    elif enough > auto.EPOCHS:
        stop = ""
        if patience is not None and patience < enough:
            waited = "1 epoch" if patience == 1 else f"{patience} epochs"
            stop = f"; stops when {config.monitor} has not improved for {waited} (early stopping)"
        yield f"epochs: {enough:,}, for about {enough * steps_per_epoch:,} steps{stop}"
