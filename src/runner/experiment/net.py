"""The net of a config: what it is told of the data, and the weights that a run begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from runner import device, seed
from runner.build import model as build
from runner.build.loss import is_embedding, num_outputs
from runner.config.run_config import Config
from runner.contracts import Data
from runner.data.transforms import columns, of_two_values
from runner.errors import ConfigError, RunError


def build_net(config: Config, data: Data, preprocess: nn.Module, in_shape: tuple[int, ...]) -> nn.Module:
    """The model with the weights that a run begins with; a fitted ``preprocess`` tells an ensemble what to embed."""
    outputs = num_outputs(config.loss, data.task, len(data.class_names), config.trusted)
    of_table: Mapping[str, Any] = {}
    if build.is_ensemble(config.model, config.trusted):
        check_answers(config)
        known = of_two_values(preprocess)
        of_table = {"task": data.task, "two_valued": known if len(known) else torch.zeros(in_shape[0]).bool()}
    elif not (config.trusted or learns_categories(config)):
        check_memory(config, build.num_bytes(config.model, in_shape, outputs))
    seed.seed_everything(seed.derive(config.seed, "weights"))
    return build_model(config, preprocess, in_shape, outputs, of_table)


def check_memory(config: Config, weights: int) -> None:
    """Raises RunError where ``weights`` of that many bytes, and what training keeps beside them, are more than there
    is memory: after minutes the allocation would fail."""
    is_trained_here = device.choose(config.device).device.type == "cpu" and not config.model.knobs.get("freeze")
    copies = 2 + 2 * ("betas" in config.optimizer.knobs) if is_trained_here else 1  # gradients, two means of Adam
    limit = device.memory_limit()
    if limit is not None and copies * weights > limit:
        raise RunError(
            f"model={config.model.option}: does not fit into memory: {copies * weights / 1e9:,.1f} GB for weights and "
            f"training, and this machine has {limit / 1e9:,.1f} GB; choose fewer or narrower layers"
        )


def check_answers(config: Config) -> None:
    """Raises ConfigError for a loss of places, of which members have no mean answer."""
    if is_embedding(config.loss, config.trusted):
        raise ConfigError(
            f"loss={config.loss.option}: model={config.model.option} takes the mean of probabilities or numbers, and "
            "this loss learns places of rows; choose another loss, or model=dnn"
        )


def build_model(
    config: Config,
    preprocess: nn.Module,
    in_shape: tuple[int, ...],
    outputs: int,
    of_table: Mapping[str, Any],
) -> nn.Module:
    """The net on the CPU, with a learned vector for each category in front where the dataset's option says so."""
    if learns_categories(config):
        return build.build_embedded_model(config.model, columns(preprocess), outputs, config.trusted)
    return build.build_model(config.model, in_shape, outputs, config.trusted, of_table)


def learns_categories(config: Config) -> bool:
    return config.dataset.knobs.get("categorical") == "embedding"
