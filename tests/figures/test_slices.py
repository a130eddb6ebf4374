"""The monitor along a setting, and job by job."""

from matplotlib.axes import Axes

from candidates import sweep_view
from runner.figures.slices import draw_history, draw_slice
from runner.figures.style import Picture, style
from runner.figures.sweep_view import SweepView

JOBS = (
    ("a=1 b=x", (4.0, 6.0), "finished"),
    ("a=2 b=x", (), "failed"),
    ("a=3 b=y", (3.0,), "finished"),
    ("a=2 b=y", (7.0,), "pruned"),
    ("a=2 b=x", (7.0,), "finished"),
)


def axes_of(view: SweepView) -> Axes:
    return Picture(view.title("x"), 744, 300).place(90, 60, 500, 200)


def points(axes: Axes, marker: str) -> list[list[tuple[float, float]]]:
    found = (line for line in axes.lines if line.get_marker() == marker)
    return [[*zip(line.get_xdata(), line.get_ydata(), strict=True)] for line in found]


def test_a_slice_has_a_point_for_each_candidate_and_the_pruned_apart() -> None:
    view = sweep_view(*JOBS)
    with style():
        axes = axes_of(view)
        draw_slice(axes, view, view.axes[0])
    pruned, finished = points(axes, "o")
    assert pruned == [(0.5, 1.0)]
    assert sorted(finished) == [(0.0, 0.5), (0.5, 1.0), (1.0, 0.0)], "means of 5, 7 and 3"


def test_where_several_have_a_value_their_median_is_marked() -> None:
    view = sweep_view(*JOBS)
    with style():
        axes = axes_of(view)
        draw_slice(axes, view, view.axes[1])
    marks = [line.get_ydata()[0] for line in axes.lines if line.get_color() == "#22252b"]
    assert sorted(marks) == [0.0, 0.75], "of y 3; of x 5 and 7"


def test_the_history_is_the_best_so_far() -> None:
    view = sweep_view(*JOBS)
    with style():
        axes = axes_of(view)
        draw_history(axes, view)
    (steps,) = [line for line in axes.lines if line.get_drawstyle() == "steps-post"]
    assert [*zip(steps.get_xdata(), steps.get_ydata(), strict=True)] == [(1, 0.5), (3, 0), (5, 0), (5, 0)]
    assert points(axes, "x") == [[(2, 1)]], "the failed one is at the worse end"
    assert axes.texts[0].get_text() == "3.0000"
    assert {"1", "2", "3", "4", "5"} <= (ticks := {label.get_text() for label in axes.get_xticklabels()})
    assert all(text.isdecimal() for text in ticks), "there is no half a combination"


def test_the_only_value_is_said_with_as_many_digits_as_elsewhere() -> None:
    view = sweep_view(("a=1", (0.6370541453,), "finished"), ("a=2", (), "failed"))
    with style():
        axes = axes_of(view)
        draw_slice(axes, view, view.axes[0])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0.6371"]


def test_long_names_below_a_slice_are_turned() -> None:
    jobs = [(f"kind=long-name-{n}", (float(n),), "finished") for n in range(9)]
    view = sweep_view(*jobs)
    with style():
        axes = axes_of(view)
        draw_slice(axes, view, view.axes[0])
    assert {label.get_rotation() for label in axes.get_xticklabels()} == {30}
