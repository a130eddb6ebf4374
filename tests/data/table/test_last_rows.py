"""What programs write below the rows of a table: said, and left out where that is asked for."""

from pathlib import Path

import pytest

from runner.errors import DataError
from tables import HEADER, ROWS, fitted, read, write

NAMED = ["name,b,price", *(f"n{i % 7},{2 * i},{i}" for i in range(40))]
SUMS = f"{2 * sum(range(40))},{sum(range(40))}"


def total_notes(path: Path) -> list[str]:
    return [note for note in read(path, missing="impute").notes if "dataset.skip_last=1" in note]


@pytest.mark.parametrize(
    "last",
    ["Total,,5310", "TOTAL:,,5310", f"Grand total,{SUMS}", "Sum,,99", "Gesamt,,5310", "Summe,,5310", "합계,,5310",
     "총계,,5310", f",{SUMS}"],
)  # fmt: skip
def test_case_44_a_last_row_that_looks_like_a_total_is_said_and_can_be_left_out(tmp_path: Path, last: str) -> None:
    path = write(tmp_path / "a.csv", *NAMED, last, "", ",,")
    (note,) = total_notes(path)
    assert note.startswith(f"{path}: the last row looks like a total")
    assert note.endswith("leave it out: dataset.skip_last=1")
    data, _ = fitted(path, skip_last=1)
    assert data.y.tolist() == list(range(40)) and not [note for note in data.notes if "skip_last" in note]


@pytest.mark.parametrize(
    "lines",
    [
        [*NAMED, ",3,4"],  # a cell is missing
        [*NAMED, "Total,3,4"],  # nothing is empty, and no sum
        [
            "name,b,price",
            *(f"{('total', 'mean')[i % 2]},{'' if i % 5 == 4 else i},{i}" for i in range(40)),
        ],  # a category
        ["name,b,price", *(f"n{i % 7},0,{i == 30:d}" for i in range(40)), ",0,1"],  # the sum of a single 1
    ],
)
def test_case_44_a_row_like_others_is_no_total(tmp_path: Path, lines: list[str]) -> None:
    assert total_notes(write(tmp_path / "a.csv", *lines)) == []


def test_case_44_where_a_total_is_refused_it_is_said_how_to_leave_it_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", *NAMED, "Total,7,")
    with pytest.raises(DataError, match=r"the last row looks like a total; leave it out: dataset.skip_last=1"):
        read(path)


def test_case_44_footnotes_are_left_out_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", HEADER, *ROWS, "", "Source: the office", "(40 rows)")
    with pytest.raises(
        DataError, match=r"line 43: 1 fields, .*\n.*\n  if it is not a row of the table: dataset.skip_last=2 leaves"
    ):
        read(path)
    assert len(read(path, skip_last=2).y) == 40


def test_case_44_a_row_ends_where_its_quotes_do(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", HEADER, *ROWS, '1,"re', 'd",no,3')
    assert len(read(path, skip_last=1).y) == 40
    with pytest.raises(DataError, match=r"has no more than the 60 rows that dataset.skip_last leaves out"):
        read(path, skip_last=60)
