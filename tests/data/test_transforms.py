import pytest
import torch
from torch import nn

from runner.config.step_knobs import TRANSFORM_KNOBS
from runner.contracts import Column, Data
from runner.data.transforms import TRANSFORMS, blank_preprocess, build_preprocess, out_shape
from runner.errors import ConfigError

COLOUR = Column("colour", ("red", "green", "blue"))
MIXED = (Column("size"), COLOUR, Column("weight"))
ALL_FOUR = torch.arange(4)


def table(rows, columns=()):
    x = torch.tensor(rows, dtype=torch.float32)
    columns = columns or tuple(Column(f"x{i}") for i in range(x.shape[1]))
    return Data(x=x, y=torch.zeros(len(x)), task="regression", columns=columns)


def images(x):
    return Data(x=x, y=torch.zeros(len(x)), task="regression")


def test_every_transform_has_its_knobs_listed():
    assert set(TRANSFORMS) == set(TRANSFORM_KNOBS)


def test_without_a_transform_bytes_still_become_float32():
    data = images(torch.tensor([[[[0, 255]]]], dtype=torch.uint8))
    x = build_preprocess([], data, torch.tensor([0]))(data.x)
    assert (x.dtype, x.tolist()) == (torch.float32, [[[[0.0, 255.0]]]])


def test_scale_divides_bytes_into_float32():
    data = images(torch.tensor([[[[0, 4], [8, 16]]]], dtype=torch.uint8))
    preprocess = build_preprocess([{"scale": {"divisor": 16}}], data, torch.tensor([0]))
    assert preprocess(data.x).tolist() == [[[[0.0, 0.25], [0.5, 1.0]]]]
    assert preprocess(data.x).dtype == torch.float32
    assert list(preprocess.state_dict()) == ["0_scale.divisor"]


def test_normalise_takes_mean_and_deviation_of_each_column_from_train_rows():
    data = table([[1, 7], [3, 7], [99, -5]])
    preprocess = build_preprocess(["normalise"], data, torch.tensor([0, 1]))
    state = preprocess.state_dict()
    assert state["0_normalise.mean"].tolist() == [2, 7]
    assert state["0_normalise.std"].tolist() == [1, 1]  # of 1 and 3; the constant column keeps 1
    assert preprocess(data.x).tolist() == [[-1, 0], [1, 0], [97, -12]]


def test_normalise_goes_by_channel_for_images():
    x = torch.tensor([[[[0, 2]], [[10, 10]]], [[[4, 6]], [[30, 30]]]], dtype=torch.uint8)
    state = build_preprocess(["normalise"], images(x), torch.tensor([0, 1])).state_dict()
    assert state["0_normalise.mean"].flatten().tolist() == [3, 20]
    assert state["0_normalise.std"].flatten().tolist() == pytest.approx([5**0.5, 10])
    assert state["0_normalise.mean"].shape == (2, 1, 1)


def test_normalise_with_constants_given_needs_no_rows():
    data = images(torch.tensor([[[[1.0]], [[3.0]]]]))
    both = build_preprocess([{"normalise": {"mean": 0.5, "std": [1, 2]}}], data, torch.tensor([], dtype=torch.int64))
    assert both(data.x).flatten().tolist() == [0.5, 1.25]


def test_normalise_fits_only_what_is_not_given():
    data = table([[1], [3]])
    assert build_preprocess([{"normalise": {"mean": 0}}], data, torch.tensor([0, 1]))(data.x).tolist() == [[1], [3]]
    assert build_preprocess([{"normalise": {"std": 2}}], data, torch.tensor([0, 1]))(data.x).tolist() == [[-0.5], [0.5]]


def test_normalise_leaves_categories_alone():
    data = table([[1, 2, 10], [3, 0, 30]], MIXED)
    assert build_preprocess(["normalise"], data, torch.tensor([0, 1]))(data.x).tolist() == [[-1, 2, -1], [1, 0, 1]]
    given = build_preprocess([{"normalise": {"mean": [1, 10], "std": 2}}], data, torch.tensor([0]))
    assert given(data.x).tolist() == [[0, 2, 0], [1, 0, 10]]


def test_one_hot_puts_a_column_per_category_in_the_place_of_the_old_one():
    data = table([[5, 2, 7], [6, 0, 8]], MIXED)
    preprocess = build_preprocess(["one_hot"], data, torch.tensor([0]))
    assert preprocess(data.x).tolist() == [[5, 0, 0, 1, 7], [6, 1, 0, 0, 8]]
    assert [c.name for c in preprocess[-1].columns] == ["size", "colour=red", "colour=green", "colour=blue", "weight"]


def test_one_hot_of_a_code_that_is_no_category_is_all_zeros():
    data = table([[1]], (COLOUR,))
    preprocess = build_preprocess(["one_hot"], data, torch.tensor([0]))
    assert preprocess(torch.tensor([[3.0], [2.0]])).tolist() == [[0, 0, 0], [0, 0, 1]]


def test_flatten_puts_the_pixels_in_a_row():
    data = images(torch.arange(12, dtype=torch.uint8).view(1, 3, 2, 2))
    assert build_preprocess(["flatten"], data, torch.tensor([0]))(data.x).tolist() == [list(range(12))]


def test_each_transform_is_fitted_on_what_the_previous_ones_give():
    data = table([[2, 0], [6, 1], [1000, 2]], (Column("size"), COLOUR))
    preprocess = build_preprocess(
        [{"scale": {"divisor": 1}}, "one_hot", {"scale": {"divisor": 2}}, "normalise"], data, torch.tensor([0, 1])
    )
    state = preprocess.state_dict()
    assert state["3_normalise.mean"].tolist() == [2, 0.25, 0.25, 0]  # of halves: 1 3; 0.5 0; 0 0.5; 0 0
    assert state["3_normalise.std"].tolist() == [1, 0.25, 0.25, 1]


@pytest.mark.parametrize("transforms", [["normalise"], ["one_hot", "normalise"], ["normalise", "one_hot"]])
def test_rows_outside_train_change_no_constant(transforms):
    rows = [[1, 0, 5], [2, 1, 9], [4, 2, -3], [8, 0, 0]]
    honest = build_preprocess(transforms, table(rows, MIXED), torch.tensor([0, 2]))
    rows[1], rows[3] = [1e6, 2, -1e6], [-1e6, 1, 1e6]
    changed = build_preprocess(transforms, table(rows, MIXED), torch.tensor([0, 2]))
    assert honest.state_dict().keys() == changed.state_dict().keys()
    assert all(torch.equal(honest.state_dict()[k], changed.state_dict()[k]) for k in honest.state_dict())


@pytest.mark.parametrize(
    "transforms", [["normalise"], [{"scale": {"divisor": 3}}, "one_hot", "normalise"], ["normalise", "one_hot"]]
)
def test_a_row_comes_out_the_same_in_any_company(transforms):
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(100, 3, generator=draw)
    x[:, 1] = torch.randint(0, 3, (100,), generator=draw)
    data = Data(x=x, y=torch.zeros(100), task="regression", columns=MIXED)
    preprocess = build_preprocess(transforms, data, torch.arange(60))
    assert torch.equal(preprocess(x), torch.cat([preprocess(part) for part in x.split(7)]))


def test_a_pixel_comes_out_the_same_in_any_company():
    x = torch.randint(0, 256, (100, 3, 5, 7), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    preprocess = build_preprocess([{"scale": {"divisor": 255}}, "normalise", "flatten"], images(x), torch.arange(60))
    assert torch.equal(preprocess(x), torch.cat([preprocess(part) for part in x.split(7)]))


def test_constants_of_a_checkpoint_fill_a_blank_preprocess():
    data = table([[1, 0, 5], [2, 1, 9], [4, 2, -3], [8, 0, 0]], MIXED)
    transforms = ["normalise", "one_hot"]
    fitted = build_preprocess(transforms, data, ALL_FOUR)
    blank = blank_preprocess(transforms, (3,), MIXED)
    assert not torch.equal(blank(data.x), fitted(data.x))
    blank.load_state_dict(fitted.state_dict())
    assert torch.equal(blank(data.x), fitted(data.x))


def test_nothing_is_left_to_learn():
    preprocess = build_preprocess(["normalise"], table([[1], [2]]), torch.tensor([0, 1]))
    assert list(preprocess.parameters()) == []


def test_the_raw_rows_are_never_written_into():
    data = table([[1, 0, 5], [2, 1, 9]], MIXED)
    before = data.x.clone()
    build_preprocess([{"scale": {"divisor": 2}}, "normalise", "one_hot", "flatten"], data, torch.tensor([0, 1]))(data.x)
    assert torch.equal(data.x, before)


def test_the_shape_that_comes_out_is_known_before_a_model_is_made():
    data = table([[1, 0, 5]], MIXED)
    assert out_shape(build_preprocess(["one_hot"], data, torch.tensor([0])), data) == (5,)
    rgb = images(torch.zeros(2, 3, 4, 5, dtype=torch.uint8))
    assert out_shape(build_preprocess([], rgb, torch.tensor([0])), rgb) == (3, 4, 5)
    assert out_shape(build_preprocess(["flatten"], rgb, torch.tensor([0])), rgb) == (60,)


def test_one_hot_leaves_numbers_and_categories_in_order_alone():
    size = Column("size", ("S", "M", "L"), ordered=True)
    assert build_preprocess(["one_hot"], table([[1], [2]]), torch.tensor([0]))(torch.ones(1, 1)).tolist() == [[1]]
    preprocess = build_preprocess(["one_hot"], table([[2, 1]], (size, COLOUR)), torch.tensor([0]))
    assert preprocess(torch.tensor([[2.0, 1.0]])).tolist() == [[2, 0, 1, 0]]


def test_one_hot_of_images_is_refused():
    with pytest.raises(ConfigError, match="one_hot needs the columns of a table and this data set has none"):
        build_preprocess(["one_hot"], images(torch.zeros(1, 1, 2, 2)), torch.tensor([0]))


def test_categories_in_order_are_normalised_as_the_numbers_they_stand_for():
    size = Column("size", ("S", "M", "L"), ordered=True)
    data = table([[0, 2], [2, 0]], (size, COLOUR))
    assert build_preprocess(["normalise"], data, torch.tensor([0, 1]))(data.x).tolist() == [[-1, 2], [1, 0]]


NAN = float("nan")
LACKING = (Column("age", missing="marked"), COLOUR, Column("height", missing="filled"))


def test_an_empty_cell_becomes_the_mean_of_the_train_rows_and_where_it_is_to_be_is_marked():
    data = table([[1, 0, 10], [NAN, -1, 30], [3, 2, 50], [100, 2, NAN]], LACKING)
    preprocess = build_preprocess(["impute"], data, torch.tensor([0, 1, 2]))
    assert preprocess.state_dict()["0_impute.mean"].tolist() == [2, pytest.approx(1 / 3), 30]
    assert preprocess(data.x).tolist() == [[1, 0, 10, 0], [2, -1, 30, 1], [3, 2, 50, 0], [100, 2, 30, 0]]
    assert [column.name for column in preprocess[-1].columns] == ["age", "colour", "height", "age missing"]


def test_where_nothing_can_be_missing_impute_changes_nothing():
    data = table([[1, 0, 5]], MIXED)
    assert build_preprocess(["impute"], data, torch.tensor([0]))(data.x).tolist() == [[1, 0, 5]]


def test_empty_cells_without_impute_are_refused():
    with pytest.raises(ConfigError, match="empty cells, as of column age, need impute among the transforms"):
        build_preprocess(["normalise"], table([[NAN, 0, 1]], LACKING), torch.tensor([0]))


@pytest.mark.parametrize("unit", [1e25, -1e37, 1e-25])
def test_a_column_whose_squares_float32_does_not_hold_is_refused(unit):
    data = table([[1, unit], [2, 2 * unit]], (Column("age"), Column("mass")))
    with pytest.raises(ConfigError, match=r"the squares of column mass, of mean .*, are beyond float32"):
        build_preprocess(["normalise"], data, torch.tensor([0, 1]))
    build_preprocess([{"normalise": {"mean": None, "std": 3}}], data, torch.tensor([0, 1]))


def test_as_many_constants_as_channels_are_asked_for():
    with pytest.raises(ConfigError, match=r"normalise\.mean has 2 numbers; give one, or 3: one for each channel"):
        blank_preprocess([{"normalise": {"mean": [1, 2]}}], (3, 4, 4), ())


def test_normalise_of_rows_in_pieces_is_normalise_of_them_together():
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(100, 3, generator=draw) * torch.tensor([1.0, 50.0, 1.0]) + torch.tensor([0.0, 1000.0, 9.0])
    whole, pieces = (TRANSFORMS["normalise"]((3,), (), mean=None, std=None) for _ in range(2))
    whole.fit([x])
    pieces.fit(x.split(7))
    assert pieces.mean.tolist() == pytest.approx(whole.mean.tolist(), rel=1e-5, abs=1e-6)
    assert pieces.std.tolist() == pytest.approx(whole.std.tolist(), rel=1e-5)
    assert torch.equal(whole.mean, torch.var_mean(x, dim=0)[1])


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
    "the shorter side": ({"resize": 14}, RGB, (3, 18, 14)),
    "Resize": ({"Resize": 14}, RGB, (3, 18, 14)),
    "GaussianBlur": ({"GaussianBlur": {"kernel_size": 3, "sigma": 1.0}}, RGB, (3, 9, 7)),
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
