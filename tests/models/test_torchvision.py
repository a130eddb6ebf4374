from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torchvision.models import get_model, get_model_builder, list_models
from torchvision.models.regnet import BlockParams

from runner.errors import ConfigError
from runner.models import torchvision_names
from runner.models.torchvision import Torchvision

NAMES = list_models(module=torchvision.models)
SMALLEST = {  # by the file of torchvision that builds them, one of each kind
    "alexnet": ["alexnet"],
    "convnext": ["convnext_tiny"],
    "densenet": ["densenet121"],
    "efficientnet": ["efficientnet_b0", "efficientnet_v2_s"],
    "googlenet": ["googlenet"],
    "inception": ["inception_v3"],
    "maxvit": ["maxvit_t"],
    "mnasnet": ["mnasnet0_5"],
    "mobilenetv2": ["mobilenet_v2"],
    "mobilenetv3": ["mobilenet_v3_small"],
    "regnet": ["regnet_x_400mf", "regnet_y_400mf"],
    "resnet": ["resnet18", "resnet50", "resnext50_32x4d", "wide_resnet50_2"],
    "shufflenetv2": ["shufflenet_v2_x0_5"],
    "squeezenet": ["squeezenet1_0", "squeezenet1_1"],
    "swin_transformer": ["swin_t", "swin_v2_t"],
    "vgg": ["vgg11", "vgg11_bn"],
    "vision_transformer": ["vit_b_16"],
}


def test_the_names_are_found_without_torch() -> None:
    assert sorted(torchvision_names.names()) == NAMES


@pytest.mark.parametrize(("word", "net"), [("resnet", "resnet18"), ("swin", "swin_t"), ("VGG-16", "vgg16")])
def test_of_a_family_of_nets_the_smallest_is_taken(word: str, net: str) -> None:
    assert torchvision_names.named(word) == net


def net_of(name: str, in_shape: tuple[int, ...] = (1, 64, 64), weights: str | None = None) -> nn.Module:
    return Torchvision(name=name, weights=weights).build(in_shape, 7)


@pytest.fixture
def widths_with_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A regnet reckons the widths of its blocks with tensors, which must have numbers where its weights have none."""

    def reckoned(**knobs: Any) -> BlockParams:
        with torch.device("cpu"):
            return from_init_params(**knobs)

    from_init_params = BlockParams.from_init_params
    monkeypatch.setattr(BlockParams, "from_init_params", reckoned)


def test_the_nets_of_every_file_of_torchvision_are_tested() -> None:
    assert {get_model_builder(name).__module__.rpartition(".")[2] for name in NAMES} == SMALLEST.keys()


@pytest.mark.parametrize("name", [name for names in SMALLEST.values() for name in names])
@pytest.mark.usefixtures("widths_with_numbers")
def test_a_classification_net_fits_its_channels_and_outputs_to_the_data(name: str) -> None:
    with torch.device("meta"):
        net = net_of(name, (1, 224, 224))
        assert net.train()(torch.zeros(2, 1, 224, 224)).shape == (2, 7)  # one tensor, also in training


@pytest.mark.parametrize(
    "name", ["resnet18", "mobilenet_v3_small", "squeezenet1_1", "shufflenet_v2_x0_5", "regnet_y_400mf"]
)
def test_a_small_net_trains_a_step_on_grey_pictures(name: str) -> None:
    torch.manual_seed(0)
    net, x_BCHW = net_of(name, (1, 32, 32)).train(), torch.randn(4, 1, 32, 32)
    loss = nn.functional.cross_entropy(net(x_BCHW), torch.tensor([0, 1, 2, 3]))
    loss.backward()
    assert loss.isfinite() and all(weight.grad is not None for weight in net.parameters())


def test_the_net_is_torchvisions_own_under_its_own_names() -> None:
    net = net_of("resnet18", (3, 64, 64))
    assert type(net) is torchvision.models.ResNet
    assert sum(weight.numel() for weight in net.parameters()) == 11_689_512 - 513 * 1000 + 513 * 7


@pytest.mark.parametrize(
    ("name", "in_shape", "told"),
    [
        (
            "alexnet",
            (1, 28, 28),
            r"alexnet cannot take pictures of 28 x 28 pixels\n.*transforms: .*size: \[64, 64\]\}\}",
        ),
        ("vit_b_16", (3, 32, 32), r"transforms: \{resize: \{size: \[224, 224\]\}\}"),
        ("vgg11", (1, 8, 8), r"transforms: \{resize: \{size: \[32, 32\]\}\}"),
        ("resnet18", (4,), r"needs pictures .*; model=mlp takes any shape"),
    ],
)
def test_what_a_net_cannot_take_is_refused_with_what_it_can(name: str, in_shape: tuple[int, ...], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        net_of(name, in_shape)


@pytest.mark.parametrize(
    ("name", "weights", "told"),
    [
        ("ResNet18", None, r"model\.name=ResNet18: torchvision has no such classification net; did you mean resnet18"),
        ("xyzzy", None, "choices: alexnet, convnext_base"),
        ("resnet18", "IMAGENET", "model.weights=IMAGENET: .* choices: IMAGENET1K_V1, DEFAULT, or null"),
    ],
)
def test_a_wrong_name_is_answered_with_right_ones(name: str, weights: str | None, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        Torchvision(name=name, weights=weights)


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts weights where those of a net are looked for, whatever digest their name promises."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("runner.models.torchvision.digits_of", lambda path: "")

    def put(name: str, **knobs: Any) -> dict[str, Tensor]:
        weights = torchvision.models.get_model_weights(name).DEFAULT
        file = tmp_path / "hub/checkpoints" / weights.url.rpartition("/")[2]
        file.parent.mkdir(parents=True, exist_ok=True)
        state: dict[str, Tensor] = get_model(name, weights=None, **knobs).state_dict()
        torch.save(state, file)
        return state

    return put


def test_trained_weights_are_kept_but_for_the_last_layer(publish: Any) -> None:
    state = publish("resnet18")
    net = net_of("resnet18", (3, 32, 32), weights="DEFAULT").state_dict()
    assert {name for name in state if not torch.equal(state[name], net[name])} == {"fc.weight", "fc.bias"}
    assert net["fc.weight"].shape == (7, 512)


def test_a_grey_picture_is_seen_as_the_same_grey_in_three_colours(publish: Any) -> None:
    first = publish("squeezenet1_1")["features.0.weight"]
    grey = net_of("squeezenet1_1", (1, 32, 32), weights="DEFAULT").features[0]
    assert torch.allclose(grey.weight, first.sum(1, keepdim=True))
    five = net_of("squeezenet1_1", (5, 32, 32), weights="DEFAULT").features[0]
    assert torch.allclose(five.weight.sum(1), first.sum(1), atol=1e-5)


def test_the_extra_heads_in_a_file_are_left_out(publish: Any) -> None:
    publish("googlenet", aux_logits=True, init_weights=False)
    net = net_of("googlenet", (3, 64, 64), weights="DEFAULT")
    assert net.train()(torch.zeros(2, 3, 64, 64)).shape == (2, 7)


def test_the_old_names_in_the_files_of_densenets_are_read(publish: Any, tmp_path: Path) -> None:
    state = publish("densenet121")
    (file,) = (tmp_path / "hub/checkpoints").iterdir()
    old = {name.replace("norm1.", "norm.1.").replace("conv2.", "conv.2."): value for name, value in state.items()}
    assert old.keys() != state.keys()
    torch.save(old, file)
    net = net_of("densenet121", (3, 32, 32), weights="DEFAULT").state_dict()
    name = "features.denseblock1.denselayer1.conv2.weight"
    assert torch.equal(net[name], state[name])
