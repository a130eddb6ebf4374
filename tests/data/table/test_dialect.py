"""Cells parted by runs of blanks: found where they are, and only there."""

from pathlib import Path

import pytest
import torch

from runner.contracts import Column
from runner.data.table.dialect import Reading, find_delimiter, tabbed
from runner.data.table.new_table import table_rows
from runner.errors import DataError
from tables import fitted, write

NUMBERS = [(i, i % 7 / 4, "abc"[i % 3]) for i in range(40)]
BY_BLANKS = {
    "one": [f"{a} {b} {c}" for a, b, c in NUMBERS],
    "aligned, as housing": [f" {a:5d}   {b:6.2f} {c}  " for a, b, c in NUMBERS],
    "a tab before the last, as auto-mpg": [f'{a}.0   {b:.2f}\t"{c}  {c}"' for a, b, c in NUMBERS],
    "a tab among blanks": [f"{a}.5 {b:.2f}\t{c}" for a, b, c in NUMBERS],
    "two tabs here and there, as seeds": [f"{a}\t{'' if a % 9 else chr(9)}{b}\t{c}" for a, b, c in NUMBERS],
    "blanks or tabs": [f"{a}{' 	'[a % 2]}{b}{'	 '[a % 3 % 2]}{c}" for a, b, c in NUMBERS],
    "decimal commas": [f"{a} {b:.2f} {c}".replace(".", ",") for a, b, c in NUMBERS],
    "decimal commas alone": [f"{a / 2:.1f}  {b:.2f}".replace(".", ",") for a, b, _ in NUMBERS],
    "a row": ["5.1 3.5 1.4"],
    "words that recur": [f"{'pq'[a % 2]} {'rs'[a % 3 % 2]} {c}" for a, _, c in NUMBERS],
}
NOT_BY_BLANKS = {
    "a column of numbers": ([f"  {a}" for a, _, _ in NUMBERS], ","),
    "sentences": ([f"{c} is number {a} of all" for a, _, c in NUMBERS[:1]] + ["so it is", "no more words"] * 9, ","),
    "sentences of as many words": ([f"w{a} u{a} v{a}" for a, _, _ in NUMBERS], ","),
    "dates": ([f"2020-01-{a + 1:02} 10:00" for a in range(28)], ","),
    "commas and names": (["first name,last name", *[f"Ann {c},New York{a}" for a, _, c in NUMBERS]], ","),
    "a blank behind commas": ([f"{a}, {b}, {c}" for a, b, c in NUMBERS], ","),
    "a blank before commas": ([f"{a} ,{b} ,{a}" for a, b, _ in NUMBERS], ","),
    "sentences behind an id": ([f"{a},some words, {c} in all" for a, _, c in NUMBERS], ","),
    "tabs and thousands": ([f"1 {a + 100}\t2 {a + 100}" for a, _, _ in NUMBERS], "\t"),
    "tabs and empty cells": ([f"{a}\t\t{c}" if a % 3 else f"{a}\t{b}\t" for a, b, c in NUMBERS], "\t"),
    "semicolons": ([f"{a} {a};{b} {c}" for a, b, c in NUMBERS], ";"),
    "quotes": ([f'"{a} {c}","{b} {c}"' for a, b, c in NUMBERS], ","),
}


@pytest.mark.parametrize("name", BY_BLANKS)
def test_case_7_runs_of_blanks_are_a_delimiter_that_is_found(name: str) -> None:
    assert find_delimiter("\n".join(BY_BLANKS[name]).encode()) == " "


@pytest.mark.parametrize("name", NOT_BY_BLANKS)
def test_case_7_blanks_within_cells_part_none(name: str) -> None:
    lines, delimiter = NOT_BY_BLANKS[name]
    assert find_delimiter("\n".join(lines).encode()) == delimiter


def test_case_7_words_alone_are_cells_where_the_header_has_a_name_that_is_known() -> None:
    text = b"u v w\nfoo bar baz\nqux quux quuz\n"
    assert find_delimiter(text) == ","
    assert find_delimiter(text, ["w"]) == " "


def test_case_7_runs_of_blanks_become_tabs_outside_quotes_and_lines_stay() -> None:
    text = b'  1   2 "a  b"\t3  \r\n\t 4 "x ""y""  z" 5\n\n   \n6 5\'10" 7\n'
    assert tabbed(text) == b'1\t2\t"a  b"\t3\r\n4\t"x ""y""  z"\t5\n\n\n6\t5\'10"\t7\n'


@pytest.mark.parametrize("header", ["", "  size \t price  kind"])
@pytest.mark.parametrize("delimiter", [None, " "])
def test_case_7_a_table_by_blanks_is_read_as_one_by_commas(tmp_path: Path, header: str, delimiter: str | None) -> None:
    names = header.split() or ["c1", "c2", "c3"]
    path = write(tmp_path / "a.data", *filter(None, [header]), *(f"  {a}   {b:.2f}\t{c}" for a, b, c in NUMBERS))
    data, _ = fitted(path, target=names[2], delimiter=delimiter, columns={names[0]: "numeric"})
    assert [column.name for column in data.columns] == names[:2]
    assert data.x.tolist() == [[a, b] for a, b, _ in NUMBERS]
    assert data.class_names == ("a", "b", "c")
    new = write(tmp_path / "new.data", *(f" {a} {b:.2f}" for a, b, _ in NUMBERS))
    (rows,) = table_rows(str(new), [Column(name) for name in names[:2]], Reading(names=None))
    assert torch.equal(rows.x, data.x)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("  3   4", "line 34: 2 fields, where there are 3 columns"),
        (" 3  x9  a", "line 34, column price: 'x9' is not a number"),
    ],
)
def test_case_7_a_fault_among_blanks_is_told_with_its_line(tmp_path: Path, line: str, told: str) -> None:
    lines = [f"  {a}   {b:.2f} {c}" for a, b, c in NUMBERS]
    lines[31] = line
    with pytest.raises(DataError, match=told):
        fitted(write(tmp_path / "a.data", "size price kind", "  ", *lines), target="kind")
