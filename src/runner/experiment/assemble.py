"""A checked config, built: data, splits, parts and batches on their device."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import torch
from torch import nn
from torch.amp import GradScaler

from runner import device, seed
from runner.build import libraries, optimizer, own_net, schedule
from runner.build.instantiate import build_source, faults_of
from runner.build.loss import build_loss
from runner.build.model import is_ensemble
from runner.config.catalog import Catalog, Part
from runner.config.run_config import Config
from runner.config.steps import with_numeric
from runner.contracts import Batches, Batching, Data, Ensemble, Parts, Source, Split, TargetTransform, Unfitted
from runner.data.augment import build_augment
from runner.data.batches import OneBatch, batches_of_splits
from runner.data.checks import check_data, check_transformed, digest
from runner.data.splits import SplitSettings, evaluated, split
from runner.data.table.suspects import leaks, sentinels
from runner.data.transforms import blank_preprocess, build_preprocess, out_shape
from runner.engine.best import Monitor, directions, is_higher_better
from runner.engine.fit import Plan
from runner.experiment import origin
from runner.experiment.accumulation import accumulation_notes
from runner.experiment.calibration import check_calibration
from runner.experiment.located import located
from runner.experiment.metric_checks import check_measurable
from runner.experiment.net import build_net, learns_categories
from runner.experiment.settings import notes, resolve_auto, with_batch_size, with_epochs, with_limit
from runner.losses.readout import NearestNeighbour
from runner.models.summary import layers, rows_that_fit
from runner.text import expanded

EVAL_BYTES = 16 * 2**20  # of the largest output of a layer in evaluation on the CPU; the caches hold less anyway
# Knobs of a dataset option that its source does not take
OF_EVERY_DATASET = ("limit", "transforms", "augment", "categorical", "numeric", "target_transform")


@dataclass(frozen=True)
class Experiment:
    """All that ``train``, ``resume``, ``eval`` and ``predict`` work on."""

    config: Config  # "auto" resolved
    data: Data
    split: Split
    parts: Parts
    train: Batches
    judged: Mapping[str, Batches]  # train, val and test in their own order, those that have rows
    choice: device.Choice
    in_shape: tuple[int, ...]
    catalog: Catalog  # in which its options were found
    notes: tuple[str, ...] = ()  # of what was decided where nobody had said it, and of a net of a user's own

    @property
    def has_validation(self) -> bool:
        return "val" in self.judged

    @cached_property
    def data_digest(self) -> str:
        return digest(self.data)

    @property
    def plan(self) -> Plan:
        return plan_of(self.config)

    @property
    def higher_is_better(self) -> bool:
        """Whether a higher value of the monitor is the better one."""
        return monitors_highest(self.config, self.parts.metrics)

    def new_monitor(self) -> Monitor:
        stopping = self.config.early_stopping
        return Monitor(
            self.config.monitor,
            min_delta=stopping.min_delta,
            patience_epochs=stopping.patience_epochs,
            higher_is_better=self.higher_is_better,
        )


def monitors_highest(config: Config, metrics: Mapping[str, Any]) -> bool:
    """Whether a higher value of the monitor is the better one; in stored runs also where nothing says so."""
    return is_higher_better(config.monitor, directions(metrics)) is not False


def plan_of(config: Config) -> Plan:
    assert isinstance(config.epochs, int), "auto is resolved"
    return Plan(
        epochs=config.epochs,
        log_every_steps=config.log_every_steps,
        monitor=config.monitor,
        max_steps=config.max_steps,
        checkpoint_every_steps=config.checkpoint.every_steps,
        print_every_steps=config.print_every_steps,
        test_every_epochs=config.test_every_epochs,
        grad_clip_norm=config.grad_clip_norm,
        batch_size=config.batch_size,
    )


def assemble(config: Config, catalog: Catalog, read: Callable[[Config], Data] | None = None) -> Experiment:
    """Build everything the config names; ``read`` gives its data where ``read_data`` shall not.

    Raises ConfigError, DataError or DeviceError before anything is written.
    """
    device.threads(config.threads, config.devices)
    choice = device.choose(config.device)
    said = config
    data, rows = read_split(config, read or read_data)
    config = with_limit(config, len(rows.train))
    judged_rows = evaluated(data, rows, config.max_eval_rows, config.split_seed)
    config = located(resolve_auto(config, catalog, data, judged_rows))
    preprocess = build_preprocess(transforms(config), data, rows.train, config.num_workers)
    in_shape = out_shape(preprocess, data)
    net = build_net(config, data, preprocess, in_shape)
    told = origin.begin(net, config, data)
    config = with_batch_size(config, net, in_shape, len(rows.train))
    train, judged = batches(config, data, rows, judged_rows, choice.device, in_shape, net)
    train = train if config.repeat_batch is None else OneBatch(train, config.repeat_batch)
    config = with_epochs(config, data, len(train))
    parts = build_parts(config, data, rows, preprocess, net, in_shape, len(train), choice.device)
    if isinstance(parts.readout, NearestNeighbour):
        parts.readout.hold(judged["train"].num_rows)
        parts = replace(parts, reference=judged["train"])
    rows = replace(rows, val=judged_rows.val, test=judged_rows.test)
    check_measurable(config, data, judged_rows, parts.metrics)
    check_calibration(config, data, judged_rows, parts.readout)
    decided = (*notes(said, config, data, len(rows.train)), *accumulation_notes(config, net, parts.loss))
    remarks = (*told, *decided, *net_remarks(config, data, rows, parts))
    return Experiment(config, data, rows, parts, train, judged, choice, in_shape, catalog, remarks)


def net_remarks(config: Config, data: Data, rows: Split, parts: Parts) -> tuple[str, ...]:
    """A line for each thing that keeps a net of a user's own from learning, found on the first train rows.

    The net, its statistics and the random generators are left as they were. Raises ConfigError where it fails on them.
    """
    if not own_net.is_own(parts.model):
        return ()
    first = rows.train[: own_net.ROWS]
    first = first if len(first) > 1 else first.expand(2)  # a batch norm cannot be tried on one
    where = next(parts.model.parameters()).device
    with seed.kept(), faults_of(config.model):
        x = parts.preprocess(data.x[first].to(where))
        told = own_net.remarks(parts.model, parts.loss, config.loss.option, x)
    return tuple(f"model={config.model.option}: {line}" for line in told)


def read_split(config: Config, read: Callable[[Config], Data]) -> tuple[Data, Split]:
    """Every row that ``read`` gives, and which split each is in. Raises ConfigError or DataError."""
    data, settings = read(config), split_settings(config)
    check_transformed(data, target_transform(config))
    if settings.limit is not None and "dataset.limit" not in config.said:  # a batch, of a recipe that looks for a fault
        available = len(split(data, replace(settings, limit=None)).train)
        settings = replace(settings, limit=min(settings.limit, available))
    rows = split(data, settings)
    if isinstance(data.x, Unfitted):  # columns and classes are as the train rows tell them
        data = data.x.fitted(rows)
        check_data(data)
        data = replace(data, notes=(*data.notes, *leaks(data, rows), *sentinels(data, rows)))
    return data, rows


def read_data(config: Config) -> Data:
    """Every row of the config's data set, checked. Raises ConfigError or DataError."""
    data = source_of(config.dataset, config.trusted).load(expanded(config.data_dir))
    check_data(data)
    return data


class ReadOnce:
    """``read_data`` for configs of one data set: what was read is given again."""

    data: Data | None = None

    def __call__(self, config: Config) -> Data:
        self.data = self.data or read_data(config)
        return self.data


def source_of(part: Part, trusted: Sequence[str] = ()) -> Source:
    """The data set of an option, of whose knobs it takes those that are its own."""
    knobs = {key: value for key, value in part.knobs.items() if key not in OF_EVERY_DATASET}
    return build_source(replace(part, knobs=knobs), trusted)


def transforms(config: Config) -> list[Any]:
    """The steps in front of the net; a model that learns vectors for categories is given their codes."""
    steps = with_numeric(config.dataset, is_said="dataset.numeric" in config.said)
    return [step for step in steps if step != "one_hot"] if learns_categories(config) else steps


def target_transform(config: Config) -> TargetTransform | None:
    """What the target is learned as."""
    transform: TargetTransform | None = config.dataset.knobs.get("target_transform")
    return transform


def split_settings(config: Config) -> SplitSettings:
    own = [setting.name for setting in fields(SplitSettings) if setting.name != "limit"]
    return SplitSettings(**{name: getattr(config, name) for name in own}, limit=config.dataset.knobs.get("limit"))


def build_parts(
    config: Config,
    data: Data,
    rows: Split,
    preprocess: nn.Module,
    net: nn.Module,
    in_shape: tuple[int, ...],
    steps_per_epoch: int,
    where: torch.device,
) -> Parts:
    libraries.load()
    from runner.build.metric import build_metrics  # brings torchmetrics: only what is known to be right waits for it

    num_classes = len(data.class_names)
    y_train, transform = data.y[rows.train], target_transform(config)
    loss, readout = build_loss(config.loss, data.task, num_classes, y_train, config.trusted, transform=transform)
    model = net.to(where)
    built = optimizer.build_optimizers(config.optimizer, model, where, config.trusted)
    metrics = build_metrics(list(config.metric.values()), data.task, data.class_names, config.trusted)
    scheduled = schedule.build_schedules(
        config.scheduler,
        built,
        total_steps=total_steps(config, steps_per_epoch),
        steps_per_epoch=steps_per_epoch,
        monitor_mode="max" if monitors_highest(config, metrics) else "min",
        trusted=config.trusted,
    )
    return Parts(
        preprocess=preprocess.to(where),
        model=model,
        loss=loss.to(where),
        readout=readout.to(where),
        optimizers=built,
        schedules=scheduled,
        metrics={name: metric.to(where) for name, metric in metrics.items()},
        task=data.task,
        autocast=device.AUTOCAST[config.precision],
        scaler=GradScaler(where.type) if config.precision == "fp16" else None,
        max_eval_batch=rows_that_fit(layers(model, in_shape), EVAL_BYTES) if where.type == "cpu" else None,
        augment=build_augment(
            config.dataset.knobs.get("augment", []), tuple(data.x.shape[1:]), seed.derive(config.seed, "augment")
        ),
    )


def net_alone(config: Config, catalog: Catalog) -> tuple[nn.Module, tuple[int, ...]]:
    """(the model with the weights that a run begins with, the shape of a row), no data read where its form is known."""
    known = None if is_ensemble(config.model, config.trusted) else source_of(config.dataset, config.trusted).blank()
    if known:
        data, preprocess = known, blank_preprocess(transforms(config), tuple(known.x.shape[1:]), known.columns)
    else:
        data, rows = read_split(config, read_data)
        preprocess = build_preprocess(transforms(config), data, rows.train, config.num_workers)
    in_shape = out_shape(preprocess, data)
    config = resolve_auto(config, catalog, data)
    return build_net(config, data, preprocess, in_shape), in_shape


def batches(
    config: Config,
    data: Data,
    rows: Split,
    judged_rows: Split,
    where: torch.device,
    in_shape: tuple[int, ...],
    net: nn.Module,
) -> tuple[Batches, Mapping[str, Batches]]:
    """(train, every split that has rows): on the device from the start, or read by workers where the rows stream."""
    order_seed = seed.derive(config.seed, "order") if config.shuffle else None
    batching = Batching(where, config.batch_size * config.accumulate_steps, config.eval_batch_size, order_seed)
    if isinstance(net, Ensemble):
        batching = replace(batching, num_members=net.num_members, shares_batches=net.shares_batches)
    return batches_of_splits(
        data,
        rows,
        batching,
        judged_split=judged_rows,
        row_shape=in_shape,
        draw_seed=seed.derive(config.seed, "draws"),
        num_workers=config.num_workers,
    )


def total_steps(config: Config, steps_per_epoch: int) -> int:
    steps = plan_of(config).epochs * steps_per_epoch
    return steps if config.max_steps is None else min(steps, config.max_steps)
