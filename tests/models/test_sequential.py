import re
from typing import Any

import pytest
import torch
from torch import nn

from options import part
from runner.build.model import build_model
from runner.config.layers import read_layers, torch_names
from runner.errors import ConfigError
from runner.models.layers import Residual

OUT = {"Linear": {"out_features": "out"}}
LINEAR = {"Linear": {"out_features": 5}}
CONV = {"Conv2d": {"out_channels": 4, "kernel_size": 3}}
# What torch asks of a layer, and the rows of those that do not take pictures
NEEDED: dict[str, dict[str, Any]] = {
    **{name: {"output_size": 2} for name in ("AdaptiveAvgPool", "AdaptiveMaxPool")},
    **{name: {"kernel_size": 3} for name in ("AvgPool", "MaxPool", "Unfold")},
    **{name: {"padding": 1} for name in ("CircularPad", "ReflectionPad", "ReplicationPad", "ZeroPad")},
    **{name: {"out_channels": 8, "kernel_size": 3} for name in ("Conv", "ConvTranspose")},
    **{name: {"dim": 1} for name in ("LogSoftmax", "Softmax", "Softmin")},
    **{name: {"scale_factor": 2} for name in ("Upsample", "UpsamplingBilinear", "UpsamplingNearest")},
    "ChannelShuffle": {"groups": 2},
    "ConstantPad": {"padding": 1, "value": 0.0},
    "CrossMapLRN": {"size": 3},
    "Fold": {"output_size": [4, 4], "kernel_size": 3},
    "FractionalMaxPool": {"kernel_size": 3, "output_size": 2},
    "GroupNorm": {"num_groups": 2},
    "LPPool": {"norm_type": 2, "kernel_size": 3},
    "Linear": {"out_features": 8},
    "LocalResponseNorm": {"size": 3},
    "PixelShuffle": {"upscale_factor": 2},
    "PixelUnshuffle": {"downscale_factor": 2},
    "Softmax2d": {},
    "Threshold": {"threshold": 0.5, "value": 0.0},
    "TransformerEncoderLayer": {"nhead": 2, "batch_first": True},
    "Unflatten": {"dim": 1, "unflattened_size": [2, 2]},
}
SHAPES = {"1d": (4, 8), "3d": (4, 8, 8, 8), "Fold": (36, 4), "TransformerEncoderLayer": (4, 8)}


def entry(name: str) -> dict[str, Any]:
    return {name: NEEDED.get(name, NEEDED.get(re.sub(r"\dd$", "", name), {}))}


def is_taken(name: str) -> bool:
    try:
        return bool(read_layers([entry(name)], {}))
    except ConfigError:
        return False


TAKEN = sorted(filter(is_taken, torch_names()))


def built(layers: list[Any], in_shape: tuple[int, ...] = (1, 8, 8), num_outputs: int = 3, **blocks: Any) -> nn.Module:
    return build_model(part("model", "sequential", layers=layers, blocks=blocks), in_shape, num_outputs)


def fault(layers: list[Any], in_shape: tuple[int, ...] = (1, 8, 8), **blocks: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        built(layers, in_shape, **blocks)
    return str(caught.value)


def test_the_net_is_torchs_own_sequential_with_the_same_first_weights() -> None:
    torch.manual_seed(0)
    net = built([CONV, "BatchNorm2d", "ReLU", {"MaxPool2d": {"kernel_size": 2}}, "Flatten", OUT])
    torch.manual_seed(0)
    same = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3)
    )
    assert type(net) is nn.Sequential and str(net) == str(same) and net.training
    assert all(torch.equal(a, b) for a, b in zip(net.state_dict().values(), same.state_dict().values(), strict=True))


def test_sizes_are_those_of_torchs_own_formula() -> None:
    knobs = {"out_channels": 33, "kernel_size": [3, 5], "stride": [2, 1], "padding": [4, 2], "dilation": [3, 1]}
    net = built([{"Conv2d": knobs}, "Flatten", OUT], (16, 50, 100))
    assert isinstance(net[0], nn.Conv2d) and net[0](torch.zeros(1, 16, 50, 100)).shape == (1, 33, 26, 100)
    assert isinstance(net[2], nn.Linear) and net[2].in_features == 33 * 26 * 100


def test_children_are_numbered_and_blocks_have_their_names() -> None:
    repeated = {"repeat": {"times": 2, "layers": ["ReLU", "stem"]}}
    net = built(["stem", repeated, {"residual": ["Tanh"]}, "Flatten", OUT], stem=[CONV, "ReLU"])
    names = [name for name, _ in net.named_children()]
    assert names == ["stem", "1", "stem_2", "3", "stem_3", "5", "6", "7"]
    assert [type(m) for m in net.get_submodule("stem_2")] == [nn.Conv2d, nn.ReLU]


def test_a_residual_adds_its_input() -> None:
    net = built(["Flatten", {"residual": [{"Hardtanh": {"min_val": 0, "max_val": 0.5}}]}], (2,), num_outputs=2)
    assert type(net[1]) is Residual
    assert net(torch.tensor([[1.0, -1.0]])).tolist() == [[1.5, -1.0]]


def test_the_layers_of_torch_that_cannot_stand_in_a_row_are_few() -> None:
    refused = {name for name in torch_names() if "Loss" not in name and "Lazy" not in name} - {*TAKEN}
    assert len(TAKEN) >= 85 and len(refused) <= 30
    assert {"LSTM", "Bilinear", "Module", "MaxUnpool2d"} <= refused


@pytest.mark.parametrize("name", TAKEN)
def test_every_layer_that_takes_a_tensor_and_gives_one_has_its_place(name: str) -> None:
    shape = SHAPES.get(name, SHAPES.get(name[-2:], (4, 8, 8)))
    net = built([entry(name), "Flatten", OUT], shape)
    assert type(net[0]) is getattr(nn, name)
    assert net.eval()(torch.zeros(2, *shape)).shape == (2, 3)


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        (
            [{"Conv2d": {"out_channels": 4, "kernel": 3, "bais": False}}],
            r"model\.layers\[0\]\.kernel: Conv2d of torch \S+ has no such argument; did you mean kernel_size\?\n"
            r"model\.layers\[0\]\.bais: Conv2d of torch \S+ has no such argument; did you mean bias\?",
        ),
        ([{"Conv2d": {"out_channels": 4}}], r"model\.layers\[0\]\.kernel_size is missing; Conv2d needs it"),
        (
            [{"Conv2d": {"out_channels": 4, "kernel_size": [3]}}],
            r"model\.layers\[0\]\.kernel_size=\[3\]: Conv2d wants a whole number or a list of 2: "
            r"\[a whole number, a whole number\]",
        ),
        (
            [{"Conv2d": {"out_channels": 4, "kernel_size": 3, "groups": 3}}],
            r"model\.layers\[0\]=Conv2d: in_channels must be divisible by groups",
        ),
        (
            ["Flatten", CONV],
            r"model\.layers\[1\]=Conv2d: rows of 64 come in, it wants channels x height x width; "
            "put it before Flatten, or use Linear",
        ),
        (
            ["BatchNorm3d"],
            r"model\.layers\[0\]=BatchNorm3d: rows of 1 x 8 x 8 come in, it wants channels x depth x height x width; "
            "leave out what changes them before it",
        ),
        (
            [{"Conv2d": {"out_channels": 4, "kernel_size": 9}}],
            r"model\.layers\[0\]=Conv2d: cannot take the rows of 1 x 8 x 8 that come in: .*Kernel size: \(9 x 9\).*",
        ),
        (
            ["Flatten", {"Linear": {"in_features": 50, "out_features": "out"}}],
            r"model\.layers\[1\]\.in_features=50: Linear is given rows of 64, which makes it 64; leave it out",
        ),
        (
            [{"MaxPool2d": {"kernel_size": 2, "return_indices": True}}],
            r"model\.layers\[0\]=MaxPool2d: gives a tuple; a layer gives one tensor",
        ),
        (
            [{"Flatten": {"start_dim": -4}}],
            r"model\.layers\[0\]=Flatten: makes \[128\] of \[2, 1, 8, 8\]; it mixes rows that are of one batch",
        ),
        (
            [{"residual": [CONV]}],
            r"model\.layers\[0\]=residual: rows of 1 x 8 x 8 come in and rows of 4 x 6 x 6 go out; "
            "to be added they need one shape, as by padding: same",
        ),
        (
            [CONV],
            r"model\.layers: the last layer gives rows of 4 x 6 x 6, the data and the loss need 3\n"
            r"  end with Flatten, \{Linear: \{out_features: out\}\}",
        ),
    ],
)
def test_a_layer_that_does_not_fit_is_told_with_what_comes_in_and_what_it_wants(layers: list[Any], told: str) -> None:
    assert re.fullmatch(told, fault(layers))


def test_a_block_cannot_be_called_as_what_every_net_has() -> None:
    assert fault(["train"], train=["ReLU"]) == ("model.blocks.train: torch uses this name in every net; choose another")


def test_rows_of_another_shape_than_a_batch_of_them_looks_like_are_refused() -> None:
    """torch takes two rows of 2 x 8 for one picture of two channels, and would mix them."""
    assert "rows of 2 x 8 come in" in fault([{"Conv2d": {"out_channels": 2, "kernel_size": 1}}], (2, 8))


def test_weights_of_a_block_are_frozen_by_its_name() -> None:
    given = part("model", "sequential", layers=["stem", OUT], blocks={"stem": [LINEAR]}, freeze=["stem.*"])
    frozen = {name for name, weight in build_model(given, (4,), 3).named_parameters() if not weight.requires_grad}
    assert frozen == {"stem.0.weight", "stem.0.bias"}
