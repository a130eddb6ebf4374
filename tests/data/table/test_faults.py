"""A table read record by record."""

import csv
from pathlib import Path

import pytest

from runner.data.table.dialect import Layout, sample
from runner.data.table.faults import TableText
from tables import HEADER, read


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


def opened(first: int, last: int, place: int, delimiter: str = ",", end: str = "\n") -> bytes:
    """300 rows with a quote before cell ``place`` of row ``first``, from 1, and one behind that of row ``last``."""
    rows = [[str(i), ("red", "blue")[i % 2], "no", str(i)] for i in range(300)]
    rows[first - 1][place] = '"' + rows[first - 1][place]
    rows[last - 1][place] += '"'
    return end.join(delimiter.join(row) for row in [HEADER.split(","), *rows]).encode()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (opened(100, 200, 2), "line 101, column old: one cell of row 100 holds 101 lines, each like a row: is a quote"),
        (opened(100, 300, 1), "line 101, column colour: one cell of row 100 holds 201 lines"),
        (opened(100, 101, 2), "line 101, column old: one cell of row 100 holds 2 lines"),
        (opened(100, 200, 2, "\t"), "line 101, column old: one cell of row 100 holds 101 lines"),
        (opened(100, 200, 2, end="\r\n"), "line 101, column old: one cell of row 100 holds 101 lines"),
    ],
)
def test_case_43_a_cell_that_took_in_rows_is_said(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    notes = [note for note in read(tmp_path / "a.csv").notes if "quote" in note]
    assert len(notes) == 1 and notes[0].startswith(f"{tmp_path / 'a.csv'}, {told}")


@pytest.mark.parametrize(
    "row",
    [
        '{i},"some text, of\nmany lines, and\nmore, of it",no,{i}',
        '{i},3" bolt,no,{i}',
        '{i},"a ""b""",no,{i}',
        '{i},"a\n\n",no,{i}',
    ],
)
def test_case_43_cells_of_several_lines_that_are_no_rows_are_not_said(tmp_path: Path, row: str) -> None:
    (tmp_path / "a.csv").write_text(HEADER + "\n" + "".join(f"{row.format(i=i)}\n" for i in range(40)))
    assert not [note for note in read(tmp_path / "a.csv").notes if "quote" in note]
