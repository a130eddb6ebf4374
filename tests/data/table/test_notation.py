"""What the marks in a column's numbers part: thousands, or a fraction."""

import pytest

from runner.data.table.notation import Spelling, read_numbers


def once_each(*texts: str) -> dict[str, int]:
    return dict.fromkeys(texts, 1)


SALES = once_each("850", "990", "1.250", "1.100", "2.375")
WEIGHTS = once_each("1", "2", "3", *(f"{i}.{i}25" for i in range(1, 8)))


def test_case_21_counts_that_go_on_from_below_a_thousand_to_above_it_are_counts() -> None:
    numbers = read_numbers(SALES, Spelling())
    assert numbers is not None and numbers.notation.decimal == ","
    assert numbers.note == "1.100 is read as 1100; if it is 1.1: dataset.decimal='.'"


def test_case_21_whole_numbers_as_small_as_those_with_a_mark_speak_for_fractions() -> None:
    numbers = read_numbers(WEIGHTS, Spelling())
    assert numbers is not None and numbers.notation.decimal == "." and not numbers.refused
    assert numbers.note == "1.125 is read as 1.125; if it is 1125: dataset.thousands='.'"


def test_case_21_where_the_evidence_is_even_it_is_refused_with_both_settings() -> None:
    numbers = read_numbers(once_each("5", "7", "1.250", "3.500"), Spelling())
    assert numbers is not None
    assert numbers.refused == ("1.250 may be 1.25 or 1250: say which: dataset.decimal='.' or dataset.thousands='.'")


@pytest.mark.parametrize(
    ("said", "decimal"), [({"decimal": "."}, ""), ({"decimal": ","}, ","), ({"thousands": "."}, ",")]
)
def test_case_21_what_is_said_decides(said: dict[str, str], decimal: str) -> None:
    numbers = read_numbers(SALES, Spelling(**said))  # type: ignore[arg-type]
    assert numbers is not None and (numbers.notation.decimal, numbers.note, numbers.refused) == (decimal, "", "")


def test_case_21_a_number_whose_fraction_is_of_another_length_makes_all_marks_points() -> None:
    numbers = read_numbers(once_each("850", "1.250", "3.5"), Spelling())
    assert numbers is not None and (numbers.notation.decimal, numbers.note) == ("", "")


def test_case_21_where_no_number_lacks_a_mark_it_parts_a_fraction_and_that_is_said() -> None:
    numbers = read_numbers(once_each("1.250", "2.375"), Spelling())
    assert numbers is not None and numbers.note == "1.250 is read as 1.25; if it is 1250: dataset.thousands='.'"


def test_case_22_a_comma_beside_decimal_points_parts_thousands() -> None:
    numbers = read_numbers(once_each("1,250", "3,400"), Spelling(usual=".", is_sure=True))
    assert numbers is not None and (numbers.notation.decimal, numbers.refused) == (".", "")


def test_case_22_signs_of_two_currencies_are_said() -> None:
    numbers = read_numbers(once_each("$5", "€6", "7"), Spelling())
    assert numbers is not None and numbers.note == "numbers with $ and € and without a sign are taken alike"


AGES = {str(age): 5 for age in range(20, 60)}


@pytest.mark.parametrize("marker", ["unknown", "lost in the flood"])
def test_case_23_a_text_among_many_numbers_says_that_there_is_none(marker: str) -> None:
    numbers = read_numbers({**AGES, marker: 30}, Spelling())
    assert numbers is not None and dict(numbers.markers) == {marker: 30}
    assert numbers.notation.markers == (marker,)


def test_case_23_few_numbers_beside_a_word_are_categories() -> None:
    assert read_numbers({"0": 50, "1": 40, "2": 30, "3+": 30}, Spelling()) is None
    assert read_numbers({"red": 50, "5": 40}, Spelling()) is None


def test_case_11_values_that_are_said_to_be_missing_are_no_numbers() -> None:
    spelling = Spelling(missing_values=("-200", "gone"))
    assert spelling.is_missing("-200.0") and spelling.is_missing("gone") and not spelling.is_missing("200")


@pytest.mark.parametrize(
    ("written", "unit"),
    [("{} kg", "kg"), ("{}kg", "kg"), ("{} bathrooms", "bathrooms"), ("{}만원", "만원"), ("{}㎡", "㎡")],
)
def test_case_22_what_stands_behind_every_number_is_its_unit(written: str, unit: str) -> None:
    numbers = read_numbers(once_each(*(written.format(i) for i in range(20))), Spelling())
    assert numbers is not None and (numbers.notation.unit, numbers.note) == (unit, f"numbers of {unit}")


@pytest.mark.parametrize("written", ["{}xx", "{}A", "{}-Jan", "{}_{}", "house {}"])
def test_case_22_codes_are_no_numbers_of_a_unit(written: str) -> None:
    assert read_numbers(once_each(*(written.format(i, i) for i in range(20))), Spelling()) is None
