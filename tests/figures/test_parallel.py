"""Parallel coordinates: where the lines go."""

from matplotlib.collections import LineCollection, PolyCollection

from candidates import sweep_view
from runner.figures.parallel import draw_parallel, in_two
from runner.figures.setting_axis import ABSENT
from runner.figures.style import Picture, style
from runner.figures.sweep_view import SweepView

JOBS = (("a=1 b=5", (1.0, 3.0), "finished"), ("a=3 b=7", (6.0,), "finished"), ("a=2 b=6", (5.0,), "pruned"))


def drawn(view: SweepView) -> Picture:
    with style():
        picture = Picture(view.title("x"), 744, 500)
        draw_parallel(picture, view, 0)
        picture.finished()
    return picture


def lines_of(picture: Picture) -> list[list[list[list[float]]]]:
    """Of the failed, the pruned, the finished, and of the best alone."""
    collections = [found for found in picture.figure.axes[0].collections if type(found) is LineCollection]
    return [[segment.tolist() for segment in found.get_segments()] for found in collections]


def test_a_line_goes_through_its_settings_to_its_value_and_the_best_is_on_top() -> None:
    failed, pruned, finished, best = lines_of(drawn(sweep_view(*JOBS, ("a=1 b=7", (), "failed"))))
    assert failed == [[[0, 0], [1, 1]]], "it has no value"
    assert pruned == [[[0, 0.5], [1, 0.5], [2, 0.25]]]
    assert finished == [[[0, 1], [1, 1], [2, 0]], [[0, 0], [1, 0], [2, 1]]]
    assert best == [finished[-1]]


def test_beside_a_single_setting_the_line_of_a_failed_job_is_a_stub() -> None:
    failed, *_ = lines_of(drawn(sweep_view(("a=1", (), "failed"), ("a=7", (0.5,), "finished"))))
    assert failed == [[[0, 0], [0.15, 0]]]


def test_a_fan_opens_to_the_deviation_of_the_seeds() -> None:
    picture = drawn(sweep_view(*JOBS, ("a=3 b=5", (3.0, 5.0), "finished")))
    (fans,) = [found for found in picture.figure.axes[0].collections if type(found) is PolyCollection]
    (start, low, high, _), _ = [path.vertices.tolist() for path in fans.get_paths()]
    assert start == [1, 0] and low[0] == high[0] == 2
    assert abs(low[1] - (6 - 4 + 2**0.5) / 4) < 1e-9 and abs(high[1] - (6 - 4 - 2**0.5) / 4) < 1e-9


def test_lines_that_share_a_category_lie_beside_each_other_and_those_without_the_setting_below() -> None:
    jobs = [("model=mlp", (float(number),), "finished") for number in range(3)]
    _, _, finished, _ = lines_of(drawn(sweep_view(*jobs, ("model=cnn a=4", (9.0,), "finished"))))
    heights = [line[0][1] for line in finished[1:]]
    assert heights == sorted(heights) and len({*heights}) == 3, "the best uppermost"
    assert all(abs(line[1][1] - ABSENT) < 0.07 for line in finished[1:])


def test_the_names_and_the_ends_of_the_scale_are_said() -> None:
    picture = drawn(sweep_view(*((f"optimizer.lr={n}", (float(n),), "finished") for n in range(1, 21)),
                               ("optimizer.lr=30", (1e6,), "finished")))  # fmt: skip
    words = [text.get_text() for text in picture.figure.axes[0].texts]
    assert {"lr", "val/loss", "1", "and worse"} <= {*words}
    assert in_two("batch_size") == "batch_size"
    assert in_two("weight_decay_of_it") == "weight_\ndecay_of_it"
