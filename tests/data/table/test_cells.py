"""Numbers and dates as people and programs write them."""

import pytest

from runner.contracts import Notation
from runner.data.table.cells import date_format, date_number, is_marker, may_be_swapped, parts_of, spelled_number

POINT, COMMA = Notation("."), Notation(",")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,250", 1250.0),
        ("1 070", 1070.0),
        ("1\u202f070", 1070.0),
        ("1'300", 1300.0),
        ("1\u2019300", 1300.0),
        ("(5)", -5.0),
        ("(1,250.50)", -1250.5),
        ("\u22125", -5.0),
        ("$5", 5.0),
        ("-$ 1,234.50", -1234.5),
        ("12.5 %", 12.5),
        ("1,000원", 1000.0),
        ("USD 12", 12.0),
        ("1.234,56", 1234.56),  # both marks: the last parts the fraction
        ("1.250.000", 1_250_000.0),  # a fraction begins once
        ("12,34,567", 1_234_567.0),  # as India writes
        ("1.250", 1.25),
        ("1e-3", 0.001),
    ],
)
def test_case_22_a_number_in_every_form_is_a_number(text: str, value: float) -> None:
    assert spelled_number(text, POINT) == value


@pytest.mark.parametrize("text", ["1.2.3", "1,,250", "12 kg", "--5", "(-5)", "1-2", "1_000", "", "0,500", "1, 250"])
def test_case_22_what_is_no_number_in_any_form_is_none(text: str) -> None:
    assert spelled_number(text, POINT) is None


@pytest.mark.parametrize(
    ("text", "value"), [("1.250", 1250.0), ("1,250", 1.25), ("1,234.56", 1234.56), ("12,5%", 12.5)]
)
def test_case_21_the_decimal_of_a_column_decides_between_two_readings(text: str, value: float) -> None:
    assert spelled_number(text, COMMA) == value


@pytest.mark.parametrize(
    "text", ["unknown", ".", "#DIV/0!", r"\N", "--", "<NA>", "n/a", "?", "#NAME?", "Missing", "N.A.", "미상", "*", "—"]
)
def test_case_23_what_says_that_there_is_none_is_a_marker(text: str) -> None:
    assert is_marker(text)


@pytest.mark.parametrize("text", ["low", "3+", "crew", "x", "5", "A"])
def test_case_23_what_may_be_a_category_is_no_marker(text: str) -> None:
    assert not is_marker(text)


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
