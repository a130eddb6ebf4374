"""A table read record by record."""

import csv
from pathlib import Path

from runner.data.table.dialect import Layout, sample
from runner.data.table.faults import TableText


def test_a_field_of_any_size_is_read_and_the_limit_of_others_stays(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    long = "x" * (before + 1)
    layout = Layout(
        ",", ".", has_header=False, names=("a", "b"), width=2, forms=("text", "number"), is_decimal_sure=True
    )
    rows = TableText(tmp_path / "a.csv", "utf-8", layout, f"{long},1\n{long},2\n".encode()).records()
    assert next(rows) == (1, [long, "1"])
    assert csv.field_size_limit() == before
    assert [line for line, _ in rows] == [2]


def test_a_long_field_among_the_first_ones_is_read_too() -> None:
    long = "x" * (csv.field_size_limit() + 1)
    assert sample(f"{long},1\nshort,2\n".encode(), ",") == [[long, "1"], ["short", "2"]]
