import numpy as np
import torch

from runner.figures.pixels import fitted, to_rgb


def test_grey_bytes_that_reach_white_stay_as_they_are() -> None:
    x = torch.tensor([[[[0, 7], [130, 255]]]], dtype=torch.uint8)
    rgb = to_rgb(x)
    assert rgb.shape == (1, 2, 2, 3) and rgb.dtype == np.uint8
    assert rgb[0].tolist() == [[[0] * 3, [7] * 3], [[130] * 3, [255] * 3]]


def test_bytes_that_end_at_16_are_stretched_to_white_and_zero_stays_black() -> None:
    x = torch.tensor([[[[8, 16]]], [[[4, 8]]]], dtype=torch.uint8)
    assert to_rgb(x)[..., 0].tolist() == [[[128, 255]], [[64, 128]]]


def test_floats_go_from_black_at_the_lowest_of_all_images_to_white_at_the_highest() -> None:
    x = torch.tensor([[[[-1.0, 0.0]]], [[[0.0, 1.0]]]])
    assert to_rgb(x)[..., 0].tolist() == [[[0, 128]], [[128, 255]]]


def test_images_of_one_value_are_black() -> None:
    assert to_rgb(torch.full((1, 1, 1, 2), 3.5)).tolist() == [[[[0] * 3] * 2]]
    assert to_rgb(torch.zeros(1, 3, 1, 1, dtype=torch.uint8)).tolist() == [[[[0] * 3]]]


def test_three_channels_are_red_green_and_blue() -> None:
    x = torch.tensor([10, 20, 255], dtype=torch.uint8).view(1, 3, 1, 1)
    assert to_rgb(x).tolist() == [[[[10, 20, 255]]]]


def test_other_numbers_of_channels_are_shown_as_their_mean() -> None:
    x = torch.tensor([55, 255], dtype=torch.uint8).view(1, 2, 1, 1)
    assert to_rgb(x).tolist() == [[[[155] * 3]]]


def test_a_small_image_grows_by_equal_blocks() -> None:
    image = np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8)
    grown = fitted(image, 5)  # two wide: twice fits, three times does not
    assert grown.shape == (2, 4, 3)
    assert grown[:, :, 0].tolist() == [[1, 1, 4, 4], [1, 1, 4, 4]]


def test_a_large_image_shrinks_to_means_and_keeps_its_form() -> None:
    image = np.repeat(np.array([[[0], [100], [20], [40]]], np.uint8), 3, axis=2)
    shrunk = fitted(image, 2)
    assert shrunk.shape == (1, 2, 3)
    assert shrunk[0, :, 0].tolist() == [50, 30]
