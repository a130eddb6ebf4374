"""What will run, in the words of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from runner.build import optimizer, schedule
from runner.build.two_classes import POSITIVE, OfTwoClasses
from runner.config.catalog import Catalog, Part
from runner.config.run_config import Config
from runner.config.types import shown
from runner.config.validate import leaves
from runner.contracts import SPLITS, Data, Outline
from runner.data.splits import describe
from runner.engine.best import directions
from runner.errors import ConfigError
from runner.experiment.assemble import Experiment, split_settings, total_steps
from runner.experiment.settings import class_counts
from runner.models.cnn import Cnn, widest_kernel
from runner.models.summary import layers

SHOWN_APART = ("lr", "groups")  # knobs of an optimizer


def outline(experiment: Experiment, run_dir: Path) -> Outline:
    """The experiment as the console, TensorBoard and summary.json show it."""
    config, data, parts = experiment.config, experiment.data, experiment.parts
    steps_per_epoch = len(experiment.train)
    by_hand = turned(config.optimizer, experiment.catalog)
    return Outline(
        name=config.name,
        options=config.as_dict()["options"],
        auto_model=config.model.chosen_for,
        task=data.task,
        in_shape=experiment.in_shape,
        class_names=data.class_names,
        class_counts=class_counts(data, experiment.split.train),
        split_sizes={name: len(getattr(experiment.split, name)) for name in SPLITS},
        split_note=describe(data, split_settings(config)),
        layers=layers(parts.model, experiment.in_shape),
        num_parameters=sum(p.numel() for p in parts.model.parameters()),
        loss=f"{config.loss.option}{turned(config.loss, experiment.catalog)}",
        optimizer=f"{config.optimizer.option} lr {config.optimizer.knobs['lr']:g}{by_hand}",
        weight_groups=optimizer.describe(config.optimizer, parts.optimizers, parts.model),
        scheduler=schedule.describe(config.scheduler, experiment.catalog),
        device=str(experiment.choice.device),
        device_reason=experiment.choice.reason,
        epochs=experiment.plan.epochs,
        batch_size=config.batch_size,
        accumulate_steps=config.accumulate_steps,
        precision=config.precision,
        compile=config.compile,
        devices=config.devices,
        steps_per_epoch=steps_per_epoch,
        total_steps=total_steps(config, steps_per_epoch),
        monitor=config.monitor,
        higher_is_better=directions(parts.metrics),
        reference=config.reference,
        run_dir=run_dir,
        notes=(
            *data.notes,
            *experiment.notes,
            *idle_workers(config, data),
            *idle_weights(config.model, experiment.in_shape),
            *metrics_of_one_class(parts.metrics, data.class_names),
        ),
        shuffle=config.shuffle,
        print_every_steps=config.print_every_steps,
    )


def turned(part: Part, catalog: Catalog) -> str:
    """As " weight_decay 0.1": the knobs that are not as the option's file has them, but for those told elsewhere."""
    try:
        usual = catalog.option(part.group, part.option).knobs
    except ConfigError:  # of a stored run, whose options need not be there
        return ""
    found = [(name, value) for name, value in leaves(part.knobs, usual) if name in usual and name not in SHOWN_APART]
    return "".join(f" {name} {shown(value)}" for name, value in found if value != usual[name].default)


def idle_workers(config: Config, data: Data) -> list[str]:
    if config.num_workers == 0 or not isinstance(data.x, Tensor):
        return []
    return [f"num_workers={config.num_workers} has no effect: {config.dataset.option} is held in memory"]


def idle_weights(net: Part, in_shape: tuple[int, ...]) -> list[str]:
    """A line where a kernel reaches so far past the pictures that it could be smaller without a loss."""
    names = ("channels", "kernel_size", "padding", "pool_size")
    if net.target != f"{Cnn.__module__}.{Cnn.__name__}" or not net.knobs["channels"]:
        return []
    size, widest = net.knobs["kernel_size"], widest_kernel(in_shape, **{name: net.knobs[name] for name in names})
    told = f"model.kernel_size={size}: its outer weights meet zeros alone, past the edge of what a block gets"
    return [f"{told}; all of them meet pixels up to model.kernel_size={widest}"] if size > widest else []


def metrics_of_one_class(metrics: Mapping[str, Any], class_names: Sequence[str]) -> list[str]:
    """A line for each metric that is of one class of two alone, unlike what is shown of all classes."""
    alone = {name: metric.positive for name, metric in metrics.items() if isinstance(metric, OfTwoClasses)}
    told = ((name, class_names[k], class_names[1 - k]) for name, k in alone.items() if k is not None)
    return [f"{name} is of class {one} alone; another: metric.{name}.{POSITIVE}={other}" for name, one, other in told]
