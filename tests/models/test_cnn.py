from typing import Any

import pytest
import torch

from runner.errors import ConfigError
from runner.models.cnn import Cnn
from runner.models.cnn_notes import CnnNotes


def cnn(in_shape: tuple[int, ...], **changed: Any) -> Cnn:
    knobs = {"channels": [32, 64], "kernel_size": 3, "padding": "same", "pool_size": 2, "activation": "ReLU"}
    return Cnn(in_shape, 10, **{"normalisation": None} | knobs | changed)


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
    assert [type(module).__name__ for module in block] == ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"]
