import inspect

import pytest
import torch
from torchvision.transforms import v2

from runner.config.step_knobs import TORCHVISION
from runner.contracts import Data
from runner.data.transforms import blank_preprocess, build_preprocess
from runner.errors import ConfigError

PICTURES = torch.randint(0, 256, (4, 3, 9, 7), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
BLUR = {"kernel_size": 3, "sigma": 0.8}
PAD = {"padding": [1, 2], "fill": 0.5, "padding_mode": "constant"}


def built(entries, x):
    data = Data(x=x, y=torch.zeros(len(x)), task="regression")
    return build_preprocess(entries, data, torch.arange(len(x)))


@pytest.mark.parametrize("name", TORCHVISION)
def test_every_argument_is_one_of_torchvisions(name):
    assert set(TORCHVISION[name]) <= set(inspect.signature(getattr(v2, name)).parameters)


@pytest.mark.parametrize(
    ("entry", "theirs"),
    [
        ("ToImage", v2.Identity()),
        ({"ToDtype": {"dtype": "float32", "scale": False}}, v2.ToDtype(torch.float32)),
        ({"Normalize": {"mean": [0.5, 0.4, 0.3], "std": [1.0, 0.5, 2.0]}}, v2.Normalize([0.5, 0.4, 0.3], [1, 0.5, 2])),
        ({"Resize": 4}, v2.Resize(4)),
        ({"Resize": {"size": [5, 6], "interpolation": "nearest"}}, v2.Resize([5, 6], interpolation=0)),
        ({"CenterCrop": 5}, v2.CenterCrop(5)),
        ("Grayscale", v2.Grayscale()),
        ("RGB", v2.RGB()),
        ({"Pad": PAD}, v2.Pad(**PAD)),
        ({"GaussianBlur": BLUR}, v2.GaussianBlur(3, (0.8, 0.8))),
    ],
)
def test_a_name_does_what_torchvision_does(entry, theirs):
    torch.testing.assert_close(built([entry], PICTURES)(PICTURES), theirs(PICTURES.float()))


def test_to_tensor_brings_bytes_to_one_and_leaves_other_numbers():
    for entry in ("ToTensor", {"ToDtype": {"dtype": "float32", "scale": True}}):
        assert built([entry], PICTURES)(PICTURES).equal(PICTURES / 255)
        assert built([{"Resize": 7}, entry], PICTURES.float())(PICTURES.float()).equal(PICTURES.float())


def test_what_a_checkpoint_holds_says_whether_rows_were_bytes():
    fractions = built(["ToTensor"], PICTURES.float())
    blank = blank_preprocess(["ToTensor"], (3, 9, 7), ())
    blank.load_state_dict(fractions.state_dict())
    assert blank(PICTURES).equal(PICTURES.float())


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"Pad": {"padding": 9, "padding_mode": "reflect"}}, "Pad .* of 9 x 7: .*must be less than a side"),
        ({"GaussianBlur": {"kernel_size": 99, "sigma": 1.0}}, "GaussianBlur .* must be less than twice a side"),
        ({"GaussianBlur": {"kernel_size": 2, "sigma": 1.0}}, "GaussianBlur.kernel_size=2: give an odd whole number"),
        (
            {"Resize": {"size": [4, 4], "max_size": 5}},
            "Resize does not work on pictures of 9 x 7: max_size must be larger",
        ),
    ],
)
def test_what_torchvision_refuses_is_told_with_its_name(entry, fault):
    with pytest.raises(ConfigError, match=fault):
        built([entry], PICTURES)


def test_rows_that_are_no_pictures_are_refused():
    with pytest.raises(ConfigError, match=r"CenterCrop needs images \[C, H, W\] and gets rows of shape \[4\]"):
        blank_preprocess([{"CenterCrop": 2}], (4,), ())
    with pytest.raises(ConfigError, match="Grayscale needs 1 or 3 channels and gets 2"):
        blank_preprocess(["Grayscale"], (2, 4, 4), ())
