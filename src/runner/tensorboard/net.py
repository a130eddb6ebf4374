"""A net in TensorBoard: its operations as a graph, and rows as its last layer is fed them, as points of the Projector.

Shapes: N rows, n of them shown, D features, d of what is left of them, H W pixels; 3 is red, green and blue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil, sqrt
from typing import Any

import numpy as np
import torch
from tensorboard.compat.proto.attr_value_pb2 import AttrValue
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.compat.proto.node_def_pb2 import NodeDef
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.versions_pb2 import VersionDef
from torch import Tensor, fx, nn

from runner.contracts import LayerSummary
from runner.figures.activations import run_with
from runner.figures.pixels import Pixels, png, to_rgb
from runner.figures.run_view import RunView
from runner.runs.directory import RunDirectory
from runner.runs.files import write_whole
from runner.text import figure

CONFIG = "projector_config.pbtxt"  # the name that TensorBoard looks for in a run directory
FOLDER = "projector"
MOST_POINTS = 1000
AT_A_TIME = 256
MOST_DIMENSIONS = 200  # of a point; of more, TensorBoard's PCA begins with a random projection
LARGEST_THUMBNAIL, SMALLEST_THUMBNAIL = 40, 16  # pixels


def graph(net: nn.Module, in_shape: tuple[int, ...], layers: Sequence[LayerSummary]) -> bytes:
    """A serialised GraphDef: modules are boxes in boxes, operations between them, tensors lines.

    A net that torch.fx cannot follow is shown as its layers one after the other.
    """
    shapes = {layer.name: layer.out_shape for layer in layers}
    try:
        nodes = list(traced_nodes(net, in_shape, shapes))
    except Exception:  # a net of the user's may branch on its data, which fx answers with errors of any kind
        nodes = list(layer_nodes(in_shape, layers))
    definition: bytes = GraphDef(node=nodes, versions=VersionDef(producer=22)).SerializeToString()
    return definition


def traced_nodes(net: nn.Module, in_shape: tuple[int, ...], shapes: Mapping[str, tuple[int, ...]]) -> Iterator[NodeDef]:
    """Each call of a module is a box of its own; the slashes of a name are the modules around it."""
    names: dict[fx.Node, str] = {}
    calls: Counter[str] = Counter()
    modules = dict(net.named_modules())
    for node in fx.Tracer().trace(net).nodes:
        inputs = [names[argument] for argument in node.all_input_nodes]
        target = str(node.target)
        if node.op == "call_module":
            module = modules[target]
            kind = type(module).__name__
            names[node] = box_name(target, kind) + (f"_{calls[target]}" if calls[target] else "")
            calls[target] += 1
            yield node_of(names[node], kind, inputs, shapes.get(target), str(module))
        elif node.op == "placeholder":
            names[node] = target  # as forward calls it; node.name makes input_1 of what is a word of Python
            yield node_of(target, "input", inputs, in_shape)
        else:
            around = next(reversed(node.meta.get("nn_module_stack", {})), "")
            names[node] = f"{around.replace('.', '/')}/{node.name}".removeprefix("/")
            yield node_of(names[node], getattr(node.target, "__name__", target), inputs)


def layer_nodes(in_shape: tuple[int, ...], layers: Sequence[LayerSummary]) -> Iterator[NodeDef]:
    yield node_of("input", "input", [], in_shape)
    before = "input"
    for layer in layers:
        kind = layer.kind.partition("(")[0]
        name = box_name(layer.name, kind) or layer.kind
        yield node_of(name, kind, [before], layer.out_shape, layer.kind)
        before = name


def box_name(path: str, kind: str) -> str:
    """block_1/0_Conv2d: a layer whose name is only its place is told by its kind, too."""
    return path.replace(".", "/") + (f"_{kind}" if path.rpartition(".")[2].isdecimal() else "")


def node_of(
    name: str, kind: str, inputs: Sequence[str], out_shape: tuple[int, ...] | None = None, text: str = ""
) -> NodeDef:
    facts = {}
    if out_shape is not None:
        dims = [TensorShapeProto.Dim(size=size) for size in (-1, *out_shape)]  # -1: the batch, of any size
        facts["_output_shapes"] = AttrValue(list=AttrValue.ListValue(shape=[TensorShapeProto(dim=dims)]))
    if text:
        facts["module"] = AttrValue(s=text.encode())
    return NodeDef(name=name, op=kind, input=inputs, attr=facts)


def write_embedding(run: RunView, directory: RunDirectory) -> None:
    """The judged split in the projector. Raises RunError where the disk refuses."""
    head = last_linear(run.data.parts.model)
    if head is None:
        return
    rows_n = run.rows_N[:MOST_POINTS]
    points_nD = features(run, head, rows_n)
    name = f"{run.split} rows"
    if points_nD.shape[1] > MOST_DIMENSIONS:
        points_nD = main_directions(points_nD)
        name += f", {points_nD.shape[1]} main directions"
    folder, sprite = directory.path / FOLDER, ""
    points = ([f"{value:.5g}" for value in point] for point in points_nD.tolist())
    write_whole(folder / "points.tsv", tsv(points), last=False)
    write_whole(folder / "names.tsv", tsv(labels(run, len(rows_n))), last=False)
    if len(run.data.data.x.shape) == 4:
        images = thumbnails(run.data.data.x[rows_n])
        write_whole(folder / "thumbnails.png", png(square(images)), last=False)
        size = f"single_image_dim: {images.shape[2]} single_image_dim: {images.shape[1]}"
        sprite = f'  sprite {{ image_path: "{FOLDER}/thumbnails.png" {size} }}\n'
    paths = f'  tensor_path: "{FOLDER}/points.tsv"\n  metadata_path: "{FOLDER}/names.tsv"\n'
    config = f'embeddings {{\n  tensor_name: "{name}"\n{paths}{sprite}}}\n'  # protobuf's own text form
    write_whole(directory.path / CONFIG, config.encode())


def last_linear(net: nn.Module) -> nn.Linear | None:
    return next((module for module in reversed(list(net.modules())) if isinstance(module, nn.Linear)), None)


@torch.no_grad()
def features(run: RunView, head: nn.Linear, rows_n: Tensor) -> Tensor:
    """[n, D] what ``head`` is fed, one vector a row."""
    inputs: list[Tensor] = []

    def keep(module: nn.Module, args: Any, made: Any) -> None:
        inputs.append(args[0].flatten(1).float().cpu())

    for rows in torch.split(rows_n, AT_A_TIME):
        run_with(run.data.parts.model, run.prepared(rows), keep, [head])
    return torch.cat(inputs)


def main_directions(points_nD: Tensor) -> Tensor:
    """[n, d] the points in the d directions in which they differ most, which all but keeps their distances."""
    points_nD = points_nD.nan_to_num(0, 0, 0).double()
    points_nD -= points_nD.mean(0)
    squares_n, axes_nn = torch.linalg.eigh(points_nD @ points_nD.T)  # of n x n numbers: D may be far more
    points_nn: Tensor = (axes_nn * squares_n.clamp(min=0).sqrt()).flip(1)
    return points_nn[:, :MOST_DIMENSIONS].float()


def labels(run: RunView, count: int) -> list[list[str]]:
    """Headings, a line for each point; TensorBoard labels points by the first of no numbers, or else the first."""
    scores, y_N = run.answers
    names = run.data.data.class_names
    if not names:
        pairs = zip(y_N[:count].tolist(), scores[:count].tolist(), strict=True)
        return [["true", "predicted"], *([figure(y), figure(value)] for y, value in pairs)]
    predictions = run.predictions
    triples = zip(y_N[:count].tolist(), predictions.predicted_N.tolist(), predictions.hits_N.tolist(), strict=False)
    lines = [
        [f"is {names[y]}" + ("" if hit else f", taken for {names[k]}"), names[y], names[k], "yes" if hit else "no"]
        for y, k, hit in triples
    ]
    return [["row", "true", "predicted", "right"], *lines]


def tsv(lines: Iterable[Sequence[str]]) -> bytes:
    rows = ("\t".join(" ".join(cell.split()) or "-" for cell in line) for line in lines)
    return "".join(f"{row}\n" for row in rows).encode()


def thumbnails(x_nCHW: Tensor) -> Pixels:
    """[n, H, W, 3] small, but large enough to be seen."""
    images = to_rgb(x_nCHW)
    longest = max(images.shape[1:3])
    step, times = ceil(longest / LARGEST_THUMBNAIL), ceil(SMALLEST_THUMBNAIL / longest)
    return images[:, ::step, ::step].repeat(times, 1).repeat(times, 2)


def square(images_nHW3: Pixels) -> Pixels:
    """The images side by side in one picture, row by row, as many across as down, white below the last."""
    count, height, width, colours = images_nHW3.shape
    across = ceil(sqrt(count))
    blank = np.full((across**2 - count, height, width, colours), 255, np.uint8)
    grid = np.concatenate([images_nHW3, blank]).reshape(across, across, height, width, colours)
    return grid.swapaxes(1, 2).reshape(across * height, across * width, colours)
