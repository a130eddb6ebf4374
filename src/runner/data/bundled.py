"""Number files that scikit-learn carries, read without importing it: 0.01 s instead of 1.4 s."""

import importlib.util
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from runner.contracts import Column, Data
from runner.errors import DataError

REINSTALL = "reinstall it: pip install --force-reinstall scikit-learn"


def read_table(file_name: str, num_rows: int, columns: Sequence[str], class_names: tuple[str, ...]) -> Data:
    """The classified table ``file_name``: one heading line, then the columns and the class code in each line."""
    numbers = read_numbers(file_name, shape=(num_rows, len(columns) + 1), heading_lines=1)
    return Data(
        x=torch.from_numpy(numbers[:, :-1].copy()),
        y=torch.from_numpy(numbers[:, -1].astype(np.int64)),
        task="binary" if len(class_names) == 2 else "multiclass",
        class_names=class_names,
        columns=tuple(Column(name) for name in columns),
    )


def read_numbers(
    file_name: str, *, shape: tuple[int, int], delimiter: str | None = ",", heading_lines: int = 0
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The numbers of a plain or gzipped file, [rows, columns] float32. Raises DataError unless they fill ``shape``."""
    path = folder() / file_name
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # numpy only warns of a file without a line
            numbers = np.loadtxt(path, dtype=np.float32, delimiter=delimiter, skiprows=heading_lines, ndmin=2)
    except FileNotFoundError:
        raise DataError(f"{path} is missing from scikit-learn; {REINSTALL}") from None
    except (OSError, EOFError, ValueError, UserWarning, zlib.error) as fault:
        raise DataError(f"{path} cannot be read: {fault}; {REINSTALL}") from fault
    if numbers.shape != shape:
        raise DataError(f"{path} holds {numbers.shape} numbers, not {shape}; {REINSTALL}")
    return numbers


def folder() -> Path:
    """Where scikit-learn keeps its data files."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise DataError("scikit-learn carries this data set and is not installed; pip install scikit-learn")
    return Path(spec.submodule_search_locations[0]) / "datasets" / "data"
