"""Checked part -> model. What only the run knows is given here; what torch would refuse later is refused now."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from runner.build import own_net
from runner.build.instantiate import faults_of, kind_of, make, make_layer, parameter_names
from runner.build.own_code import own_code
from runner.build.parameters import freeze
from runner.config.catalog import Part
from runner.contracts import Architecture, Column, Ensemble
from runner.errors import ConfigError
from runner.models.embeddings import Embeddings


def build_model(
    part: Part,
    in_shape: tuple[int, ...],
    num_outputs: int,
    trusted: Sequence[str] = (),
    of_table: Mapping[str, Any] = {},
) -> nn.Module:
    """A model on the CPU, [B, *in_shape] -> logits_BK. Its weights are drawn from torch's global generator.

    What its ``freeze`` names needs no gradient. An ensemble is given what is known ``of_table`` too.
    """
    facts = {"in_shape": in_shape, "num_outputs": num_outputs}
    model = _net(part, {**facts, **of_table} if is_ensemble(part, trusted) else facts, trusted)
    with faults_of(part), torch.no_grad(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using padding='same' with even kernel")  # said once: a copy more, no fault
        _check_outputs(part, model.eval()(torch.zeros(1, *in_shape)), [1, num_outputs])
        if own_net.is_own(model):  # a user's may give more in training
            with torch.random.fork_rng([]), torch.enable_grad():
                copy = deepcopy(model).train()
                outputs = copy(torch.zeros(2, *in_shape))
            _check_outputs(part, outputs, [2, num_outputs])
            own_net.check_gradient(copy, outputs)
    freeze(model, part.knobs.get("freeze", []))
    return model.train()


def num_bytes(part: Part, in_shape: tuple[int, ...], num_outputs: int) -> int:
    """How much memory the weights of a net of this program take; 0 of any other, which may not be made twice."""
    kind = kind_of(part, object, ())
    if issubclass(kind, Architecture | Ensemble):
        return 0
    with torch.device("meta"):  # shapes without memory
        net = _net(part, {"in_shape": in_shape, "num_outputs": num_outputs}, ())
    return sum(weights.numel() * weights.element_size() for weights in net.parameters())


def is_ensemble(part: Part, trusted: Sequence[str] = ()) -> bool:
    """Whether the net has members that take a batch each."""
    return issubclass(kind_of(part, object, trusted), Ensemble)


def without_published_weights(part: Part) -> Part:
    """A model whose weights come from a checkpoint: a net of torchvision is drawn anew, so that no file is needed."""
    if part.target != "runner.models.torchvision.Torchvision":
        return part
    return replace(part, knobs={**part.knobs, "weights": None})


def _net(part: Part, facts: Mapping[str, Any], trusted: Sequence[str]) -> nn.Module:
    knobs = {key: value for key, value in part.knobs.items() if key != "freeze"}
    kind = kind_of(part, object, trusted)
    if not issubclass(kind, Architecture):
        return make(part, kind_of(part, nn.Module, trusted), facts, knobs)
    own: dict[str, Any] = {}
    if "make_net" in parameter_names(kind):
        own = {"make_net": own_code(part, trusted)}
    elif "make_layer" in parameter_names(kind):
        own = {"make_layer": make_layer}
    architecture = make(part, kind, own, knobs)
    with faults_of(part):
        return architecture.build(**facts)


def _check_outputs(part: Part, outputs: object, shape: list[int]) -> None:
    if not isinstance(outputs, torch.Tensor):
        raise ConfigError(f"gives a {type(outputs).__name__}; a model gives one tensor, [rows, outputs]")
    if list(outputs.shape) != shape:
        as_classes = "; two outputs for two classes want loss=cross_entropy" * (
            outputs.shape[1:] == (2,) and shape[1] == 1
        )
        rows = "one row" if shape[0] == 1 else "two rows"
        raise ConfigError(f"turns {rows} into {list(outputs.shape)}, not into {shape}{as_classes}")


def build_embedded_model(
    part: Part, columns: tuple[Column, ...], num_outputs: int, trusted: Sequence[str] = ()
) -> nn.Module:
    """The model behind a learned vector for each category of the ``columns``: category codes and numbers -> logits_BK.

    Raises ConfigError where there is no category.
    """
    if all(column.is_number for column in columns):
        raise ConfigError(
            "dataset.categorical=embedding: this data set has no categories; set dataset.categorical=onehot"
        )
    if is_ensemble(part, trusted):
        raise ConfigError(
            f"dataset.categorical=embedding: model={part.option} takes categories as columns of 0 and 1; "
            "set dataset.categorical=onehot"
        )
    embeddings = Embeddings(columns)
    net = build_model(part, embeddings.out_shape, num_outputs, trusted)
    return nn.Sequential(OrderedDict(embeddings=embeddings, net=net))
