"""The rows as the last layer sees them, made small enough for a browser."""

import torch

from runner.tensorboard.embedding import MOST_DIMENSIONS, main_directions


def test_of_many_features_the_distances_stay() -> None:
    points = torch.zeros(3, 1000)
    points[1, 700], points[2, 5] = 3.0, 4.0
    small = main_directions(points)
    assert small.shape == (3, 3)
    expected = torch.tensor([[0.0, 3.0, 4.0], [3.0, 0.0, 5.0], [4.0, 5.0, 0.0]])
    assert torch.allclose(torch.cdist(small, small), expected, atol=1e-5)


def test_the_directions_that_are_left_out_are_those_in_which_points_differ_least() -> None:
    scale = torch.cat([torch.full((20,), 100.0), torch.full((380,), 0.01)])
    points = torch.randn(400, 400, generator=torch.Generator().manual_seed(0)) * scale
    small = main_directions(points)
    assert small.shape == (400, MOST_DIMENSIONS)
    spread = small.var(0)
    assert (spread.diff() <= 0).all() and (spread[:20] > 1e3).all()
    assert torch.allclose(torch.cdist(small, small), torch.cdist(points, points), atol=0.5)


def test_what_is_not_finite_does_not_end_a_run() -> None:
    points = torch.ones(4, 300)
    points[1, 2], points[2, 3] = torch.nan, torch.inf
    assert main_directions(points).shape == (4, 4)
