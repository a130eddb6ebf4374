"""The list ``model.layers`` as it may be written, checked without torch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from runner.config.spelling import nearest
from runner.config.types import shown
from runner.errors import ConfigError

OUT = "out"  # the number of outputs that the data and the loss need
SIZES = ("out_channels", "out_features")  # that may be ``OUT``
REPEAT, RESIDUAL = "repeat", "residual"
MOST_LAYERS = 1000
BLOCK_NAME = r"[a-z][a-z0-9_]*"  # no class of torch.nn is written so
OWN = "; a net of your own can have it: model=module"
STATEFUL, CROSSED = f"gives two tensors, its outputs and its state{OWN}", f"takes more than one tensor{OWN}"
HOLDS_OTHERS = "holds other layers; name a list of layers in model.blocks"
UNFIT = {
    **dict.fromkeys(("GRU", "LSTM", "RNN", "RNNBase"), STATEFUL),
    **dict.fromkeys(("GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"), f"is one step of a loop{OWN}"),
    **dict.fromkeys(("Bilinear", "CosineSimilarity", "MultiheadAttention", "PairwiseDistance"), CROSSED),
    **dict.fromkeys(("MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d", "Transformer"), CROSSED),
    **dict.fromkeys(("TransformerDecoder", "TransformerDecoderLayer"), CROSSED),
    **dict.fromkeys(("Container", "Module", "ModuleDict", "ModuleList", "Sequential"), HOLDS_OTHERS),
    **dict.fromkeys(("ParameterDict", "ParameterList"), "holds weights and is not a layer"),
    "TransformerEncoder": "holds other layers; write {repeat: {times: 2, layers: [{TransformerEncoderLayer: ...}]}}",
    **dict.fromkeys(
        ("Embedding", "EmbeddingBag"), "takes whole numbers; for a table set dataset.categorical=embedding"
    ),
}
COUNTS = {
    "dilation",
    "dim_feedforward",
    "groups",
    "kernel_size",
    "nhead",
    "num_groups",
    "output_size",
    "stride",
    *SIZES,
}
SHARES = {"dropout", "p"}  # of values that are set to 0
PLACED = ("device", "dtype")  # arguments that the program decides
# What torch.nn files under activations and what cannot stand between two layers
NO_ACTIVATION = {
    "AdaptiveLogSoftmaxWithLoss": "needs the labels: it is a last layer with its loss",
    "GLU": "halves the number of features",
    "LogSoftmax": "mixes the features of a row; the loss applies it to the last layer",
    "MultiheadAttention": "needs queries, keys and values",
    "Softmax": "mixes the features of a row; the loss applies it to the last layer",
    "Softmax2d": "mixes the channels of a pixel",
    "Softmin": "mixes the features of a row",
    "Threshold": "needs a threshold and a value; ReLU is the one at 0",
}


@dataclass(frozen=True)
class Layer:
    """A layer of torch.nn, with the arguments that are written."""

    place: str  # model.layers[3]
    kind: str  # Conv2d
    knobs: Mapping[str, Any]
    size = 1


@dataclass(frozen=True)
class Block:
    """Layers in a row; where ``is_residual`` their input is added to their output."""

    place: str
    name: str
    row: Row

    @property
    def is_residual(self) -> bool:
        return self.name == RESIDUAL

    @property
    def size(self) -> int:
        return 1 + size_of(self.row)


Row = tuple[Layer | Block, ...]


def read_layers(layers: Any, blocks: Mapping[str, Any]) -> Row:
    """The layers of a list such as ``[{Linear: {out_features: 64}}, ReLU, stem]``, ``stem`` a list in ``blocks``.

    Raises ConfigError with every fault.
    """
    reader = _Reader(blocks)
    row = reader.row("model.layers", layers)
    for name in blocks:
        reader.block(f"model.blocks.{name}", str(name))
    found = dict.fromkeys([*reader.faults, *_out_faults(row)])
    if found:
        raise ConfigError([*found])
    return row


@cache
def torch_names(file: str = "__init__.py") -> tuple[str, ...]:
    """The classes of torch.nn, or of one file of it. They are read from its text: to import torch takes seconds."""
    found = find_spec("torch")
    folder = Path((found.submodule_search_locations or ("",))[0] if found else "")
    text = (folder / "nn" / "modules" / file).read_text(encoding="utf-8")
    return tuple(re.findall(r'"(\w+)"', text.partition("__all__")[2].partition("]")[0]))


def activation_names() -> list[str]:
    """Every activation of torch.nn that works feature by feature and needs no argument, sorted."""
    return sorted({*torch_names("activation.py")} - NO_ACTIVATION.keys())


def activation_fault(name: str) -> str:
    """Why ``name`` cannot stand between two layers, with the nearest name or the choices; "" where it can."""
    names = activation_names()
    if name in names:
        return ""
    if name in NO_ACTIVATION:
        return f"{name} {NO_ACTIVATION[name]}; choices: {', '.join(names)}"
    meant = nearest(name, names)
    advice = f"did you mean {meant}?" if meant else f"choices: {', '.join(names)}"
    return f"torch.nn has no such activation; {advice}"


class _Reader:
    """Lists read one within another; ``faults`` gathers what is wrong."""

    def __init__(self, blocks: Mapping[str, Any]):
        self.blocks = blocks
        self.faults: list[str] = []
        self.rows: dict[str, Row | None] = {}  # of each block, read once; None while it is being read

    def row(self, place: str, entries: Any) -> Row:
        if not isinstance(entries, list) or not entries:
            self.faults.append(f"{place}={shown(entries)}: give a list of at least one layer, as [ReLU]")
            return ()
        row: Row = ()
        for i, entry in enumerate(entries):
            row += self.entry(f"{place}[{i}]", entry)
        return self.bounded(place, row, 1)

    def bounded(self, place: str, row: Row, times: int) -> Row:
        """The row so many times. Of a net that is too large nothing is left: to go on would take for ever."""
        if times * size_of(row) <= MOST_LAYERS:
            return row * times
        self.faults.append(f"{place}: makes more than {MOST_LAYERS:,} layers and blocks; repeat fewer")
        return ()

    def entry(self, place: str, entry: Any) -> Row:
        name, inside = _name_and_inside(entry)
        if name == REPEAT:
            return self.repeated(place, inside)
        if name == RESIDUAL:
            return (Block(place, RESIDUAL, self.row(f"{place}.{RESIDUAL}", inside)),)
        if name in self.blocks and inside == {}:
            return (Block(place, name, self.block(place, name)),)
        if found := [*self.layer_faults(place, entry, name, inside)]:
            self.faults += found
            return ()
        return (Layer(place, name, inside),)

    def repeated(self, place: str, inside: Any) -> Row:
        if not isinstance(inside, dict) or inside.keys() != {"times", "layers"}:
            self.faults.append(f"{place}: write {{repeat: {{times: 2, layers: [...]}}}}")
            return ()
        times = inside["times"]
        if type(times) is not int or times < 1:
            self.faults.append(f"{place}.repeat.times={shown(times)}: give a whole number of at least 1")
            return ()
        return self.bounded(place, self.row(f"{place}.repeat.layers", inside["layers"]), times)

    def block(self, place: str, name: str) -> Row:
        if self.rows.get(name, ()) is None:
            self.faults.append(f"{place}: block {name} holds itself; take it out of model.blocks.{name}")
            return ()
        if name not in self.rows:
            self.rows[name] = None
            if not re.fullmatch(BLOCK_NAME, name) or name in (REPEAT, RESIDUAL):
                self.faults.append(
                    f"model.blocks.{name}: cannot be the name of a block; write one in small letters, as stem"
                )
            self.rows[name] = self.row(f"model.blocks.{name}", self.blocks[name])
        return self.rows[name] or ()

    def layer_faults(self, place: str, entry: Any, name: Any, inside: Any) -> Iterator[str]:
        if not isinstance(name, str) or not isinstance(inside, dict):
            yield f"{place}={shown(entry)}: write a layer as ReLU or as {{Linear: {{out_features: 64}}}}"
        elif name not in torch_names():
            meant = nearest(name, [*torch_names(), *self.blocks, REPEAT, RESIDUAL])
            advice = f"did you mean {meant}?" if meant else "see them: https://docs.pytorch.org/docs/stable/nn.html"
            yield f"{place}={name}: torch.nn has no such layer, nor has model.blocks; {advice}"
        elif reason := _unfit(name):
            yield f"{place}={name}: {reason}"
        else:
            yield from _argument_faults(place, name, inside)


def size_of(row: Row) -> int:
    """The layers and blocks in it, at every depth."""
    return sum(node.size for node in row)


def layers_in(row: Row) -> Iterator[Layer]:
    """The layers in the order they run."""
    for node in row:
        yield from layers_in(node.row) if isinstance(node, Block) else [node]


def _name_and_inside(entry: Any) -> tuple[Any, Any]:
    if isinstance(entry, dict) and len(entry) == 1:
        ((name, inside),) = entry.items()
        return name, {} if inside is None else inside
    return entry, {}


def _argument_faults(place: str, name: str, given: Mapping[str, Any]) -> Iterator[str]:
    """Of arguments that a net of this program cannot have."""
    yield from (f"{place}.{key}: the program sets it; leave it out" for key in PLACED if key in given)
    for key in COUNTS & given.keys():
        sizes = given[key] if isinstance(given[key], list) else [given[key]]
        if any(isinstance(size, int) and size < 1 for size in sizes):
            yield f"{place}.{key}={shown(given[key])}: give a whole number of at least 1"
    for key in SHARES & given.keys():
        if isinstance(given[key], int | float) and not 0 <= given[key] <= 1:
            yield f"{place}.{key}={shown(given[key])}: give a share, 0 to 1"
    for key in ("dim", "start_dim"):
        if given.get(key) == 0:
            yield f"{place}.{key}=0: would mix the rows of a batch, which are dimension 0; a row's own begin at 1"
    if name in ("LogSoftmax", "Softmax", "Softmin") and "dim" not in given:
        yield f"{place}={name}: needs its dim; write {{{name}: {{dim: 1}}}}"
    if name == "TransformerEncoderLayer" and given.get("batch_first") is not True:
        yield f"{place}={name}: would mix the rows of a batch; add batch_first: true"


def _unfit(name: str) -> str:
    if name.startswith("Lazy"):
        return f"is not needed, because input sizes are found; write {name.removeprefix('Lazy')}"
    if "Loss" in name or name.endswith("Options"):
        return "is a loss, not a layer; choose it with loss=..."
    return UNFIT.get(name, "")


def _out_faults(row: Row) -> Iterator[str]:
    """Of each ``out`` that is not the last size."""
    sized: list[tuple[Layer, str]] = [(each, key) for each in layers_in(row) for key in SIZES if key in each.knobs]
    for layer, key in sized[:-1]:
        if layer.knobs[key] == OUT:
            last, _ = sized[-1]
            yield (
                f"{layer.place}.{key}=out: only the last size can be out, and {last.place}={last.kind} comes after it; "
                "give a number"
            )
