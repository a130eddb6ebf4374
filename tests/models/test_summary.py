import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from runner.contracts import LayerSummary
from runner.models.cnn import Cnn
from runner.models.dnn import Dnn
from runner.models.summary import forward_flops, kind_of, layers, rows_that_fit


def test_the_rows_of_a_small_net_are_those_counted_by_hand() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3))
    assert layers(net, (1, 4, 4)) == (
        LayerSummary("0", "Conv2d(1, 2, kernel 3, padding 1)", (2, 4, 4), 20, 2 * 9 * 2 * 16),
        LayerSummary("1", "MaxPool2d(kernel 2)", (2, 2, 2), 0, 0),
        LayerSummary("2", "Flatten", (8,), 0, 0),
        LayerSummary("3", "Linear(8, 3)", (3,), 27, 2 * 8 * 3),
    )


def test_a_kernel_that_is_not_square_says_both_sides() -> None:
    assert layers(nn.Conv2d(1, 1, (1, 5)), (1, 5, 5))[0].kind == "Conv2d(1, 1, kernel 1x5)"


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        (nn.Conv2d(16, 33, (3, 5), (2, 1), (4, 2), (3, 1)), "kernel 3x5, stride 2x1, padding 4x2, dilation 3x1)"),
        (nn.Conv2d(4, 4, 3, padding="same", groups=4), "Conv2d(4, 4, kernel 3, padding same, groups 4)"),
        (nn.ConvTranspose2d(4, 2, 2, stride=2), "ConvTranspose2d(4, 2, kernel 2, stride 2)"),
        (nn.MaxPool2d(2), "MaxPool2d(kernel 2)"),
        (nn.MaxPool2d(3, stride=2, padding=1), "MaxPool2d(kernel 3, stride 2, padding 1)"),
        (nn.AvgPool1d(3, stride=3), "AvgPool1d(kernel 3)"),
        (nn.LPPool2d(2, 3), "LPPool2d(kernel 3)"),
    ],
)
def test_of_a_kernel_what_is_not_as_usual_is_said(module: nn.Module, kind: str) -> None:
    assert kind_of(module).endswith(kind)


def test_the_flops_are_those_that_torch_counts() -> None:
    net = Cnn(
        (3, 16, 16),
        10,
        channels=[8, 4],
        kernel_size=3,
        padding=1,
        pool_size=2,
        activation="GELU",
        normalisation="batch",
        dropout=0.0,
        residual=False,
    )
    with FlopCounterMode(display=False) as counter:
        net(torch.zeros(1, 3, 16, 16))
    assert sum(layer.flops for layer in layers(net, (3, 16, 16))) == counter.get_total_flops()
    assert forward_flops(net, (3, 16, 16)) == counter.get_total_flops()


def test_the_flops_of_attention_are_counted_and_the_net_is_left_in_training() -> None:
    net = nn.TransformerEncoderLayer(4, 1, dim_feedforward=8, batch_first=True)
    assert forward_flops(net, (3, 4)) > sum(layer.flops for layer in layers(net, (3, 4)))
    assert net.training


def test_a_shared_weight_counts_once_and_a_weight_outside_any_layer_counts() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.twice = nn.Linear(2, 2)
            self.scale = nn.Parameter(torch.ones(3))

        def forward(self, x_BF: Tensor) -> Tensor:
            return self.twice(self.twice(x_BF)) * self.scale.sum()

    assert [(row.name, row.num_parameters) for row in layers(Tied(), (2,))] == [("twice", 6), ("twice", 0), ("", 3)]


def test_the_rows_that_fit_are_those_of_the_largest_output() -> None:
    rows = [
        LayerSummary("0", "Conv2d", (2, 4, 4), 20, 0),
        LayerSummary("1", "Linear", (3,), 27, 0),
    ]  # 128 and 12 bytes a row
    assert rows_that_fit(rows, 1024) == 8
    assert rows_that_fit(rows, 2047) == 8  # 15 fit
    assert rows_that_fit(rows, 100) == 1
    assert rows_that_fit((), 1024) == 1024


def test_the_net_and_the_generator_are_left_as_they_were() -> None:
    net = Dnn(
        (4,),
        2,
        hidden=[3],
        activation="ReLU",
        normalisation="batch",
        dropout=0.5,
        residual=False,
        output_activation=None,
    )
    net[2].eval()  # a frozen normalisation within a net in training
    before, generator = {k: v.clone() for k, v in net.state_dict().items()}, torch.get_rng_state()
    layers(net, (4,))
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())
    assert torch.equal(generator, torch.get_rng_state())
    assert net.training and not net[2].training
    assert not any(module._forward_hooks for module in net.modules())
