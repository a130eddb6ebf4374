"""Whether a run can be trained on several devices, and what it does not share with a run on one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn

from runner import device
from runner.config.run_config import Config
from runner.errors import ConfigError, DeviceError
from runner.experiment.assemble import Experiment
from runner.losses.adapted import may_leave_out_rows
from runner.losses.embedding import EmbeddingLoss
from runner.ranks import num_launched


def with_launched(config: Config) -> Config:
    """With the number of processes that torchrun has started. Raises ConfigError where another one was asked for."""
    count = num_launched()
    if count == 1:
        return config
    if "devices" in config.said and config.devices != count:
        raise ConfigError(f"devices={config.devices}: torchrun has started {count} processes; leave devices out")
    if config.fold == "all":
        raise ConfigError(
            "fold=all: torchrun trains one run; choose a fold, as fold=0, or set devices=2 without torchrun"
        )
    return replace(config, devices=count)


def with_devices_checked(experiment: Experiment) -> Experiment:
    """With notes on what differs. Raises ConfigError or DeviceError where several devices cannot train it."""
    config = with_launched(experiment.config)
    if config.devices == 1:
        return experiment
    check_number(config, experiment.choice.device)
    if faults := [f"devices={config.devices}: {fault}" for fault in unfit(experiment, config)]:
        raise ConfigError(faults)
    return replace(experiment, config=config, notes=(*experiment.notes, *pair_notes(experiment)))


def check_number(config: Config, where: torch.device) -> None:
    """Raises DeviceError where there are fewer devices, or the one that was named is the only one."""
    if where.type == "mps" or ":" in config.device:
        raise DeviceError(
            f"devices={config.devices}: device={config.device} is one device; set device=cuda or device=cpu"
        )
    here = torch.cuda.device_count() if where.type == "cuda" else device.num_cores()
    if device.num_processes_here(config.devices) > here:
        what = "GPU" if where.type == "cuda" else "core"
        raise DeviceError(
            f"devices={config.devices}: this machine has {here} {what}{'s' * (here != 1)}; set devices={here}"
        )


def unfit(experiment: Experiment, config: Config) -> Iterator[str]:
    """Why each device cannot train on a share of the rows."""
    net = experiment.parts.model
    if config.batch_size < config.devices:
        yield f"each takes a row of a batch at least; set batch_size={config.devices} or more"
    if not isinstance(experiment.data.x, Tensor):
        yield f"each would read all rows of dataset={config.dataset.option} from the disk; set devices=1"
    if config.compile:
        yield "compile=true is for one device; leave one of them out"
    if any(isinstance(module, nn.Embedding | nn.EmbeddingBag) and module.sparse for module in net.modules()):
        yield "sparse gradients are not added up; choose dense ones, as optimizer=adam has"
    if may_leave_out_rows(experiment.parts.loss):
        yield f"loss={config.loss.option} leaves out a class, and a device may have rows of no other; set devices=1"
    if has_batch_norm(net) and experiment.choice.device.type == "cpu":
        yield (
            "batch normalisation takes its statistics from all rows of a batch, which torch gathers on GPUs alone\n"
            "  choose another normalisation, as model.normalisation=layer, or set devices=1"
        )


def has_batch_norm(net: nn.Module) -> bool:
    return any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in net.modules())


def pair_notes(experiment: Experiment) -> Iterator[str]:
    config = experiment.config
    if any(isinstance(module, EmbeddingLoss) for module in experiment.parts.loss.modules()):
        yield f"devices: loss={config.loss.option} looks for its pairs among the rows of a device, not of the batch"
