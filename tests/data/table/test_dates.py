"""Dates in the forms that people and programs write."""

import pytest

from runner.data.table.dates import date_format, date_number, may_be_swapped, parts_of


@pytest.mark.parametrize(
    ("texts", "numbers"),  # of the first: year, month, weekday from Monday, hour
    [
        (["20141013T000000"], {"year": 2014, "month": 10, "weekday": 0, "hour": 0}),
        (["2005-01", "2005-02"], {"year": 2005, "month": 1}),
        (["2020년 1월 2일"], {"year": 2020, "month": 1, "weekday": 3}),
        (["Jan-15", "Feb-15"], {"year": 2015, "month": 1}),
        (["20200131", "20191231"], {"year": 2020, "month": 1, "weekday": 4, "hour": 0}),
        (["2020-01-31 12:30"], {"year": 2020, "month": 1, "weekday": 4, "hour": 12}),
        (["31.01.2020", "1.2.2020"], {"year": 2020, "month": 1, "weekday": 4}),
        (["1/31/2020", "2/1/2020"], {"year": 2020, "month": 1, "weekday": 4}),
        (["31/12/2020 10:00"], {"year": 2020, "month": 12, "weekday": 3, "hour": 10}),
        (["3 January 2020"], {"year": 2020, "month": 1, "weekday": 4}),
        (["12:30", "1:05"], {"hour": 12}),
    ],
)
def test_case_42_a_date_in_every_form_is_a_date(texts: list[str], numbers: dict[str, int]) -> None:
    form = date_format(texts)
    assert {part: date_number(texts[0], form, part) for part in parts_of(form)} == numbers


@pytest.mark.parametrize("texts", [["12345678"], ["123456"], ["5.3", "1.2"], ["13:00 PM"], ["Jan", "Feb"], ["house 5"]])
def test_case_42_what_is_no_date_is_none(texts: list[str]) -> None:
    assert date_format(texts) == ""


def test_case_42_day_and_month_that_could_change_places_are_known() -> None:
    assert may_be_swapped(["1/2/2020", "3/4/2020"], date_format(["1/2/2020", "3/4/2020"]))
    assert not may_be_swapped(["1/31/2020", "3/4/2020"], date_format(["1/31/2020", "3/4/2020"]))
