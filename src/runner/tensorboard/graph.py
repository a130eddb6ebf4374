"""A net as TensorBoard's Graphs shows it: modules as boxes in boxes, operations between them, tensors as lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tensorboard.compat.proto.attr_value_pb2 import AttrValue
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.compat.proto.node_def_pb2 import NodeDef
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.versions_pb2 import VersionDef
from torch import fx, nn

from runner.contracts import Layer


def graph(net: nn.Module, in_shape: tuple[int, ...], layers: Sequence[Layer]) -> bytes:
    """A serialised GraphDef. A net that torch.fx cannot follow is shown as its layers one after the other."""
    shapes = {layer.name: layer.out_shape for layer in layers}
    try:
        nodes = list(traced(net, in_shape, shapes))
    except Exception:  # a net of the user's may branch on its data, which fx answers with errors of any kind
        nodes = list(in_a_row(in_shape, layers))
    definition: bytes = GraphDef(node=nodes, versions=VersionDef(producer=22)).SerializeToString()
    return definition


def traced(net: nn.Module, in_shape: tuple[int, ...], shapes: Mapping[str, tuple[int, ...]]) -> Iterator[NodeDef]:
    names: dict[fx.Node, str] = {}
    modules = dict(net.named_modules())
    for node in fx.Tracer().trace(net).nodes:
        names[node] = path(node)
        inputs = [names[argument] for argument in node.all_input_nodes]
        if node.op == "call_module":
            target = str(node.target)
            yield made(names[node], type(modules[target]).__name__, inputs, shapes.get(target), str(modules[target]))
        elif node.op == "placeholder":
            yield made(names[node], "input", inputs, in_shape)
        else:
            yield made(names[node], "output" if node.op == "output" else operation(node), inputs)


def path(node: fx.Node) -> str:
    """A name whose slashes are the modules around the node."""
    if node.op == "call_module":
        calls = earlier_calls(node)
        return str(node.target).replace(".", "/") + (f"_{calls}" if calls else "")
    if node.op == "placeholder":
        return str(node.target)  # as forward calls it; node.name makes input_1 of what is a word of Python
    stack = list(node.meta.get("nn_module_stack", {}))
    around = stack[-1].replace(".", "/") + "/" if stack and stack[-1] else ""
    return f"{around}{node.name}"


def earlier_calls(node: fx.Node) -> int:
    """How often the module was called before: each call is a box of its own."""
    count, earlier = 0, node.prev
    while earlier.op != "root":
        count += earlier.op == "call_module" and earlier.target == node.target
        earlier = earlier.prev
    return count


def operation(node: fx.Node) -> str:
    return getattr(node.target, "__name__", str(node.target))


def in_a_row(in_shape: tuple[int, ...], layers: Sequence[Layer]) -> Iterator[NodeDef]:
    yield made("input", "input", [], in_shape)
    before = "input"
    for layer in layers:
        name = layer.name.replace(".", "/") or layer.kind
        yield made(name, layer.kind.partition("(")[0], [before], layer.out_shape, layer.kind)
        before = name


def made(
    name: str, kind: str, inputs: Sequence[str], out_shape: tuple[int, ...] | None = None, text: str = ""
) -> NodeDef:
    node = NodeDef(name=name, op=kind, input=inputs)
    if out_shape is not None:
        dims = [TensorShapeProto.Dim(size=size) for size in (-1, *out_shape)]  # -1: the batch, of any size
        shape = AttrValue.ListValue(shape=[TensorShapeProto(dim=dims)])
        node.attr["_output_shapes"].CopyFrom(AttrValue(list=shape))
    if text:
        node.attr["module"].CopyFrom(AttrValue(s=text.encode()))
    return node
