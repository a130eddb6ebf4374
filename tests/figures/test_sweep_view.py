"""A sweep as it is shown."""

import pytest

from candidates import sweep_view
from runner.figures.sweep_view import GOODNESS, MOST_AXES

JOBS = (("lr=0.1", (1.0, 3.0), "finished"), ("lr=0.2", (1.0,), "finished"), ("lr=0.3", (5.0,), "pruned"))
FAILED = ("lr=0.4", (), "failed")


def test_the_best_is_on_top_and_the_failed_are_below_all() -> None:
    numbers = [number for number, _ in sweep_view(*JOBS, FAILED).in_order]
    assert numbers == [3, 2, 0, 1], "failed, pruned, mean 2, mean 1"
    numbers = [number for number, _ in sweep_view(*JOBS, FAILED, higher=True).in_order]
    assert numbers == [3, 2, 1, 0]


def test_how_good_a_value_is_goes_from_0_to_1_by_the_direction_of_the_monitor() -> None:
    assert [sweep_view(*JOBS).goodness(value) for value in (1.0, 3.0, 5.0, 9.0)] == [1, 0.5, 0, 0]
    assert [sweep_view(*JOBS, higher=True).goodness(value) for value in (1.0, 5.0)] == [0, 1], "of the pruned as well"


def test_the_title_says_which_sweep_how_many_jobs_and_what_won() -> None:
    title = sweep_view(*JOBS, FAILED).title("Slices", "grey: pruned")
    assert (title.name, title.note) == ("Slices", "grey: pruned")
    assert title.facts == "my-sweep: 5 jobs (1 pruned, 1 failed); best val/loss 1.0000 with lr=0.2"


def test_of_six_jobs_no_importance_is_told_and_of_many_each_setting_has_its_share() -> None:
    assert sweep_view(*JOBS).importance_in_words == "too few jobs to tell: 2 combinations finished, it takes 10"
    jobs = [(f"optimizer.lr={n} model={'ab'[n % 2]}", (float(n),), "finished") for n in range(40)]
    view = sweep_view(*jobs)
    (first, share, sd), second = view.ranked
    assert first == "lr" and share > 0.9 and sd < 0.1 and second[0] == "model"
    assert view.importance_in_words.startswith(f"lr {share:.0%} ± {sd:.0%}, model ")


def test_no_more_axes_are_drawn_than_can_be_read() -> None:
    words = [" ".join(f"s{name}={name * number}" for name in range(1, 20)) for number in (1, 2)]
    view = sweep_view(*((told, (1.0 + len(told),), "finished") for told in words))
    assert len(view.axes) == MOST_AXES
    assert view.title("x").note == f"the first {MOST_AXES} of 19 settings"


@pytest.mark.parametrize("ground", [0.0, 1.0])
def test_the_best_and_the_worst_are_seen_on_black_and_on_white(ground: float) -> None:
    for goodness in (0.0, 0.5, 1.0):
        light = sum(GOODNESS(goodness)[:3]) / 3
        assert abs(light - ground) > 0.25
