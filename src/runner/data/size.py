"""How large the table of a data set is, before torch is imported and its rows are read."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from runner.data.covtype_files import TRAIN_ROWS, VAL_ROWS, found
from runner.data.table.dialect import Reading
from runner.data.table.file import find_file, is_address
from runner.data.table.head import first_layout
from runner.data.table.packing import opened
from runner.errors import RunnerError


class Size(NamedTuple):
    """Of all splits together."""

    num_rows: int
    num_columns: int  # to predict from


PUBLISHED = {  # by the class of the data set
    "runner.data.adult.Adult": Size(48_842, 14),
    "runner.data.breast_cancer.BreastCancer": Size(569, 30),
    "runner.data.california.California": Size(20_640, 8),
    "runner.data.car.Car": Size(1_728, 6),
    "runner.data.covtype.Covtype": Size(581_012, 54),
    "runner.data.diabetes.Diabetes": Size(442, 10),
    "runner.data.iris.Iris": Size(150, 4),
    "runner.data.iris.NumberedIris": Size(150, 5),
    "runner.data.wine.Wine": Size(178, 13),
}
LONGEST_LINE = 2**20  # characters that are read at once
SAID = {"delimiter": str, "encoding": str, "header": bool}  # of a file, where its first lines need not tell


def table_size(target: str | None, knobs: Mapping[str, Any], data_dir: Path, most_cells: int) -> Size | None:
    """The size of the data set of the class ``target``; of a file no more rows are counted than hold ``most_cells``.

    ``knobs`` are not checked yet. None where only its reader will know, as of a workbook or of an address.
    """
    try:
        if target == "runner.data.csv.Csv":
            return _own_size(knobs, data_dir, most_cells)
        if target == "runner.data.covtype.Covtype":
            return _covtype_size(knobs, data_dir, most_cells)
    except (RunnerError, OSError, csv.Error):
        return None  # what is wrong with the file is told where it is read
    num_rows, shape = knobs.get("num_rows"), knobs.get("shape")
    if target == "runner.data.random.Random" and isinstance(num_rows, int) and isinstance(shape, list):
        return Size(num_rows, shape[0]) if shape and isinstance(shape[0], int) else None
    return PUBLISHED.get(target or "")


def _own_size(knobs: Mapping[str, Any], data_dir: Path, most_cells: int) -> Size | None:
    path = knobs.get("path")
    if not isinstance(path, str) or is_address(path):
        return None
    said = {name: knobs[name] for name, kind in SAID.items() if isinstance(knobs.get(name), kind)}
    if len(said.get("delimiter", ",")) != 1:
        return None
    return file_size(find_file(path, data_dir), Reading(**said), most_cells)


def _covtype_size(knobs: Mapping[str, Any], data_dir: Path, most_cells: int) -> Size | None:
    """Of the official split without its test rows, which are most of the file."""
    whole, path = PUBLISHED["runner.data.covtype.Covtype"], knobs.get("path")
    files = [find_file(path, data_dir)] if isinstance(path, str) else found(data_dir)
    size = file_size(files[0], Reading(delimiter=","), most_cells) if files else whole
    most_rows = TRAIN_ROWS + VAL_ROWS if knobs.get("split") == "official" else whole.num_rows
    return whole._replace(num_rows=min(size.num_rows, most_rows))


def file_size(path: Path, reading: Reading, most_cells: int) -> Size:
    """The rows of a text that hold anything, and its columns but the target.

    Raises DataError, ConfigError, OSError or csv.Error where it is no text, or cannot be read.
    """
    state = path.stat()
    return _counted(path, reading, most_cells, state.st_size, state.st_mtime_ns)


@cache
def _counted(path: Path, reading: Reading, most_cells: int, *state: int) -> Size:
    """As ``file_size``, once for each ``state`` of the file."""
    layout, encoding, _ = first_layout(path, reading)
    num_columns = max(len(layout.names) - 1, 1)
    most_records = most_cells // num_columns + 2  # the header, and one row too many
    with opened(path) as file, io.TextIOWrapper(file, encoding, "replace", newline="") as lines:
        pieces = iter(partial(lines.readline, LONGEST_LINE), "")  # what is packed may be one endless line
        records = csv.reader(pieces, delimiter=layout.separator, skipinitialspace=True)
        num_records = sum(map(any, islice(records, most_records)))
    return Size(num_records - layout.has_header, num_columns)
