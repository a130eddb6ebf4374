"""Where values stand on an axis."""

import pytest

from candidates import candidates
from runner.figures.setting_axis import ABSENT, Scale, SettingAxis, is_list, score_scale
from runner.runs.setting_importance import Column


def axis(*values: str, log: bool | None = None) -> SettingAxis:
    """Of one setting; "" where a candidate does not have it."""
    told = [(f"a={value}" if value else "", (1.0,), "finished") for value in values]
    (found,) = SettingAxis.all_of(candidates(*told, log={} if log is None else {"a": log}))
    return found


def test_numbers_far_apart_are_placed_by_their_logarithm() -> None:
    assert axis("0.001", "0.01", "0.1").places == pytest.approx([0, 0.5, 1])
    assert axis("1", "20", "10.5").places == pytest.approx([0, 1, 0.5]), "20 times is not far"
    assert axis("-1", "100", "49.5").places == pytest.approx([0, 1, 0.5]), "there is no logarithm below 0"


def test_a_search_says_itself_which_axis_is_of_logarithms() -> None:
    assert axis("1", "4", "2", log=True).places == pytest.approx([0, 1, 0.5])
    assert axis("0.01", "1.01", "0.51", log=False).places == pytest.approx([0, 1, 0.5])


def test_all_else_are_categories_in_the_order_of_the_jobs_but_lists_by_their_numbers() -> None:
    words = axis("mlp", "cnn", "mlp", "true")
    assert words.distinct == ["mlp", "cnn", "true"] and words.scale is None
    assert words.places == pytest.approx([1 / 6, 3 / 6, 1 / 6, 5 / 6])
    assert axis("[128]", "[32,8]", "[32]").distinct == ["[32]", "[32,8]", "[128]"]
    assert axis("0.1", "auto").scale is None
    assert is_list("[1,2.5]") and not is_list("[a]") and not is_list("12") and not is_list("[]")


def test_who_does_not_have_the_setting_stands_below_it() -> None:
    found = axis("4", "", "8")
    assert found.places == [0, ABSENT, 1]
    assert found.ticks == [(0, "4"), (1, "8"), (ABSENT, "none")]


def test_trees_see_places_or_categories_and_parts_of_a_scale_where_some_have_none() -> None:
    assert axis("1", "3", "2").column([2, 0]) == Column((0.5, 0.0))
    assert axis("x", "y", "x").column([0, 1, 2]) == Column((1.0, 2.0, 1.0), 3)
    assert axis("0", "", "10", "3").column([0, 1, 2, 3]) == Column((1.0, 0.0, 5.0, 2.0), 6)


def test_few_values_are_all_named_and_many_by_round_numbers() -> None:
    assert [words for _, words in axis("0.001", "0.03", "0.1").ticks] == ["0.001", "0.03", "0.1"]
    assert [words for _, words in axis(*map(str, range(16, 257, 16))).ticks] == ["50", "100", "150", "200", "250"]
    assert axis("0", "0.0001", "0.01").ticks == [(0, "0"), (1, "0.01")], "two words do not stand on each other"
    assert axis(*[f"0.{number:04}" for number in range(1, 1000, 9)]).ticks[0] == (0.0, "0.0001")
    names = axis(*(f"name{number}" for number in range(40))).ticks
    assert len(names) <= 16 and names[0][1] == "name0"


def test_places_are_shared_where_values_are_had_more_than_once() -> None:
    assert axis("1", "2", "1", "2").is_shared and axis("mlp", "cnn").is_shared
    assert not axis("1", "2", "3", "").is_shared and not axis(*map(str, range(9)), *map(str, range(9))).is_shared


def test_a_run_that_diverged_does_not_push_the_others_together() -> None:
    values = [0.1 * (10 + number) for number in range(19)]
    assert score_scale([*values, 1e6], higher_is_better=False) == Scale(1.0, pytest.approx(2.8), False)
    assert score_scale([-value for value in [*values, 1e6]], higher_is_better=True).low == pytest.approx(-2.8)
    assert score_scale([1.0, 2.0, 1e6], higher_is_better=False) == Scale(1.0, 1e6, True), "a third is no exception"
    assert score_scale([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 9.0, 165.0], higher_is_better=False).high == 0.6
    assert score_scale([0.5], higher_is_better=None).at(0.5) == 0.5
    assert Scale(1.0, 2.8, False).at(7.0) == 1.0, "what lies beyond is at the end"
