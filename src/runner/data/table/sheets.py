"""Tables of other programs as CSV.

Numbers are spelled so that they are read back as they are, dates as ISO has them.
"""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from runner.errors import DataError


def columns_as_csv(raw: bytes, kind: str) -> bytes:
    """Of a Parquet or Feather file, the names of its columns first."""
    read = pd.read_parquet if kind == "parquet" else pd.read_feather
    frame = read(io.BytesIO(raw), dtype_backend="numpy_nullable")  # whole numbers stay so where some are missing
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    return bytes(frame.to_csv(index=False).encode())


def sheet_as_csv(path: Path | str, raw: bytes, engine: str) -> tuple[bytes, str]:
    """(the first sheet that holds anything, what to say where there are others). Raises DataError where none does."""
    with _book(raw, engine) as book:
        for name in map(str, book.sheet_names):
            cells = pd.read_excel(book, sheet_name=name, header=None, dtype=object, na_filter=False)
            if cells.size:
                others = ", ".join(repr(other) for other in map(str, book.sheet_names) if other != name)
                note = f"{path}: the sheet {name!r} is read, not {others}" if others else ""
                return cells.map(_cell).to_csv(index=False, header=False).encode(), note
    raise DataError(f"{path}: no sheet of it holds anything")


def _book(raw: bytes, engine: str) -> pd.ExcelFile:
    """Opened by the engine, or by the one that opens them all. Raises ImportError."""
    try:
        return pd.ExcelFile(io.BytesIO(raw), engine=engine)
    except ImportError:
        return pd.ExcelFile(io.BytesIO(raw), engine="calamine")


def _cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    return repr(value) if type(value) is float else str(value)
