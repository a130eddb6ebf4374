"""What keeps a net of a user's own from learning: found on a copy, before it is trained.

Shapes: B rows, K outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from runner.build.target import TRUSTED_ROOTS
from runner.errors import ConfigError
from runner.losses.adapted import Adapted, Standardised

ROWS = 8  # that the net is tried on
FACTORS = (8.0, -8.0)  # of all weights: outputs that are bounded stay so
MOST_NAMES = 3  # in a line
WANT_RAW_OUTPUTS = (
    *(nn.CrossEntropyLoss, nn.NLLLoss, nn.BCEWithLogitsLoss, nn.BCELoss, nn.SoftMarginLoss, nn.MultiMarginLoss),
    *(nn.MultiLabelMarginLoss, nn.MultiLabelSoftMarginLoss, nn.MarginRankingLoss),
)
MODAL = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._BatchNorm, nn.RReLU)  # do other things in evaluation
OF_EVERY_MODULE = frozenset(vars(nn.Module()))


def is_own(net: nn.Module) -> bool:
    """Whether some of it is neither this program's nor torch's."""
    return any(_is_foreign(type(module)) for module in net.modules())


def _is_foreign(kind: type) -> bool:
    return kind.__module__.partition(".")[0] not in (*TRUSTED_ROOTS, "builtins")


def check_gradient(net: nn.Module, outputs: Tensor) -> None:
    """Raises ConfigError where no weight of the net would learn from its ``outputs`` in training."""
    has_weights = any(weight.requires_grad for weight in net.parameters())
    if has_weights and not outputs.requires_grad:
        raise ConfigError(
            f"its outputs ({str(outputs.dtype).removeprefix('torch.')}) have no gradient: its weights would not train\n"
            "  remove detach(), no_grad, argmax, comparisons and numpy from forward"
        )
    if not has_weights and (lines := unregistered(net, outputs)):
        raise ConfigError(f"none of its weights would train: {'; '.join(lines)}")


def remarks(net: nn.Module, loss: nn.Module, loss_name: str, x: Tensor) -> list[str]:
    """A line for each thing that keeps ``net``, which is left as it is, from learning; ``x`` are rows as it gets them.

    Draws from the global generators.
    """
    copy = deepcopy(net)
    return [*unregistered(copy, copy.train()(x)), *squeezed(net, loss, loss_name, x)]


def unregistered(net: nn.Module, outputs: Tensor) -> list[str]:
    """Lines on layers and weights that made ``outputs`` and that no optimizer is given, or that stay in training."""
    own = {id(weight) for weight in net.parameters()}
    hidden = {id(leaf): leaf for leaf in _leaves(outputs) if id(leaf) not in own}
    found: dict[tuple[str, str], list[str]] = {}
    for name, thing, cure in _held(net):
        weights = [thing] if isinstance(thing, Tensor) else [*thing.parameters()]
        if [hidden.pop(id(weight)) for weight in weights if id(weight) in hidden]:
            found.setdefault(("train", cure), []).append(name)
        elif isinstance(thing, MODAL) and thing.training:
            found.setdefault(("leave training mode", cure), []).append(name)
    nameless = [str(list(leaf.shape)) for leaf in hidden.values() if isinstance(leaf, nn.Parameter)]
    lines = [_line(names, verb, cure) for (verb, cure), names in found.items()]
    if nameless:
        lines.append(
            f"forward uses weights that are not the net's own ({_some(nameless)}), so they do not train: "
            "make their layers in __init__, as self.name = ..."
        )
    return lines


def _line(names: list[str], verb: str, cure: str) -> str:
    are, they_do = ("is", "it does") if len(names) == 1 else ("are", "they do")
    return f"{_some(names)} {are} not registered, so {they_do} not {verb}: {cure}"


def _some(names: list[str]) -> str:
    return ", ".join(names if len(names) <= MOST_NAMES else [*names[:MOST_NAMES], "..."])


def _leaves(outputs: Tensor) -> Iterator[Tensor]:
    """The tensors that a backward pass from ``outputs`` would leave a gradient in."""
    waiting, seen = [outputs.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if isinstance(leaf := getattr(node, "variable", None), Tensor):
            yield leaf
        waiting += [following for following, _ in node.next_functions]


def _held(net: nn.Module) -> Iterator[tuple[str, nn.Module | Tensor, str]]:
    """(name, layer or weight, what to hold it in) of what the net's modules hold without having registered it."""
    registered = {id(module) for module in net.modules()} | {id(weight) for weight in net.parameters()}
    for prefix, module in net.named_modules():
        if not _is_foreign(type(module)):
            continue
        kinds = [kind for kind in type(module).__mro__ if _is_foreign(kind)]
        for name, value in (pair for holder in (*kinds, module) for pair in list(vars(holder).items())):
            if name not in OF_EVERY_MODULE:
                yield from _inside(f"{prefix}.{name}".lstrip("."), value, "set it in __init__, on self", registered)


def _inside(name: str, value: Any, cure: str, seen: set[int]) -> Iterator[tuple[str, nn.Module | Tensor, str]]:
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, nn.Module):
        yield name, value, cure
    elif isinstance(value, Tensor) and value.requires_grad:
        yield name, value, "use nn.ParameterList" if cure.startswith("use") else "use nn.Parameter"
    elif isinstance(value, Mapping | list | tuple | set):
        kind = "nn.ModuleDict" if isinstance(value, Mapping) else "nn.ModuleList"
        inner = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in inner:
            yield from _inside(f"{name}.{key}", item, f"use {kind}", seen)


def squeezed(net: nn.Module, loss: nn.Module, loss_name: str, x: Tensor) -> list[str]:
    """A line where the outputs have gone through a softmax or a sigmoid, which the loss does not expect."""
    inner = loss.loss if isinstance(loss, Adapted) else loss
    if type(inner) in WANT_RAW_OUTPUTS:
        wants = f"loss={loss_name} wants raw outputs (logits)"
    elif isinstance(loss, Standardised):
        wants = f"loss={loss_name} is given targets of mean 0 and deviation 1"
    else:
        return []
    signs: tuple[tuple[Callable[[Tensor], bool], str], ...] = (
        (_sums_to_one, "sum to 1 in each row, as after a softmax"),
        (_is_share, "stay between 0 and 1, as after a sigmoid"),
    )
    for is_so, what in signs:
        modes = [training for training in (True, False) if _always(net, x, training, is_so)]
        if modes:
            when = "" if True in modes else "in evaluation "
            return [f"{when}its outputs {what}; {wants}: leave the {what.rpartition(' ')[2]} out"]
    return []


def _always(net: nn.Module, x: Tensor, training: bool, is_so: Callable[[Tensor], bool]) -> bool:
    """Whether it is so of the outputs, and also where all weights are ``FACTORS`` times as large."""
    if not is_so(_outputs(net, x, training, 1.0)):
        return False
    others = [_outputs(net, x, training, factor) for factor in FACTORS]
    finite = [outputs for outputs in others if outputs.isfinite().all()]
    return bool(finite) and all(map(is_so, finite))


def _sums_to_one(outputs_BK: Tensor) -> bool:
    return bool((outputs_BK >= 0).all()) and torch.allclose(outputs_BK.sum(1), torch.ones(()).to(outputs_BK), atol=1e-4)


def _is_share(outputs_BK: Tensor) -> bool:
    """Whether all lie in 0..1, and not all at one place, as those of a dead net do."""
    return bool(((outputs_BK >= 0) & (outputs_BK <= 1)).all()) and bool((outputs_BK != outputs_BK[0]).any())


@torch.no_grad()
def _outputs(net: nn.Module, x: Tensor, training: bool, factor: float) -> Tensor:
    copy = deepcopy(net).train(training)
    for weight in copy.parameters():
        weight.mul_(factor)
    outputs: Tensor = copy(x)
    return outputs
