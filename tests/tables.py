"""Small tables written as files, and read as a run reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from options import part
from runner.contracts import Data, Split
from runner.data.csv import Csv
from runner.data.splits import SplitSettings, split
from runner.experiment.assemble import OF_EVERY_DATASET

HEADER = "size,colour,old,price"
ROWS = [f"{i % 7 + i / 2},{('red', 'green', 'blue')[i % 3]},{('yes', 'no')[i % 2]},{i * 1.5 + 0.25}" for i in range(40)]


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
    return path


def source(path: Path, target: str = "price", **knobs: Any) -> Csv:
    """As a run with dataset.strict=true reads it, where nothing else is said."""
    own = part("dataset", "csv", path=str(path), target=target, **{"strict": True, **knobs}).knobs
    return Csv(**{key: value for key, value in own.items() if key not in OF_EVERY_DATASET})


def read(path: Path, target: str = "price", **knobs: Any) -> Data:
    return source(path, target, **knobs).load(path.parent)


def fitted(path: Path, target: str = "price", **knobs: Any) -> tuple[Data, Split]:
    data = read(path, target, **knobs)
    rows = split(data, SplitSettings(0, 0.1, 0.2, None, None))
    return data.x.fitted(rows), rows  # type: ignore[union-attr]
