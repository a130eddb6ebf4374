"""The optimizers of a model's weights: which of them trains which weight, with which knobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adagrad, Adam, AdamW, Muon, Optimizer, SparseAdam

from runner.build.instantiate import arguments, faults_of, kind_of, make
from runner.build.parameters import (
    WeightGroup,
    biases_and_norms,
    embedding_tables,
    hidden_matrices,
    matched,
    sparse_gradients,
    weight_groups,
)
from runner.config.catalog import Part
from runner.errors import ConfigError

OF_EVERY_OPTIMIZER = ("groups", "decay_biases_and_norms")  # knobs of an option that its class does not take
# Device types for which torch has a one-kernel step
FUSED = {
    SGD: ("cpu", "cuda", "mps"),
    Adam: ("cpu", "cuda", "mps"),
    AdamW: ("cpu", "cuda", "mps"),
    Adagrad: ("cpu", "cuda"),
}
# Classes of torch that are for some weights only -> the class of the others, whose knobs stand under its name
COMPANIONS: Mapping[type[Optimizer], type[Optimizer]] = {Muon: AdamW, SparseAdam: Adam}
MOST_NAMES = 3  # weights of a group that are told one by one


@dataclass(frozen=True)
class Share:
    """The weights that one optimizer trains."""

    part: Part  # its own knobs alone
    kind: type[Optimizer]
    names: tuple[str, ...]
    label: str = ""  # of the companion


def build_optimizers(
    part: Part, model: nn.Module, device: torch.device, trusted: Sequence[str] = ()
) -> tuple[Optimizer, ...]:
    """The optimizers of the model's weights, which are on ``device`` already.

    Muon and SparseAdam take the weights they are made for and leave the others to a companion; SparseAdam makes the
    gradients of embedding tables sparse. ``fused: null`` becomes true where torch has such a step. Raises ConfigError
    also for what torch would refuse at the first step.
    """
    weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    if not weights:
        raise ConfigError(f"optimizer={part.option} has nothing to do: the model has no weights to learn")
    kind, groups = kind_of(part, Optimizer, trusted), part.knobs.get("groups", [])
    shares = _shares(part, kind, _chosen(part, kind, model, weights), weights)
    found = matched(groups, weights)
    undecayed = biases_and_norms(model) if part.knobs.get("decay_biases_and_norms") is False else set()
    sparse = sparse_gradients(model)
    return tuple(
        _optimizer(share, weight_groups(share.names, share.kind, groups, found, undecayed), weights, sparse, device)
        for share in shares
    )


def sample_optimizers(part: Part, trusted: Sequence[str] = ()) -> tuple[Optimizer, ...]:
    """The same optimizers without a model: each group has one weight. What a schedule is drawn with."""
    kind, groups = kind_of(part, Optimizer, trusted), part.knobs.get("groups", [])
    names = ("weight", *(group["pattern"] for group in groups))
    weights = {name: nn.Parameter(torch.zeros(1, 1)) for name in (*names, "of the companion")}
    shares = _shares(part, kind, names, weights)
    found = {group["pattern"]: number for number, group in enumerate(groups)}
    return tuple(
        _optimizer(share, weight_groups(share.names, share.kind, groups, found, ()), weights, set(), None)
        for share in shares
    )


def describe(part: Part, optimizers: Sequence[Optimizer], model: nn.Module) -> tuple[str, ...]:
    """A line for each group of weights, as "AdamW lr 0.001: 0.bias, 2.bias"; () where all weights are trained alike."""
    names = {id(weight): name for name, weight in model.named_parameters()}
    groups = [(optimizer, group) for optimizer in optimizers for group in optimizer.param_groups]
    if len(groups) == 1:
        return ()
    own_rates = {group["pattern"]: group.get("lr") for group in part.knobs.get("groups", [])}
    lines = []
    for optimizer, group in groups:
        rate = own_rates.get(group.get("name"), optimizer.defaults["lr"])  # not what a schedule has made of it
        members = _names_text([names[id(weight)] for weight in group["params"]])
        lines.append(f"{type(optimizer).__name__} lr {rate:g}{_differences(optimizer, group)}: {members}")
    return tuple(lines)


def _differences(optimizer: Optimizer, group: Mapping[str, Any]) -> str:
    """The weight decay, and all else in which the optimizer's groups differ."""
    others = [key for key in optimizer.defaults if key != "lr"]
    told = [k for k in others if k == "weight_decay" or any(g[k] != group[k] for g in optimizer.param_groups)]
    return "".join(f" {key} {group[key]}" for key in told)


def _names_text(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES} more"


def _chosen(part: Part, kind: type[Optimizer], model: nn.Module, weights: Mapping[str, Tensor]) -> tuple[str, ...]:
    """The weights that ``kind`` is for. Raises ConfigError where there are none."""
    if kind not in COMPANIONS:
        return tuple(weights)
    if kind is Muon:
        chosen = hidden_matrices(model)
        refusal = "the model has no hidden weight of two dimensions; choose model=mlp, or optimizer=adamw"
    else:
        tables = {name: table for name, table in embedding_tables(model).items() if name in weights}
        for table in tables.values():
            table.sparse = True
        chosen = set(tables)
        refusal = (
            "the model has no embedding table, so no gradient is sparse; choose optimizer=adam, "
            "or for a table with categories dataset.categorical=embedding"
        )
    names = tuple(name for name in weights if name in chosen)
    if not names:
        raise ConfigError(f"optimizer={part.option}: {refusal}")
    return names


def _shares(
    part: Part, kind: type[Optimizer], chosen: Sequence[str], weights: Mapping[str, Tensor]
) -> tuple[Share, ...]:
    """``chosen`` by ``kind``, the other weights by its companion."""
    knobs = {key: value for key, value in part.knobs.items() if key not in OF_EVERY_OPTIMIZER}
    if kind not in COMPANIONS:
        return (Share(replace(part, knobs=knobs), kind, tuple(chosen)),)
    companion = COMPANIONS[kind]
    option = companion.__name__.lower()
    of_companion = knobs.pop(option, None)
    if of_companion is None:
        raise ConfigError(f"optimizer.{option} is missing: the knobs of what {kind.__name__} does not train")
    others = tuple(name for name in weights if name not in chosen)
    own = Share(replace(part, knobs=knobs), kind, tuple(chosen))
    if not others:
        return (own,)
    return (own, Share(Part(f"optimizer.{option}", option, None, of_companion), companion, others, option))


def _optimizer(
    share: Share,
    groups: Sequence[WeightGroup],
    weights: Mapping[str, nn.Parameter],
    sparse: set[str],
    device: torch.device | None,
) -> Optimizer:
    """The optimizer of a share, each of its groups tried out on a ``device`` first."""
    is_sparse = not sparse.isdisjoint(share.names)
    knobs = dict(share.part.knobs)
    if device is not None and not is_sparse and _can_fuse(share.kind, knobs, device):
        knobs["fused"] = True
    params = []
    for group in groups:
        given = arguments(share.part, share.kind, {"params": None}, knobs | dict(group.options))
        if device is not None:
            _rehearse(share, knobs | dict(group.options), sparse.intersection(group.names), device)
        params.append(
            {"params": [weights[name] for name in group.names], **{key: given[key] for key in group.options}}
            | ({"name": group.label or share.label} if group.label or share.label else {})
        )
    alike = len(params) == 1 and params[0].keys() == {"params"}
    return make(share.part, share.kind, {"params": params[0]["params"] if alike else params}, knobs)


def _can_fuse(kind: type[Optimizer], knobs: Mapping[str, Any], device: torch.device) -> bool:
    unset = knobs.get("fused") is None and not knobs.get("foreach") and not knobs.get("differentiable")
    return unset and device.type in FUSED.get(kind, ())


def _rehearse(share: Share, knobs: Mapping[str, Any], sparse: set[str], device: torch.device) -> None:
    """One step on a weight of its own: only then torch looks at the gradient, capturable, line_search_fn and others."""
    weight = torch.ones(2, 2, device=device, requires_grad=True)
    optimizer = make(share.part, share.kind, {"params": [weight]}, knobs)

    def closure() -> float:
        weight.grad = weight.detach().to_sparse(1) if sparse else weight.detach().clone()
        return float(weight.detach().square().sum() / 2)

    closure()
    with faults_of(share.part):
        optimizer.step(closure)
