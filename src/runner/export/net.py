"""A built net as the text of a class: possible where it is a row of torch's own layers and of residual blocks."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from runner.config.catalog import Part
from runner.contracts import Ensemble
from runner.errors import ConfigError
from runner.models.layers import Residual

MOST_IN_A_LINE = 5  # layers
OF_ALL_AXES = ("normalized_shape", "unflattened_size")  # (4, 4) is not what 4 is
OF_MEMBERS = (
    "trains several nets as one, and a script can show one net; set model=dnn, or use the trained net in Python: "
    "runner.load_run(RUN).predict(rows)"
)
INSTEAD = "a script can show torch's own layers in a row, as of linear, mlp, dnn or cnn"
RESIDUAL = [
    "class Residual(nn.Sequential):",
    "    def forward(self, x):",
    "        return x + super().forward(x)",
    "",
    "",
]


@dataclass(frozen=True)
class Layer:
    """The call that makes a layer: what it needs, then what is not as torch has it by default."""

    kind: type[nn.Module]
    required: tuple[Any, ...]
    changed: dict[str, Any]
    has_matrix: bool = False  # among its weights

    def make(self) -> nn.Module:
        return self.kind(*self.required, **self.changed)

    def __str__(self) -> str:
        words = [*map(code, self.required), *(f"{name}={code(value)}" for name, value in self.changed.items())]
        return f"nn.{self.kind.__name__}({', '.join(words)})"


@dataclass(frozen=True)
class Block:
    """The call that makes layers whose input is added to their output."""

    layers: tuple[Layer | Block, ...]
    kind: ClassVar[type[nn.Module]] = Residual
    has_matrix: ClassVar[bool] = True

    def make(self) -> nn.Module:
        return Residual(*(each.make() for each in self.layers))

    def __str__(self) -> str:
        return f"Residual({', '.join(map(str, self.layers))})"


def net_lines(
    net: nn.Module,
    option: str,
    weights_seed: int,
    *,
    are_flat: bool,
    ending: Sequence[Layer],
    single_output: bool,
    in_bf16: bool,
) -> list[str]:
    """The class ``Net``; made under ``weights_seed`` it has the weights of ``net``, which has not been trained.

    A class of residual blocks stands above it where there are any. Rows that ``are_flat`` are not flattened; what the
    loss wants behind the net is its ``ending``. Raises ConfigError where ``net`` is more than a row of layers, or draws
    its weights in a way of its own.
    """
    layers = layers_of(net, option)
    check_weights(net, layers, option, weights_seed)
    if are_flat:
        layers = [each for each in layers if each.kind is not nn.Flatten]
    return [
        *RESIDUAL * any(isinstance(each, Block) for each in layers),
        "class Net(nn.Module):  # 2. The model",
        "    def __init__(self):",
        "        super().__init__()",
        *layer_lines([*layers, *ending]),
        "",
        *['    @torch.autocast("cpu", torch.bfloat16)  # products in half the bits; weights and loss keep theirs']
        * in_bf16,
        "    def forward(self, x):",
        f"        return self.layers(x){'.squeeze(1)' if single_output else ''}{'.float()' if in_bf16 else ''}",
    ]


def layers_of(net: nn.Module, option: str) -> list[Layer | Block]:
    """The layers in their order. Raises ConfigError for a net that is more than a row of them."""
    if isinstance(net, Ensemble):
        raise ConfigError(f"model={option}: {OF_MEMBERS}")
    if not is_row(net):
        raise ConfigError(f"model={option}: is not a plain row of layers ({type(net).__name__}); {INSTEAD}")
    return in_row(net, option)


def in_row(row: nn.Module, option: str) -> list[Layer | Block]:
    """Those of a row within the row among them."""
    assert isinstance(row, nn.Sequential)
    return [each for m in row for each in (in_row(m, option) if is_row(m) else [layer(m, option)])]


def is_row(module: nn.Module) -> bool:
    """Whether it hands its input from one to the next, and nothing else."""
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def layer(module: nn.Module, option: str) -> Layer | Block:
    if isinstance(module, Residual):
        return Block(tuple(in_row(module, option)))
    kind = type(module)
    if not kind.__module__.startswith("torch.nn.modules.") or list(module.children()):
        raise ConfigError(f"model={option}: has a {kind.__name__}, which is not a layer of torch; {INSTEAD}")
    named = [p for p in inspect.signature(kind).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    parameters = [p for p in named if p.name not in ("device", "dtype")]
    required = tuple(argument(module, p.name) for p in parameters if p.default is p.empty)
    plain = Layer(kind, required, {}).make()
    others = [p.name for p in parameters if p.default is not p.empty]
    changed = {name: argument(module, name) for name in others if argument(module, name) != argument(plain, name)}
    return Layer(kind, required, changed, has_matrix=any(p.dim() > 1 for p in module.parameters()))


def argument(module: nn.Module, name: str) -> Any:
    """What a layer was made with: 3 for the pair (3, 3), whether there is a bias."""
    value = getattr(module, name, None)
    if name == "bias":
        return value is not None
    if not isinstance(value, tuple) or (len(value) > 1 and name in OF_ALL_AXES):
        return value
    return value[0] if len(set(value)) == 1 else value


def check_weights(net: nn.Module, layers: Sequence[Layer | Block], option: str, weights_seed: int) -> None:
    """Raises ConfigError where the layers, made in their order, do not have the weights of the net."""
    with torch.random.fork_rng([]):
        torch.manual_seed(weights_seed)
        made = [*nn.Sequential(*(each.make() for each in layers)).parameters()]
    own = [*net.parameters()]
    if not all(parameter.requires_grad for parameter in own):
        raise ConfigError(f"model={option}: has frozen parameters, which a script cannot show; set model.freeze=[]")
    if len(made) != len(own) or not all(torch.equal(a, b.cpu()) for a, b in zip(made, own, strict=True)):
        raise ConfigError(f"model={option}: initialises its weights in its own way; {INSTEAD}")


def layer_lines(layers: Sequence[Layer | Block]) -> Iterator[str]:
    """``self.layers = ...`` in one line where it is short, else a stage a line."""
    short = f"        self.layers = nn.Sequential({', '.join(map(str, layers))})"
    if len(layers) <= MOST_IN_A_LINE and len(short) <= WIDEST:
        yield short
        return
    yield "        self.layers = nn.Sequential("
    yield from (f"            {stage}" for stage in stages(layers))
    yield "        )"


def stages(layers: Sequence[Layer | Block]) -> list[str]:
    """A layer with a matrix of weights and those that follow it, each stage a line, or more where it is wide."""
    lines, has_matrix = [""], False
    for each in layers:
        begins = has_matrix and (each.has_matrix or each.kind is nn.Flatten)
        if begins or (lines[-1] and len(lines[-1]) + len(str(each)) > WIDEST - 14):
            lines.append("")
        has_matrix = each.has_matrix or (has_matrix and not begins)
        if isinstance(each, Block) and len(str(each)) > WIDEST - 14:
            lines[-1:] = ["Residual(", *(f"    {stage}" for stage in stages(each.layers)), "), "]
        else:
            lines[-1] += f"{each}, "
    return [line.rstrip() for line in lines]


WIDEST = 120  # columns of a line


def code(value: object) -> str:
    """A plain value as it is written in Python, words in double quotes."""
    if isinstance(value, list):
        return f"[{joined(*map(code, value))}]"
    is_plain = isinstance(value, str) and value.isprintable() and not set(value) & set('"\\')
    return f'"{value}"' if is_plain else repr(value)


def keywords(part: Part, kind: type, knobs: Mapping[str, Any]) -> str:
    """The knobs of torch's own that are not as torch has them. Raises ConfigError for values that are no plain ones."""
    defaults = {name: parameter.default for name, parameter in inspect.signature(kind).parameters.items()}
    told = {name: value for name, value in plain(knobs).items() if name in defaults}
    told = {name: value for name, value in told.items() if name == "lr" or defaults[name] != value}
    for name, value in told.items():
        if isinstance(value, Mapping):
            raise ConfigError(f"{part.group}.{name}={value}: a script can show numbers and words only; leave it out")
    return joined(*(f"{name}={code(value)}" for name, value in told.items()))


def plain(knobs: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as the tuples torch has."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in knobs.items()}


def joined(*words: str) -> str:
    return ", ".join(filter(None, words))
