"""A text of short whole numbers alone, as counts, indicators and pixels are: read in less than half of pandas' time.

Shapes: n rows, W columns, m = n W cells.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_DIGITS = 7  # float32 has every whole number up to 2^24 = 16,777,216


def whole_numbers(utf8: bytes, delimiter: str, width: int) -> NDArray[np.float32] | None:
    """[n, W] the cells; None where a cell is anything but up to 7 digits or a line has not ``width`` cells."""
    text = np.frombuffer(utf8, np.uint8)
    digits = text - np.uint8(ord("0"))  # what stands before "0" wraps to above 9
    ends_m = np.flatnonzero(digits > 9)
    num_rows, surplus = divmod(len(ends_m), width)
    num_delimiters = np.count_nonzero(text == ord(delimiter))
    if not num_rows or surplus or num_delimiters != num_rows * (width - 1):
        return None
    if (text[ends_m[width - 1 :: width]] != ord("\n")).any() or len(utf8) != ends_m[-1] + 1:
        return None
    lengths_m = np.diff(ends_m, prepend=-1) - 1
    longest = int(lengths_m.max())
    if lengths_m.min() < 1 or longest > MOST_DIGITS:
        return None
    ends_m -= 1
    x_m = digits[ends_m].astype(np.float32)
    long = np.flatnonzero(lengths_m > 1)
    ends, lengths, values = ends_m[long], lengths_m[long], x_m[long]
    for place in range(1, longest):
        values += digits[ends - place] * (lengths > place) * np.float32(10**place)
    x_m[long] = values
    return x_m.reshape(num_rows, width)
