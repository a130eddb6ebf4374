from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.data.table import csv_blocks
from runner.data.table.dialect import Reading, find_layout
from runner.data.table.faults import TableText
from runner.data.table.frame import Frame, read_frame
from runner.data.table.whole_numbers import whole_numbers
from runner.errors import DataError


def test_cells_of_one_to_seven_digits_are_read() -> None:
    read = whole_numbers(b"0,12,9999999\n345,06,70\n", ",", 3)
    assert read is not None
    assert read.dtype == np.float32
    assert read.tolist() == [[0, 12, 9_999_999], [345, 6, 70]]


def test_one_column_has_no_delimiter() -> None:
    read = whole_numbers(b"1\n22\n", "\t", 1)
    assert read is not None
    assert read.tolist() == [[1], [22]]


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"1,2",  # no end of the line
        b"1,2\n3,4",
        b"1,\n",
        b",2\n",
        b"1,2\n\n3,4\n",
        b"1,2\r\n",
        b"1, 2\n",
        b"1,-2\n",
        b"1,2.5\n",
        b"1,2e3\n",
        b"1,12345678\n",
        b"1,2\n3\n4,5,6\n7,8\n",  # as many cells as there should be, not as many in each line
        b"1\n2,3,4\n",
        b"1;2\n",
        b"1,a\n",
        b'"1",2\n',
    ],
)
def test_what_is_not_short_whole_numbers_throughout_is_left_to_pandas(odd: bytes) -> None:
    assert whole_numbers(odd, ",", 2) is None


ROWS = ["1,2,3\n", "0,1234567,10\n", "7,0,1\n", "40,50,60\n"]
ODD = [
    "1,-2,3\n",
    "007,1.250,3\n",
    "1,2.5,3\n",
    "1,,3\n",
    "16777217,1,12345678901234567890\n",
    "\n",
    "1,2,3\r\n",
    ",,\n",
]
ODD += ["1,2\n3,4,5,6\n"]


def frame(text: str, has_header: bool | None = None) -> Frame | str:
    utf8 = text.encode()
    layout = find_layout(Path("a.csv"), utf8, Reading(header=has_header))
    try:
        return read_frame(TableText(Path("a.csv"), "utf-8", layout, utf8), (), [layout.names[1]])
    except DataError as refused:
        return str(refused)


def test_a_table_of_them_is_not_given_to_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(csv_blocks, "parsed")
    read = frame("a,b,c\n" + "".join(ROWS))
    assert isinstance(read, Frame)
    assert read.x_NC.tolist() == [[1, 3], [0, 10], [7, 1], [40, 60]]
    assert read.apart["b"].tolist() == [2, 1_234_567, 0, 50]


@settings(deadline=None)  # the first example imports pandas
@given(
    st.sampled_from(["a,b,c\n", '"a","b","c"\n', "", "2019,2020,2021\n", "\n2019,2020,2021\r", ",,\n1,2,3\n"]),
    st.lists(st.sampled_from(ROWS * 6 + ODD), min_size=1, max_size=12),
    st.sampled_from([4, 16, 100]),
)
def test_a_table_is_the_same_as_pandas_reads_it(header: str, rows: list[str], block_bytes: int) -> None:
    text = header + ROWS[0] + "".join(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_blocks, "BLOCK_BYTES", block_bytes)
        found = frame(text, bool(header))
        patch.setattr(csv_blocks, "whole_numbers", lambda *_: None)
        expected = frame(text, bool(header))
    if isinstance(found, str) or isinstance(expected, str):
        assert found == expected
        return
    assert torch.equal(found.x_NC.nan_to_num(-1), expected.x_NC.nan_to_num(-1))
    for name, values in expected.apart.items():
        assert found.apart[name].tolist() == pytest.approx(values.tolist(), nan_ok=True)
    assert found.words == expected.words
