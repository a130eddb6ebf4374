"""A net that begins with the weights of another run: the layers that fit, and what a person should know of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor, nn

from runner.config.regular_file import content
from runner.config.run_config import Config
from runner.config.types import shown
from runner.contracts import Data
from runner.data.splits import SplitSettings
from runner.errors import DataError
from runner.runs.checkpoint import unpack
from runner.runs.origin import Origin
from runner.runs.schema import saved_schema
from runner.text import counted, here, shape_text

MOST_NAMED = 4  # layers
OF_ROWS = ("_target_", "path", "name", "seed", "shape", "num_rows")  # of a data set: they say which rows it has
Layers = Mapping[str, Mapping[str, Tensor]]  # name -> its weights and statistics, by their whole names


def begin(net: nn.Module, config: Config, data: Data) -> tuple[str, ...]:
    """Puts the layers of ``start_from`` that fit, by name and shape, into ``net``; the others stay as they were drawn.

    Only the net's own are taken: what stands in front of it is fitted on the new data. What there is to say of it comes
    back. Raises DataError where the file cannot be read, or nothing of it fits.
    """
    if config.start_from is None:
        return ()
    origin = Origin.read(config.start_from)
    saved = loaded(origin)
    own = layers(net.state_dict())
    there = by_place(layers(saved["model"]), own)
    taken = [name for name, tensors in own.items() if all(fits(there, name, key, of) for key, of in tensors.items())]
    parameters = {layer_of(name) for name, _ in net.named_parameters()}
    if not parameters.intersection(taken):
        raise DataError(
            f"start_from={here(origin.path)}: nothing of it fits: it has {sized(there)}; this net has {sized(own)}\n"
            f"  {same_net(saved['config'], config)}"
        )
    net.load_state_dict({key: there[name][key] for name in taken for key in own[name]}, strict=False)
    told = f"weights from {origin.name}, epoch {saved.get('epoch')}: {fitting(taken, there, own)}"
    return told, *other_split(origin, saved["config"], config), *other_columns(origin, saved, data)


def loaded(origin: Origin) -> dict[str, Any]:
    """The checkpoint, checked. Raises DataError."""
    try:
        origin.found()
        saved = unpack(content(origin.path), origin.path)
    except DataError as fault:
        raise DataError(f"start_from={here(origin.path)}: {str(fault).removeprefix(f'{origin.path}: ')}") from fault
    net, config = saved.get("model"), saved.get("config")
    if not isinstance(net, dict) or not isinstance(config, dict) or not all(map(torch.is_tensor, net.values())):
        raise DataError(f"start_from={here(origin.path)}: holds no net of this program")
    return saved


def layers(tensors: Mapping[str, Tensor]) -> Layers:
    found: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        found.setdefault(layer_of(name), {})[name] = tensor
    return found


def by_place(there: Layers, own: Layers) -> Layers:
    """The layers there by their names here, where the nets differ at most in sizes and in layers without weights.

    Numbered layers count dropout too: a net that has it calls its third layer 4, one that has none 3.
    """
    kinds = ([[name.rpartition(".")[2] for name in tensors] for tensors in net.values()] for net in (there, own))
    if next(kinds) != next(kinds):
        return there
    pairs = zip(own.items(), there.values(), strict=True)
    return {layer: dict(zip(tensors, others.values(), strict=True)) for (layer, tensors), others in pairs}


def layer_of(tensor_name: str) -> str:
    """block_1.0 for block_1.0.weight; what belongs to no layer goes by its own name."""
    return tensor_name.rpartition(".")[0] or tensor_name


def fits(there: Layers, layer: str, name: str, tensor: Tensor) -> bool:
    other = there.get(layer, {}).get(name)
    return other is not None and (other.shape, other.dtype, other.layout) == (tensor.shape, tensor.dtype, tensor.layout)


def fitting(taken: Iterable[str], there: Layers, own: Layers) -> str:
    """As "4 of 5 layers (block_1.0, block_1.1, ...); new: head.1 (10 x 256 there, 3 x 256 here)"."""
    names = list(taken)
    if len(names) == len(own):
        text = f"all {counted(len(own), 'layer')}"
    else:
        text = f"{len(names)} of {counted(len(own), 'layer')} ({named(names)})"
    if new := [beside(name, there, own) for name in own if name not in names]:
        text += f"; new: {named(new)}"
    if left := [name for name in there if name not in own]:
        text += f"; left there: {named(left)}"
    return text


def beside(layer: str, there: Layers, own: Layers) -> str:
    """The layer with the first of its shapes that are not those there."""
    for name, tensor in own[layer].items():
        if layer in there and name in there[layer] and not fits(there, layer, name, tensor):
            return f"{layer} ({size(there[layer][name])} there, {size(tensor)} here)"
    return layer


def size(tensor: Tensor) -> str:
    return shape_text(tensor.shape) or "1"


def sized(layers: Layers) -> str:
    return named(f"{name} ({size(next(iter(tensors.values())))})" for name, tensors in layers.items())


def named(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return ", ".join(found[:MOST_NAMED]) + more


def same_net(before: Mapping[str, Any], config: Config) -> str:
    """The words that choose the net of the checkpoint, whose config was that ``before``."""
    options, model = before.get("options"), before.get("model")
    if not isinstance(options, dict) or not isinstance(model, dict):
        return "begin with another run"
    if options.get("model") != config.model.option:
        return f"choose its net, model={options.get('model')}, or begin with another run"
    knobs = config.model.knobs
    changed = [f"model.{name}={shown(model[name])}" for name in knobs if name in model and model[name] != knobs[name]]
    return f"choose its net: {' '.join(changed)}" if changed else "begin with a run on rows of the same shape"


def other_split(origin: Origin, before: Mapping[str, Any], config: Config) -> Iterator[str]:
    """A line where the rows are those of the other run, and which of them it has learnt from is another question."""
    now, dataset = config.as_dict(), before.get("dataset")
    if not isinstance(dataset, dict) or any(dataset.get(key) != now["dataset"].get(key) for key in OF_ROWS):
        return
    settings = [setting.name for setting in fields(SplitSettings) if setting.name in before]
    if changed := [f"{name}={shown(before[name])}" for name in settings if before[name] != now[name]]:
        yield (
            f"{origin.name} was trained on another split of this data ({', '.join(changed)}): rows of val and test "
            f"may be among those it has learnt from, and flatter"
        )


def other_columns(origin: Origin, saved: Mapping[str, Any], data: Data) -> Iterator[str]:
    """A line where the columns of a table, or their categories, are not those that the weights were learnt for."""
    schema = saved_schema(saved, origin.path)
    before = schema.columns if schema else ()
    if len(before) != len(data.columns):
        return
    for then, column in zip(before, data.columns, strict=True):
        if (then.name, then.categories) != (column.name, column.categories):
            had, has = (named([each.name, *each.categories]) for each in (then, column))
            yield f"weights are taken column by column: where {origin.name} had {had}, here is {has}"
            return
