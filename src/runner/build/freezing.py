"""Parameters that keep the values they begin with."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from types import MethodType

from torch import nn

from runner.errors import ConfigError


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
