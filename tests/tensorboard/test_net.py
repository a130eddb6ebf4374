"""Nets as graphs, and rows as the last layer sees them, made small enough for a browser."""

import torch
from tensorboard.compat.proto.graph_pb2 import GraphDef
from torch import Tensor, nn

from runner.models.summary import layers
from runner.tensorboard.net import MOST_DIMENSIONS, graph, main_directions


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
        "inner/0_Linear": ("Linear", ["x"]),
        "inner/1_ReLU": ("ReLU", ["inner/0_Linear"]),
        "inner/0_Linear_1": ("Linear", ["inner/1_ReLU"]),
        "inner/1_ReLU_1": ("ReLU", ["inner/0_Linear_1"]),
        "add": ("add", ["x", "inner/1_ReLU_1"]),
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
        "0_ReLU": ("ReLU", ["input"]),
        "output": ("output", ["0_ReLU"]),
    }


def test_of_many_features_the_distances_stay() -> None:
    points = torch.zeros(3, 1000)
    points[1, 700], points[2, 5] = 3.0, 4.0
    small = main_directions(points)
    assert small.shape == (3, 3)
    expected = torch.tensor([[0.0, 3.0, 4.0], [3.0, 0.0, 5.0], [4.0, 5.0, 0.0]])
    assert torch.allclose(torch.cdist(small, small), expected, atol=1e-5)


def test_the_directions_that_are_left_out_are_those_in_which_points_differ_least() -> None:
    scale = torch.cat([torch.full((20,), 100.0), torch.full((380,), 0.01)])
    points = torch.randn(400, 400, generator=torch.Generator().manual_seed(0)) * scale
    small = main_directions(points)
    assert small.shape == (400, MOST_DIMENSIONS)
    spread = small.var(0)
    assert (spread.diff() <= 0).all() and (spread[:20] > 1e3).all()
    assert torch.allclose(torch.cdist(small, small), torch.cdist(points, points), atol=0.5)


def test_what_is_not_finite_does_not_end_a_run() -> None:
    points = torch.ones(4, 300)
    points[1, 2], points[2, 3] = torch.nan, torch.inf
    assert main_directions(points).shape == (4, 4)
