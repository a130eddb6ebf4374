from typing import Any

import pytest
import torch
from torch import nn

from runner.errors import ConfigError
from runner.models.cnn import Cnn, widest_kernel
from runner.models.cnn_notes import CnnNotes


def cnn(in_shape: tuple[int, ...], **changed: Any) -> Cnn:
    knobs = {"channels": [32, 64], "kernel_size": 3, "padding": "same", "pool_size": 2, "activation": "ReLU"}
    off = {"normalisation": None, "dropout": 0.0, "residual": False}
    return Cnn(in_shape, 10, **off | knobs | changed)


def kinds(block: nn.Module) -> list[str]:
    return [type(module).__name__ for module in block.children()]


@pytest.mark.parametrize("in_shape", [(54,), (28, 28), (1, 2, 3, 4)])
def test_a_table_is_answered_with_a_model_that_works(in_shape: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match=r"needs pictures .* has the shape \[.*\]; model=mlp takes any shape"):
        cnn(in_shape)


def test_a_picture_too_small_for_the_blocks_is_refused_by_block() -> None:
    with pytest.raises(ConfigError, match=r"1 pixels a side where block 3 starts: .*pool_size=2; .* or model=mlp"):
        cnn((1, 4, 4), channels=[8, 8, 8])


def test_a_kernel_larger_than_the_picture_is_refused() -> None:
    with pytest.raises(ConfigError, match="8 pixels a side where block 1 starts: too small for kernel_size=9"):
        cnn((1, 8, 8), kernel_size=9, padding=0)


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"channels": [8, 0]}, r"channels=\[8, 0\]: each is a whole number of at least 1"),
        ({"kernel_size": 0}, "kernel_size=0 pool_size=2: each is at least 1"),
        ({"pool_size": 0}, "kernel_size=3 pool_size=0: each is at least 1"),
        ({"padding": -1}, "padding=-1: a number of pixels of at least 0, or same, or valid"),
    ],
)
def test_a_knob_out_of_range_is_refused(knobs: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        cnn((1, 8, 8), **knobs)


def test_the_net_of_the_notes_is_three_blocks() -> None:
    net = CnnNotes((3, 32, 32), 10, output_relu=True)
    blocks = [[type(module).__name__ for module in block] for block in net.children() if len(list(block.children()))]
    assert blocks == [["Conv2d", "ReLU", "MaxPool2d"], ["Conv2d", "ReLU", "MaxPool2d"], ["Flatten", "Linear"]]


def test_output_relu_leaves_no_negative_logit() -> None:
    x_BCHW = torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert CnnNotes((3, 32, 32), 10, output_relu=False)(x_BCHW).min() < 0
    assert CnnNotes((3, 32, 32), 10, output_relu=True)(x_BCHW).min() >= 0


def test_batch_normalisation_stands_between_convolution_and_activation() -> None:
    block = cnn((1, 8, 8), normalisation="batch").block_1
    assert kinds(block) == ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"]


@pytest.mark.parametrize(("kind", "groups"), [("group", [2, 3]), ("layer", [1, 1]), ("instance", [32, 48])])
def test_a_normalisation_over_channels_of_one_picture_has_its_number_of_groups(kind: str, groups: list[int]) -> None:
    net = cnn((1, 8, 8), channels=[32, 48], normalisation=kind)
    assert [norm.num_groups for norm in (net.block_1[1], net.block_2[1])] == groups
    assert cnn((1, 8, 8), channels=[6], normalisation="group").block_1[1].num_groups == 3  # of 2: gcd(16, 6)


def test_dropout_ends_a_block_and_takes_whole_channels() -> None:
    torch.manual_seed(0)
    block = cnn((1, 8, 8), dropout=0.5, channels=[64], activation="Sigmoid").block_1
    assert kinds(block) == ["Conv2d", "Sigmoid", "MaxPool2d", "Dropout2d"]
    silent_BC = (block(torch.randn(3, 1, 8, 8)) == 0).flatten(2).float().mean(2)
    assert set(silent_BC.unique().tolist()) == {0.0, 1.0}


def test_a_residual_block_adds_its_input_before_it_pools() -> None:
    net = cnn((1, 8, 8), channels=[8, 8], residual=True)
    assert kinds(net.block_1) == ["Conv2d", "ReLU", "MaxPool2d"]  # 1 -> 8 channels cannot
    assert kinds(net.block_2) == ["Residual", "MaxPool2d"]
    nn.init.zeros_(net.block_2[0][0].weight)
    nn.init.zeros_(net.block_2[0][0].bias)
    x_BCHW = torch.randn(2, 8, 4, 4)
    assert torch.equal(net.block_2[0](x_BCHW), x_BCHW)


def test_residuals_that_would_change_nothing_are_refused_with_what_would() -> None:
    with pytest.raises(ConfigError, match=r"they are \[1, 32, 64\]; .*, as channels=\[64,64\]"):
        cnn((1, 8, 8), residual=True)
    with pytest.raises(ConfigError, match="only where it keeps its size: padding=same"):
        cnn((1, 8, 8), channels=[8, 8], residual=True, padding=0)


@pytest.mark.parametrize(
    ("in_shape", "changed", "widest"),
    [
        ((1, 28, 28), {"channels": [8]}, 55),
        ((1, 28, 28), {}, 27),  # 14 pixels reach the second block
        ((1, 28, 20), {"channels": [8]}, 39),
        ((1, 28, 28), {"channels": [8], "padding": 4, "kernel_size": 31}, 32),
    ],
)
def test_up_to_the_widest_kernel_every_weight_learns(
    in_shape: tuple[int, ...], changed: dict[str, Any], widest: int
) -> None:
    knobs: dict[str, Any] = {"channels": [8, 8], "kernel_size": 3, "padding": "same", "pool_size": 1} | changed
    assert widest_kernel(in_shape, **knobs | {"pool_size": 2}) == widest
    if len(knobs["channels"]) == 1:
        for size, all_learn in ((widest, True), (widest + 1 + widest % 2, False)):
            net = cnn(in_shape, **knobs | {"kernel_size": size})
            net(torch.ones(1, *in_shape)).sum().backward()
            weight = next(net.parameters())
            assert weight.grad is not None and bool(weight.grad.abs().sum((0, 1)).bool().all()) == all_learn
