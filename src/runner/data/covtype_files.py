"""Files of covtype, told by their columns. torch is not imported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runner.data.table.packing import opened
from runner.errors import DataError

MEASURES = (
    "Elevation Aspect Slope Horizontal_Distance_To_Hydrology Vertical_Distance_To_Hydrology "
    "Horizontal_Distance_To_Roadways Hillshade_9am Hillshade_Noon Hillshade_3pm Horizontal_Distance_To_Fire_Points"
)
FEATURES = (*MEASURES.split(), *(f"Wilderness_Area{i}" for i in range(1, 5)), *(f"Soil_Type{i}" for i in range(1, 41)))
TARGET = "Cover_Type"
TRAIN_ROWS, VAL_ROWS = 11_340, 3_780  # the first of the file, as its donors split it
ROW_NUMBER = "Id"  # in front of the others in the file of Kaggle's competition
NAMES = ("covtype.data", "covtype.csv", "covtype.data.gz", "covtype.csv.gz")
OF_KAGGLE = "train.csv"
HEAD_BYTES = 2**13  # more than a line has


def found(data_dir: Path) -> list[Path]:
    """The files in ``data_dir`` that have the columns of covtype, the largest first: the whole before a part."""
    if not data_dir.is_dir():
        return []
    near = (path for path in data_dir.iterdir() if path.name == OF_KAGGLE or path.name.lower().startswith("covtype"))
    files = [path for path in near if path.is_file() and _is_covtype(path)]
    return sorted(files, key=lambda path: (-path.stat().st_size, path.name))


def names_in(path: Path) -> tuple[str, ...]:
    """The names of the columns that the file has, or is to have."""
    return _names_beside(first_row(path))


def _names_beside(row: Sequence[str]) -> tuple[str, ...]:
    return (*((ROW_NUMBER,) if row[:1] == [ROW_NUMBER] else ()), *FEATURES, TARGET)


def first_row(path: Path) -> list[str]:
    """The cells of the first line; [] where it cannot be read."""
    try:
        with opened(path) as file:
            head = file.read(HEAD_BYTES)
    except (DataError, OSError):
        return []
    line = head.decode("utf-8-sig", "ignore").lstrip().partition("\n")[0]
    return [cell.strip(' "\r') for cell in line.split(",")]


def _is_covtype(path: Path) -> bool:
    row = first_row(path)
    return tuple(row) == _names_beside(row) or (path.name != OF_KAGGLE and _is_plot(row))


def _is_plot(row: Sequence[str]) -> bool:
    """Whether it is a row as UCI has it: 54 numbers, of which those behind the measures are 0 or 1, and a class."""
    measures, areas, label = row[:10], row[10:-1], row[-1:]
    is_right = all(cell.lstrip("-").isdecimal() for cell in measures) and set(areas) <= {"0", "1"}
    return len(row) == len(FEATURES) + 1 and is_right and label[0] in {*"1234567"}
