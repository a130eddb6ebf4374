"""A net of a user's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from runner.contracts import Architecture


class Module(Architecture):
    """The net that ``make_net`` gives: of the class, of the function or the one that is called ``name``.

    ``path`` is the file that holds it, null for a package; ``arguments`` are those of the class or function.
    """

    def __init__(self, make_net: Callable[..., nn.Module], *, path: str | None, name: str, arguments: dict[str, Any]):
        self.make_net = make_net

    def build(self, in_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
        """The net. Raises ConfigError for wrong arguments, and where something else is given."""
        return self.make_net(in_shape=in_shape, num_outputs=num_outputs).cpu()  # it may have been sent to a GPU
