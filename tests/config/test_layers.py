import subprocess
import sys
from typing import Any

import pytest
from torch import nn

from runner.config.layers import (
    NO_ACTIVATION,
    Block,
    Layer,
    activation_fault,
    activation_names,
    read_layers,
    torch_names,
)
from runner.errors import ConfigError

LINEAR = {"Linear": {"out_features": 3}}


def faults(layers: Any, **blocks: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        read_layers(layers, blocks)
    return caught.value.faults


def test_the_layers_of_torch_are_known_without_it() -> None:
    assert set(torch_names()) == set(nn.modules.__all__)
    check = (
        "from runner.config.layers import read_layers; read_layers(['ReLU'], {}); import sys; 'torch' in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", f"{check} and sys.exit(9)"]).returncode == 0


def test_the_activations_of_torch_are_known_without_it_but_those_that_stand_nowhere_between_layers() -> None:
    of_torch = {*nn.modules.activation.__all__}
    assert len(of_torch) >= 29 and {*activation_names()} == of_torch - NO_ACTIVATION.keys()


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("ReLU", ""),
        ("relu", "torch.nn has no such activation; did you mean ReLU?"),
        ("Xyzzy", "torch.nn has no such activation; choices: CELU, ELU, GELU, "),
        ("Linear", "torch.nn has no such activation; choices: CELU, ELU, GELU, "),
        ("GLU", "GLU halves the number of features; choices: CELU, ELU, GELU, "),
    ],
)
def test_what_is_no_activation_is_said_with_the_nearest_name_or_the_choices(name: str, fault: str) -> None:
    assert activation_fault(name).startswith(fault) and bool(activation_fault(name)) == bool(fault)


def test_layers_blocks_repeats_and_residuals_are_read_in_their_order() -> None:
    row = read_layers(["stem", {"repeat": {"times": 2, "layers": [LINEAR]}}, {"residual": ["ReLU"]}], {"stem": ["ELU"]})
    linear = Layer("model.layers[1].repeat.layers[0]", "Linear", {"out_features": 3})
    assert row == (
        Block("model.layers[0]", "stem", (Layer("model.blocks.stem[0]", "ELU", {}),)),
        linear,
        linear,
        Block("model.layers[2]", "residual", (Layer("model.layers[2].residual[0]", "ReLU", {}),)),
    )
    assert read_layers([{"ReLU": None}], {}) == (Layer("model.layers[0]", "ReLU", {}),)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("Relu", "model.layers[0]=Relu: torch.nn has no such layer, nor has model.blocks; did you mean ReLU?"),
        ("stm", "model.layers[0]=stm: torch.nn has no such layer, nor has model.blocks; did you mean stem?"),
        (
            "Wxyzq",
            "model.layers[0]=Wxyzq: torch.nn has no such layer, nor has model.blocks; "
            "see them: https://docs.pytorch.org/docs/stable/nn.html",
        ),
        (7, "model.layers[0]=7: write a layer as ReLU or as {Linear: {out_features: 64}}"),
        ({"Linear": 64}, "model.layers[0]={Linear:64}: write a layer as ReLU or as {Linear: {out_features: 64}}"),
        (
            {"LSTM": {"hidden_size": 4}},
            "model.layers[0]=LSTM: gives two tensors, its outputs and its state; "
            "a net of your own can have it: model=module",
        ),
        (
            "Bilinear",
            "model.layers[0]=Bilinear: takes more than one tensor; a net of your own can have it: model=module",
        ),
        ("MSELoss", "model.layers[0]=MSELoss: is a loss, not a layer; choose it with loss=..."),
        (
            "LazyLinear",
            "model.layers[0]=LazyLinear: is not needed, because input sizes are found; write Linear",
        ),
        (
            {"Sequential": {}},
            "model.layers[0]=Sequential: holds other layers; name a list of layers in model.blocks",
        ),
        ({"ReLU": {"device": "cuda"}}, "model.layers[0].device: the program sets it; leave it out"),
        (
            {"Flatten": {"start_dim": 0}},
            "model.layers[0].start_dim=0: would mix the rows of a batch, which are dimension 0; a row's own begin at 1",
        ),
        ({"Linear": {"out_features": 0}}, "model.layers[0].out_features=0: give a whole number of at least 1"),
        (
            {"MaxPool2d": {"kernel_size": [2, 0]}},
            "model.layers[0].kernel_size=[2,0]: give a whole number of at least 1",
        ),
        ({"Dropout": {"p": 2}}, "model.layers[0].p=2: give a share, 0 to 1"),
        ("Softmax", "model.layers[0]=Softmax: needs its dim; write {Softmax: {dim: 1}}"),
        (
            {"TransformerEncoderLayer": {"nhead": 2}},
            "model.layers[0]=TransformerEncoderLayer: would mix the rows of a batch; add batch_first: true",
        ),
        ({"repeat": 2}, "model.layers[0]: write {repeat: {times: 2, layers: [...]}}"),
        (
            {"repeat": {"times": 0, "layers": ["ReLU"]}},
            "model.layers[0].repeat.times=0: give a whole number of at least 1",
        ),
        (
            {"repeat": {"times": True, "layers": ["ReLU"]}},
            "model.layers[0].repeat.times=true: give a whole number of at least 1",
        ),
        ({"residual": []}, "model.layers[0].residual=[]: give a list of at least one layer, as [ReLU]"),
        (
            {"repeat": {"times": 1001, "layers": ["ReLU"]}},
            "model.layers[0]: makes more than 1,000 layers and blocks; repeat fewer",
        ),
    ],
)
def test_a_wrong_entry_is_told_with_its_place_and_what_to_write(entry: Any, fault: str) -> None:
    assert faults([entry], stem=["ReLU"]) == (fault,)


def test_all_faults_are_told_at_once() -> None:
    assert len(faults(["Relu", "LSTM", {"Linear": 3}])) == 3


def test_only_the_last_size_can_be_out() -> None:
    out = {"Linear": {"out_features": "out"}}
    assert faults([out, "ReLU", LINEAR]) == (
        "model.layers[0].out_features=out: only the last size can be out, and model.layers[2]=Linear comes after it; "
        "give a number",
    )
    assert len(read_layers([LINEAR, out, "ReLU"], {})) == 3


def test_a_block_that_holds_itself_is_told_also_where_others_lie_between() -> None:
    assert faults(["a"], a=["b"], b=["ReLU", "a"]) == (
        "model.blocks.b[1]: block a holds itself; take it out of model.blocks.a",
    )


def test_a_block_that_no_layer_uses_is_checked_too() -> None:
    assert faults(["ReLU"], stem="ReLU") == ("model.blocks.stem=ReLU: give a list of at least one layer, as [ReLU]",)


@pytest.mark.parametrize("name", ["residual", "ReLU", "a.b", "1"])
def test_a_block_has_a_name_of_its_own(name: str) -> None:
    assert f"model.blocks.{name}: cannot be the name of a block; write one in small letters, as stem" in faults(
        ["Tanh"], **{name: ["Tanh"]}
    )


def test_blocks_that_double_each_other_are_stopped_at_once() -> None:
    blocks = {f"b{i}": [f"b{i + 1}"] * 2 for i in range(60)} | {"b60": ["ReLU"]}
    assert "model.blocks.b51: makes more than 1,000 layers and blocks; repeat fewer" in faults(["b0"], **blocks)
