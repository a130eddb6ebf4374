"""Nets as graphs."""

import torch
from tensorboard.compat.proto.graph_pb2 import GraphDef
from torch import Tensor, nn

from runner.models.summary import layers
from runner.tensorboard.graph import graph


def nodes(net: nn.Module) -> dict[str, tuple[str, list[str]]]:
    """name -> (op, inputs)"""
    made = GraphDef.FromString(graph(net, (4,), layers(net, (4,))))
    return {node.name: (node.op, list(node.input)) for node in made.node}


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(4, 4), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(self.inner(x))


class Branching(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) if x.sum() < 1 else x


def test_operations_and_repeated_modules_are_boxes_of_their_own() -> None:
    assert nodes(Twice()) == {
        "x": ("input", []),
        "inner/0": ("Linear", ["x"]),
        "inner/1": ("ReLU", ["inner/0"]),
        "inner/0_1": ("Linear", ["inner/1"]),
        "inner/1_1": ("ReLU", ["inner/0_1"]),
        "add": ("add", ["x", "inner/1_1"]),
        "output": ("output", ["add"]),
    }


def test_a_net_that_branches_on_its_data_is_shown_layer_by_layer() -> None:
    assert nodes(Branching()) == {"input": ("input", []), "inner": ("Linear", ["input"])}


def test_tracing_leaves_the_net_alone() -> None:
    net = Twice()
    state = torch.get_rng_state()
    nodes(net)
    assert net.training and torch.equal(torch.get_rng_state(), state)


def test_the_input_has_the_name_that_forward_gives_it() -> None:
    assert nodes(nn.Sequential(nn.ReLU())) == {
        "input": ("input", []),
        "0": ("ReLU", ["input"]),
        "output": ("output", ["0"]),
    }
