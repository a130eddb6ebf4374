"""A net of a user's own: a torch nn.Module class, or a function that makes one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

from runner.contracts import Architecture
from runner.errors import ConfigError


class Module(Architecture):
    """``model_class(**arguments)``, which is the class or function ``name`` of the file ``path`` or of a package.

    It is also given ``in_shape`` and ``num_outputs`` where it has arguments of these names.
    """

    def __init__(self, model_class: Callable[..., object], *, path: str | None, name: str, arguments: dict[str, Any]):
        self.model_class = model_class
        self.name = name
        self.arguments = arguments

    def build(self, in_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
        """The net. Raises ConfigError where an argument is missing, and where a function gives something else."""
        taken = inspect.signature(self.model_class).parameters
        facts = {"in_shape": in_shape, "num_outputs": num_outputs}
        given = {key: fact for key, fact in facts.items() if key in taken} | self.arguments
        kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        missing = [p.name for p in taken.values() if p.default is p.empty and p.kind in kinds and p.name not in given]
        if missing:
            words = ", ".join(f"{name}: ..." for name in missing)
            raise ConfigError(f"model.name={self.name}: needs {', '.join(missing)}; add model.arguments={{{words}}}")
        net = self.model_class(**given)
        if not isinstance(net, nn.Module):
            raise ConfigError(f"model.name={self.name}: gives a {type(net).__name__}, not an nn.Module; return the net")
        return net
