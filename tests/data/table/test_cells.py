"""Numbers as people and programs write them."""

import pytest

from runner.contracts import Notation
from runner.data.table.cells import is_marker, spelled_number

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
