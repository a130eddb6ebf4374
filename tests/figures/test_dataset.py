import io
import warnings
from itertools import pairwise

import matplotlib
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from exhibits import exhibit, images, shades, split, table, targets
from runner.contracts import Column, Data
from runner.figures.dataset import CLASS_GAP, SIDE, draw_table, image_part, picture, table_part
from runner.figures.dataset_view import DatasetView
from runner.figures.pixels import GAP
from runner.figures.style import CLASS_COLOURS, SPLIT_COLOURS, WIDTH, style


def drawn(made: DatasetView) -> NDArray[np.uint8]:
    """[height, width, 3] of the PNG."""
    content, _ = picture(made)
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def ink(pixels: NDArray[np.uint8], colour: str) -> NDArray[np.bool_]:
    """[height, width] where the picture has exactly this colour."""
    found: NDArray[np.bool_] = (pixels == [int(colour[i : i + 2], 16) for i in (1, 3, 5)]).all(2)
    return found


def many_classes(shape: tuple[int, ...]) -> DatasetView:
    """Fifty classes of five rows, three of them for train."""
    rows = torch.arange(250)
    data = Data(rows.float().view(-1, *(1 for _ in shape)).repeat(1, *shape), rows % 50, "multiclass", ("k",) * 50)
    return exhibit(data, split(list(range(150)), list(range(150, 200)), list(range(200, 250))))


def test_each_cell_holds_the_pixels_of_its_image_the_right_way_up() -> None:
    x = torch.tensor([[[[0, 85], [170, 255]]]] * 3, dtype=torch.uint8)
    pixels = drawn(images(x, [0, 0, 1], split([0, 1, 2], [], [])))
    half = SIDE // 2
    expected = np.array([[0, 85], [170, 255]]).repeat(half, 0).repeat(half, 1)[:, :, None]
    blocks = np.lib.stride_tricks.sliding_window_view((pixels == 85).all(2), (half, half)).all((2, 3))
    tops, lefts = blocks.nonzero()  # of the upper right quarter of each image
    assert sorted({*tops.tolist()}) == [tops[0], tops[0] + SIDE + CLASS_GAP], "a row for each class"
    assert sorted({*lefts.tolist()}) == [lefts[0], lefts[0] + SIDE + GAP] and len(tops) == 3
    for top, left in zip(tops, lefts - half, strict=True):
        assert (pixels[top : top + SIDE, left : left + SIDE] == expected).all()
        assert (pixels[top : top + SIDE, left + SIDE : left + SIDE + GAP] == 255).all()


def test_bars_are_as_long_as_their_counts() -> None:
    x = torch.zeros(6, 1, 1, 1, dtype=torch.uint8)
    found = ink(drawn(images(x, [0, 0, 0, 0, 1, 1], split([0, 1, 2, 3, 4, 5], [], []))), SPLIT_COLOURS["train"])
    lengths = sorted({int(n) for n in found.sum(1)} - {0})
    assert lengths[-1] > 100
    assert any(abs(length - lengths[-1] / 2) <= 2 for length in lengths)


def test_the_same_data_set_gives_the_same_bytes() -> None:
    assert picture(shades()) == picture(shades())


@pytest.mark.parametrize(
    "made",
    [
        shades(),
        table(),
        targets(),
        targets((3, 4, 6)),
        many_classes((1, 2, 2)),
        many_classes((3,)),
        images(torch.rand(4, 3, 200, 130), [0, 1, 0, 1], split([0, 1], [2], [3])),
        images(torch.zeros(3, 1, 8, 8, dtype=torch.uint8), [0, 0, 1], split([0, 1], [], [2])),  # none of class 1
        exhibit(Data(torch.ones(3, 2), torch.tensor([5.0, 5.0, 5.0]), "regression"), split([0, 1], [], [2])),
        exhibit(Data(torch.zeros(2, 45), torch.tensor([0, 1]), "binary", ("a", "b")), split([0, 1], [], [])),
    ],
)
def test_nothing_touches_the_edge_of_the_narrow_picture(made: DatasetView) -> None:
    pixels = drawn(made)
    inside = np.zeros(pixels.shape[:2], bool)
    inside[8:-8, 24:-24] = True
    assert pixels.shape[1] == WIDTH
    assert (pixels[~inside] == 255).all()
    assert (pixels[inside] != 255).any()


def test_the_categories_of_a_class_are_drawn_in_its_colour() -> None:
    pixels = drawn(table())
    left_half = pixels[:, : pixels.shape[1] // 2]
    assert all(ink(left_half, colour).sum() > 100 for colour in CLASS_COLOURS[:3])
    assert not ink(left_half, CLASS_COLOURS[3]).any()


def test_the_names_of_eight_categories_stand_one_below_the_other() -> None:
    names = tuple(f"구역 {place}" for place in range(8))
    data = Data(torch.arange(80.0)[:, None] % 8, torch.arange(80.0), "regression", columns=(Column("구", names),))
    with style():
        figure = draw_table(exhibit(data, split(list(range(70)), [], list(range(70, 80))))).figure
        figure.draw_without_rendering()
        boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert all(above.y0 >= below.y1 for above, below in pairwise(boxes))


def test_what_is_not_drawn_of_a_table_is_said() -> None:
    wide = Data(torch.zeros(10_002, 31), torch.arange(10_002.0), "regression")
    made = exhibit(wide, split(list(range(10_001)), [], [10_001]))
    assert table_part(made) == "15 of 31 columns, 10,000 of 10,001 train rows"
    assert table_part(table()) == ""


def test_a_column_of_the_file_that_several_numbers_come_from_is_counted_once() -> None:
    columns = (*(Column(f"day {i}", source="day") for i in range(4)), *(Column(f"c{i}") for i in range(16)))
    data = Data(torch.zeros(3, 20), torch.tensor([0, 1, 1]), "binary", ("a", "b"), columns)
    assert table_part(exhibit(data, split([0, 1], [], [2]))) == "12 of 17 columns"


def test_how_many_images_and_classes_are_drawn_is_said() -> None:
    assert image_part(shades(), 3) == "3 train images of each class"
    assert image_part(shades(), 4) == "up to 4 train images of each class"
    assert image_part(targets((1, 2, 2)), 6) == "6 train images"
    assert image_part(many_classes((1, 2, 2)), 3) == "3 train images of each class, 20 of 50 classes"


def test_names_in_any_script_are_drawn_without_a_warning_and_matplotlib_is_left_as_it_was() -> None:
    before = dict(matplotlib.rcParams)
    data = Data(torch.zeros(2, 1), torch.tensor([0, 1]), "binary", ("고양이", "$\\x$ " * 20), (Column("ကခ"),))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture(exhibit(data, split([0, 1], [], [])))
    assert dict(matplotlib.rcParams) == before
