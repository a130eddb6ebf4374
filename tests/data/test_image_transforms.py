import pytest
import torch
from torch import nn

from runner.data.transforms import blank_preprocess
from runner.errors import ConfigError

DRAW = torch.Generator().manual_seed(0)
RGB = torch.randint(0, 256, (50, 3, 9, 7), dtype=torch.uint8, generator=DRAW)
GREY = RGB[:, :1].contiguous()
EACH = {
    "smaller": ({"resize": {"size": [4, 5]}}, RGB, (3, 4, 5)),
    "larger": ({"resize": {"size": [16, 20]}}, RGB, (3, 16, 20)),
    "smaller grey": ({"resize": {"size": [3, 3]}}, GREY, (1, 3, 3)),
    "grey": ("grey", RGB, (1, 9, 7)),
    "colour": ("colour", GREY, (3, 9, 7)),
    "pad": ({"pad": {"pixels": 2}}, RGB, (3, 13, 11)),
}


def transform(entry, x):
    return blank_preprocess([entry], tuple(x.shape[1:]), ())


def picture(*rows):
    return torch.tensor([[rows]], dtype=torch.float32)


@pytest.mark.parametrize(("entry", "x", "shape"), EACH.values(), ids=EACH)
def test_the_shape_that_comes_out(entry, x, shape):
    out = transform(entry, x)(x)
    assert (out.shape, out.dtype) == ((50, *shape), torch.float32)


@pytest.mark.parametrize(("entry", "x", "shape"), EACH.values(), ids=EACH)
@pytest.mark.parametrize("size", [1, 7, 32])
def test_a_picture_comes_out_the_same_in_any_company(entry, x, shape, size):
    preprocess = transform(entry, x)
    assert torch.equal(preprocess(x), torch.cat([preprocess(part) for part in x.split(size)]))


def test_resize_is_the_same_whatever_the_layout_in_memory():
    preprocess = transform({"resize": {"size": [4, 5]}}, RGB)
    assert torch.equal(preprocess(RGB), preprocess(RGB.to(memory_format=torch.channels_last)))


def test_resize_to_half_averages_all_that_a_pixel_stands_for():
    checks = (torch.arange(8)[:, None] + torch.arange(8)).remainder(2).view(1, 1, 8, 8).float()
    out = transform({"resize": {"size": [4, 4]}}, checks)(checks)
    # without antialias each would be an average of four pixels at most; a triangle of 4 x 4 weighs 1 3 3 1
    assert out[0, 0, 1:3, 1:3].flatten().tolist() == [0.5] * 4


def test_resize_to_the_same_size_changes_nothing():
    assert torch.equal(transform({"resize": {"size": [9, 7]}}, RGB)(RGB), RGB.float())


def test_grey_is_brightness():
    x = torch.tensor([[[[100.0]], [[10.0]], [[1.0]]]])
    assert transform("grey", x)(x).item() == pytest.approx(29.9 + 5.87 + 0.114)


def test_grey_stays_grey_and_colour_stays_colour():
    assert torch.equal(transform("grey", GREY)(GREY), GREY.float())
    assert torch.equal(transform("colour", RGB)(RGB), RGB.float())


def test_colour_is_the_same_three_times():
    assert transform("colour", picture([1, 2]))(picture([1, 2])).tolist() == [[[[1, 2]]] * 3]


def test_pad_puts_zeros_around():
    assert transform({"pad": {"pixels": 1}}, picture([5]))(picture([5])).tolist() == [
        [[[0, 0, 0], [0, 5, 0], [0, 0, 0]]]
    ]


@pytest.mark.parametrize("entry", [{"resize": {"size": [2, 2]}}, "grey", "colour", {"pad": {"pixels": 1}}])
def test_a_table_is_refused(entry):
    with pytest.raises(ConfigError, match=r"needs images \[C, H, W\] and gets rows of shape \[4\]"):
        blank_preprocess([entry], (4,), ())


@pytest.mark.parametrize("entry", ["grey", "colour"])
def test_two_channels_are_neither_grey_nor_coloured(entry):
    with pytest.raises(ConfigError, match=f"{entry} needs 1 or 3 channels and gets 2"):
        blank_preprocess([entry], (2, 4, 4), ())


def test_a_convolutional_net_learns_behind_all_of_them():
    torch.manual_seed(0)
    bright = torch.randint(0, 2, (64,))
    x = (bright.view(-1, 1, 1, 1) * 120 + torch.randint(0, 60, (64, 3, 9, 7))).to(torch.uint8)
    entries = ["grey", {"resize": {"size": [8, 8]}}, {"pad": {"pixels": 2}}, "colour", {"scale": {"divisor": 255}}]
    preprocess = blank_preprocess(entries, (3, 9, 7), ())
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(400, 2))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(20):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(preprocess(x)), bright).backward()
        optimizer.step()
    assert (net(preprocess(x)).argmax(1) == bright).all()
