"""The parameters of a model: what each is for, which are frozen, which are trained with knobs of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from types import MethodType
from typing import Any

from torch import nn
from torch.optim import Optimizer

from runner.build.instantiate import parameter_names
from runner.errors import ConfigError

MOST_NAMES = 12  # weights that an error names
Table = nn.Embedding | nn.EmbeddingBag
NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


def freeze(model: nn.Module, patterns: Sequence[str]) -> None:
    """No gradient for parameters whose name one of ``patterns`` matches, as ``layer1.*``.

    A batch normalisation whose weights are all frozen keeps its statistics too, in training as well: what is frozen
    stays the function it was. Raises ConfigError for a pattern that matches nothing.
    """
    parameters = dict(model.named_parameters())
    for pattern in patterns:
        names = [name for name in parameters if fnmatchcase(name, pattern)]
        if not names:
            raise ConfigError(_unmatched(pattern, list(parameters)))
        for name in names:
            parameters[name].requires_grad_(False)
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and _is_frozen(module):
            module.train = MethodType(_stay_in_evaluation, module)  # type: ignore[method-assign]


def _is_frozen(module: nn.Module) -> bool:
    own = list(module.parameters(recurse=False))
    return bool(own) and not any(parameter.requires_grad for parameter in own)


def _stay_in_evaluation(module: nn.Module, mode: bool = True) -> nn.Module:
    """What ``train`` does of a module whose statistics are frozen."""
    return type(module).train(module, False)


def _unmatched(pattern: str, names: Sequence[str]) -> str:
    inside = any(name.startswith(f"{pattern}.") for name in names)
    near = [f"{pattern}.*"] if inside else get_close_matches(pattern, names, n=3, cutoff=0.3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"they are {', '.join(names[:3])}, ..., {names[-1]}"
    return f"model.freeze={pattern}: no parameter has such a name; {hint}"


def biases_and_norms(model: nn.Module) -> set[str]:
    """The names of biases and of the weights of normalisation layers."""
    return {name for name, module in _owned(model) if isinstance(module, NORMS) or "bias" in name.rpartition(".")[2]}


def hidden_matrices(model: nn.Module) -> set[str]:
    """The names of weights of two dimensions that are neither an embedding nor of the last layer."""
    weights = dict(model.named_parameters())
    layers = [(name, module) for name, module in _owned(model) if weights[name].ndim >= 2]
    last = layers[-1][1] if layers else None
    return {
        name
        for name, module in layers
        if weights[name].ndim == 2 and module is not last and not isinstance(module, Table)
    }


def embedding_tables(model: nn.Module) -> dict[str, Table]:
    """Name -> module of the embeddings whose gradients can be sparse: those that share their weight with nothing."""
    owners: dict[int, list[nn.Module]] = {}
    for module in model.modules():
        for weight in module.parameters(recurse=False):
            owners.setdefault(id(weight), []).append(module)
    names = {id(weight): name for name, weight in model.named_parameters()}
    return {
        names[weight]: module
        for weight, (module, *others) in owners.items()
        if isinstance(module, Table) and not others and getattr(module, "mode", "mean") != "max"
    }


def sparse_gradients(model: nn.Module) -> set[str]:
    """The names of weights whose gradients are sparse."""
    return {name for name, table in embedding_tables(model).items() if table.sparse}


def _owned(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """(name, its module) of every weight, in the model's order, a shared one once."""
    modules = dict(model.named_modules())
    for name, _ in model.named_parameters():
        yield name, modules[name.rpartition(".")[0]]


@dataclass(frozen=True)
class WeightGroup:
    """Weights of one optimizer that are trained alike."""

    names: tuple[str, ...]
    options: Mapping[str, Any]  # the knobs in which they differ from the optimizer's own
    label: str  # the pattern, where they have a learning rate of their own; else ""


def matched(groups: Sequence[Mapping[str, Any]], names: Collection[str]) -> dict[str, int]:
    """Weight name -> number of the first group whose pattern it fits. Raises ConfigError for a group without weights.

    A pattern is a whole name with * for any text, ? for a character and [ab] for one of several.
    """
    found: dict[str, int] = {}
    for number, group in enumerate(groups):
        fitting = [name for name in names if fnmatchcase(name, group["pattern"])]
        new = [name for name in fitting if name not in found]
        if not new:
            raise ConfigError(_without_weights(f"optimizer.groups[{number}]", group["pattern"], fitting, names))
        found |= dict.fromkeys(new, number)
    return found


def weight_groups(
    names: Sequence[str],
    kind: type[Optimizer],
    groups: Sequence[Mapping[str, Any]],
    found: Mapping[str, int],
    undecayed: Collection[str],
) -> tuple[WeightGroup, ...]:
    """``names``, the weights of an optimizer of ``kind``, as groups: first those that no pattern fits, then by pattern.

    ``undecayed`` weights have no weight decay unless their group gives them one.
    """
    by_options: dict[tuple[int, bool], list[str]] = {}
    for name in names:
        number = found.get(name, -1)
        spared = name in undecayed and (number < 0 or "weight_decay" not in groups[number])
        by_options.setdefault((number, spared), []).append(name)
    return tuple(
        _group(kind, number, spared, groups, tuple(members)) for (number, spared), members in sorted(by_options.items())
    )


def _group(
    kind: type[Optimizer], number: int, spared: bool, groups: Sequence[Mapping[str, Any]], names: tuple[str, ...]
) -> WeightGroup:
    own = dict(groups[number]) if number >= 0 else {}
    pattern = own.pop("pattern", "")
    for key in own:
        if key not in parameter_names(kind):
            raise ConfigError(
                f"optimizer.groups[{number}].{key}: {kind.__name__}, which trains {names[0]}, has no {key}; "
                f"give these weights a pattern of their own"
            )
    return WeightGroup(names, own | ({"weight_decay": 0.0} if spared else {}), pattern if "lr" in own else "")


def _without_weights(where: str, pattern: str, fitting: Sequence[str], names: Collection[str]) -> str:
    if fitting:
        return f"{where}.pattern={pattern}: {fitting[0]} and all others it fits belong to an earlier group"
    advice = f"write {pattern}.*" if any(name.startswith(f"{pattern}.") for name in names) else "write one of these"
    return f"{where}.pattern={pattern}: fits no weight; {advice}: {', '.join(_some(names))}"


def _some(names: Collection[str]) -> Iterator[str]:
    yield from list(names)[:MOST_NAMES]
    if len(names) > MOST_NAMES:
        yield f"... {len(names) - MOST_NAMES} more"
