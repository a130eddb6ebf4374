"""A torch nn.Module class of a user's own."""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn

from runner.contracts import Architecture


class Module(Architecture):
    """``model_class(**arguments)``, which is the class ``name`` of the file ``path`` or of a package.

    It is also given ``in_shape`` and ``num_outputs`` where its constructor has arguments of these names.
    """

    def __init__(self, model_class: type[nn.Module], *, path: str | None, name: str, arguments: dict[str, Any]):
        self.model_class = model_class
        self.arguments = arguments

    def build(self, in_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
        taken = inspect.signature(self.model_class).parameters
        facts = {"in_shape": in_shape, "num_outputs": num_outputs}
        return self.model_class(**{key: fact for key, fact in facts.items() if key in taken} | self.arguments)
