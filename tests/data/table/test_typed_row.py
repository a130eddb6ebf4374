"""Rows that are typed for a run of a table."""

from math import isnan

import pytest

from runner.contracts import Column
from runner.data.table.typed_row import single_row, typed_decimal
from runner.errors import ConfigError

COLUMNS = (Column("width_cm"), Column("colour", ("red", "green", "blue")))
LACKING = (
    Column("width_cm", missing="filled"),
    Column("colour", ("red", "green"), missing="filled", takes_unknown=True),
    Column("height_cm"),
)


def test_a_typed_row_is_read() -> None:
    rows = single_row({"colour": "green", "width_cm": "2.5"}, COLUMNS, None)
    assert (rows.names, rows.x.tolist()) == (["the row"], [[2.5, 1.0]])


def test_every_fault_of_a_typed_row_is_told() -> None:
    with pytest.raises(ConfigError) as fault:
        single_row({"color": "green", "width_cm": "wide"}, COLUMNS, None)
    assert fault.value.faults == (
        "color=...: no column of this run; did you mean colour? it has width_cm, colour",
        "colour=...: is missing; must be one of red, green, blue",
        "width_cm='wide': must be a number",
    )


@pytest.mark.parametrize(
    ("cell", "decimal", "value", "is_said"),
    [
        ("1,5", None, 1.5, True),  # no column of the file has told
        ("1,5", ",", 1.5, False),
        ("1.5", ",", 1.5, True),
        ("1.5", None, 1.5, False),
        ("-0,125", None, -0.125, True),
        ("12", ",", 12.0, False),
    ],
)
def test_case_19_a_typed_number_may_have_a_decimal_comma(
    cell: str, decimal: str | None, value: float, is_said: bool
) -> None:
    rows = single_row({"colour": "red", "width_cm": cell}, COLUMNS, decimal)
    assert rows.x.tolist() == [[value, 0.0]]
    assert list(rows.notes) == ([f"width_cm={cell} is read as {value}"] if is_said else [])


def test_case_19_a_typed_comma_that_may_part_thousands_is_taken_for_a_decimal_one_where_that_was_said() -> None:
    assert single_row({"colour": "red", "width_cm": "1,500"}, COLUMNS, ",").x.tolist() == [[1.5, 0.0]]
    assert typed_decimal("1,500", COLUMNS[0], ".") == "."


def test_a_typed_row_may_leave_out_what_the_run_fills_in_and_no_other_column() -> None:
    rows = single_row({"height_cm": "2"}, LACKING, None)
    (row,) = rows.x.tolist()
    assert isnan(row[0]) and row[1:] == [-1.0, 2.0]
    assert rows.notes == ["filled in as in training: width_cm the mean, colour none of its categories"]
    assert single_row({"height_cm": "2", "width_cm": "", "colour": "red"}, LACKING, None, "28 of {}".format).notes == [
        "filled in as in training: width_cm 28 of 0"
    ]
    old = Column("old", ("no", "yes"), ordered=True, missing="filled")
    told = single_row({"height_cm": "2"}, [Column("height_cm"), old], None, lambda _: "0.25").notes
    assert told == ["filled in as in training: old 0.25 (no is 0, yes is 1)"]
    with pytest.raises(ConfigError) as raised:
        single_row({"width_cm": "1", "colour": "red"}, LACKING, None)
    assert raised.value.faults == ("height_cm=...: is missing; must be a number",)


def test_many_columns_that_are_filled_in_are_counted() -> None:
    columns = [Column(f"c{place}", missing="filled") for place in range(14)]
    (note,) = single_row({"c13": "1"}, columns, None, str).notes
    assert note.startswith("filled in as in training: c0 0, c1 1, ") and note.endswith("c11 11 and 1 more")


def test_a_third_category_is_refused_with_the_two_that_there_are() -> None:
    with pytest.raises(ConfigError) as raised:
        single_row({"sex": "x"}, [Column("sex", ("f", "m"), ordered=True)], None)
    assert raised.value.faults == ("sex='x': is neither f nor m: a column of two categories takes no third",)
