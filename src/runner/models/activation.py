"""Activations of torch.nn, by the name of their class."""

from __future__ import annotations

import inspect
from difflib import get_close_matches

from torch import nn

from runner.errors import ConfigError

# They mix the features of a row, or change how many there are: no activation between two layers
_NOT_ELEMENTWISE = {"GLU", "LogSoftmax", "MultiheadAttention", "Softmax", "Softmax2d", "Softmin"}


def activation(name: str) -> type[nn.Module]:
    """The class torch.nn calls ``name``: ReLU, GELU, Sigmoid, ... Raises ConfigError with the nearest name."""
    names = activation_names()
    if name in names:
        return getattr(nn, name)  # type: ignore[no-any-return]
    by_lower = {known.lower(): known for known in names}
    near = get_close_matches(name.lower(), by_lower, n=1)
    hint = f"did you mean {by_lower[near[0]]}?" if near else f"choices: {', '.join(names)}"
    raise ConfigError(f"activation={name} is no activation of torch.nn; {hint}")


def activation_names() -> list[str]:
    """Every activation of torch.nn that works feature by feature and needs no argument, sorted."""
    known = set(nn.modules.activation.__all__) - _NOT_ELEMENTWISE
    return sorted(name for name in known if not _needs_arguments(getattr(nn, name)))


def _needs_arguments(kind: type[nn.Module]) -> bool:
    parameters = inspect.signature(kind).parameters.values()
    return any(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
