"""A built net as the text of a class: possible where it is a plain row of torch's own layers."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from runner.errors import ConfigError

WIDEST = 120  # columns of a line


@dataclass(frozen=True)
class Layer:
    """The call that makes a layer: what it needs, then what is not as torch has it by default."""

    kind: type[nn.Module]
    required: tuple[Any, ...]
    changed: dict[str, Any]

    def make(self) -> nn.Module:
        return self.kind(*self.required, **self.changed)

    def __str__(self) -> str:
        words = [*map(code, self.required), *(f"{name}={code(value)}" for name, value in self.changed.items())]
        return f"nn.{self.kind.__name__}({', '.join(words)})"


def code(value: object) -> str:
    """A plain value as it is written in Python, words in double quotes."""
    return f'"{value}"' if isinstance(value, str) else repr(value)


Row = list["Layer | Row"]


def net_lines(net: nn.Module, option: str, weights_seed: int, *, single_output: bool) -> list[str]:
    """The class ``Net``; made under ``weights_seed`` it has the weights of ``net``, which has not been trained.

    Raises ConfigError where ``net`` is more than a row of layers, or draws its weights in a way of its own.
    """
    row = layer_row(net, option)
    check_weights(net, row, option, weights_seed)
    ending = ".squeeze(1)" if single_output else ""
    parts = dict(zip(names(net), row, strict=True)) if is_in_blocks(net) else {"layers": row}
    lines = ["class Net(nn.Module):", "    def __init__(self):", "        super().__init__()"]
    for name, layers in parts.items():
        lines += part_lines(name, layers)
    return [*lines, "", "    def forward(self, x):", *forward_lines(list(parts), ending)]


def layer_row(net: nn.Module, option: str) -> Row:
    """The layers in their order; a row within the row stands for itself."""
    if not is_row(net):
        raise ConfigError(
            f"model={option}: is more than layers in a row ({type(net).__name__}); a script cannot show it"
        )
    return [layer_row(m, option) if is_row(m) else layer(m, option) for m in net.children()]


def is_row(module: nn.Module) -> bool:
    """Whether it hands its input from one to the next, and nothing else."""
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def layer(module: nn.Module, option: str) -> Layer:
    kind = type(module)
    if not kind.__module__.startswith("torch.nn.modules.") or list(module.children()):
        raise ConfigError(f"model={option}: has a {kind.__name__}, which is no layer of torch; a script cannot show it")
    named = [p for p in inspect.signature(kind).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    parameters = [p for p in named if p.name not in ("device", "dtype")]
    required = tuple(argument(module, p.name) for p in parameters if p.default is p.empty)
    plain = Layer(kind, required, {}).make()
    others = [p.name for p in parameters if p.default is not p.empty]
    changed = {name: argument(module, name) for name in others if argument(module, name) != argument(plain, name)}
    return Layer(kind, required, changed)


def argument(module: nn.Module, name: str) -> Any:
    """What a layer was made with: 3 for the pair (3, 3), whether there is a bias."""
    value = getattr(module, name, None)
    if name == "bias":
        return value is not None
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def check_weights(net: nn.Module, row: Row, option: str, weights_seed: int) -> None:
    """Raises ConfigError where the layers, made in their order, do not have the weights of the net."""
    with torch.random.fork_rng([]):
        torch.manual_seed(weights_seed)
        made = build(row)
    same = [torch.equal(a, b.cpu()) for a, b in zip(made.parameters(), net.parameters(), strict=True)]
    if not all(parameter.requires_grad for parameter in net.parameters()):
        raise ConfigError(f"model={option}: has frozen parameters; a script cannot show them")
    if not all(same):
        raise ConfigError(f"model={option}: draws its first weights in a way of its own; a script cannot show it")


def build(row: Row) -> nn.Module:
    return nn.Sequential(*(item.make() if isinstance(item, Layer) else build(item) for item in row))


def is_in_blocks(net: nn.Module) -> bool:
    """Whether its parts have names, not numbers."""
    return all(name.isidentifier() for name, _ in net.named_children())


def names(net: nn.Module) -> list[str]:
    return [name for name, _ in net.named_children()]


def part_lines(name: str, part: Layer | Row) -> Iterator[str]:
    """``self.name = ...`` in one line where it fits, else a layer a line."""
    short = f"        self.{name} = {text(part)}"
    if isinstance(part, Layer) or (len(short) <= WIDEST and len(part) <= 4):
        yield short
        return
    yield f"        self.{name} = nn.Sequential("
    yield from (f"            {text(item)}," for item in part)
    yield "        )"


def text(part: Layer | Row) -> str:
    return str(part) if isinstance(part, Layer) else f"nn.Sequential({', '.join(map(text, part))})"


def forward_lines(parts: list[str], ending: str) -> Iterator[str]:
    *first, last = parts
    yield from (f"        x = self.{name}(x)" for name in first)
    yield f"        return self.{last}(x){ending}"
