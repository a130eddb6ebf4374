from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.data.table import faults
from runner.data.table.dialect import Reading, find_layout
from runner.data.table.faults import TableText
from runner.data.table.frame import Frame, read_frame
from runner.errors import DataError

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


def test_short_whole_numbers_are_read_as_they_are() -> None:
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
def test_a_table_is_the_same_in_blocks_of_any_size(header: str, rows: list[str], block_bytes: int) -> None:
    text = header + ROWS[0] + "".join(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(faults, "BLOCK_BYTES", block_bytes)
        found = frame(text, bool(header))
        patch.setattr(faults, "BLOCK_BYTES", 2**20)
        expected = frame(text, bool(header))
    if isinstance(found, str) or isinstance(expected, str):
        assert found == expected
        return
    assert torch.equal(found.x_NC.nan_to_num(-1), expected.x_NC.nan_to_num(-1))
    for name, values in expected.apart.items():
        assert found.apart[name].tolist() == pytest.approx(values.tolist(), nan_ok=True)
    assert found.words == expected.words
