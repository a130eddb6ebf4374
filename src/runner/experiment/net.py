"""The net of a config: what it is told of the data, and the weights that a run begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from runner import seed
from runner.build import model as build
from runner.build.loss import is_embedding, num_outputs
from runner.config.run_config import Config
from runner.contracts import Data
from runner.data.transforms import columns, of_two_values
from runner.errors import ConfigError


def build_net(config: Config, data: Data, preprocess: nn.Module, in_shape: tuple[int, ...]) -> nn.Module:
    """The model with the weights that a run begins with; a fitted ``preprocess`` tells an ensemble what to embed."""
    outputs = num_outputs(config.loss, data.task, len(data.class_names), config.trusted)
    of_table: Mapping[str, Any] = {}
    if build.is_ensemble(config.model, config.trusted):
        check_answers(config)
        known = of_two_values(preprocess)
        of_table = {"task": data.task, "two_valued": known if len(known) else torch.zeros(in_shape[0]).bool()}
    seed.seed_everything(seed.derive(config.seed, "weights"))
    return build_model(config, preprocess, in_shape, outputs, of_table)


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
