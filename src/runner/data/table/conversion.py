"""The tables of other programs as CSV text: read by pandas, with the package that it needs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

PROGRAMS: Mapping[str, tuple[str, str]] = {  # kind -> what it is, what pandas reads it with
    "xlsx": ("an Excel workbook", "openpyxl"),
    "xlsb": ("a binary Excel workbook", "pyxlsb"),
    "xls": ("an old Excel workbook", "xlrd"),
    "ods": ("an OpenDocument sheet", "odfpy"),
    "parquet": ("a Parquet file", "pyarrow"),
    "feather": ("a Feather file", "pyarrow"),
}
ENGINES = {"odfpy": "odf"}  # what pandas calls a package, where it is no name of its own


def as_csv(path: Path | str, raw: bytes, kind: str) -> tuple[bytes, bool | None, str]:
    """(the table as CSV in UTF-8, whether its first line names the columns, what of the file was not taken).

    Numbers are spelled so that they are read back as they are, dates as ISO has them. Raises DataError.
    """
    what, package = PROGRAMS[kind]
    try:
        if kind in ("parquet", "feather"):
            return _columns_as_csv(raw, kind), True, ""
        return _sheet_as_csv(path, raw, ENGINES.get(package, package))
    except ImportError as fault:
        raise DataError(f"{path}: is {what}: pip install {package}, or save it as CSV") from fault
    except DataError:
        raise
    except Exception as fault:  # each reader has faults of its own
        said = (str(fault) or type(fault).__name__).splitlines()[0][:200]
        raise DataError(f"{path}: is {what}, and cannot be read: {said}\n  save it as CSV") from fault


def _columns_as_csv(raw: bytes, kind: str) -> bytes:
    import pandas as pd

    read = pd.read_parquet if kind == "parquet" else pd.read_feather
    frame = read(io.BytesIO(raw), dtype_backend="numpy_nullable")  # whole numbers stay so where some are missing
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    text: str = frame.to_csv(index=False)
    return text.encode()


def _sheet_as_csv(path: Path | str, raw: bytes, engine: str) -> tuple[bytes, bool | None, str]:
    """Of the first sheet that holds anything; whether its first row is a header, is found as in a CSV file."""
    import pandas as pd

    with _book(raw, engine) as book:
        names = list(map(str, book.sheet_names))
        for name in names:
            cells = pd.read_excel(book, sheet_name=name, header=None, dtype=object, na_filter=False)
            if cells.size:
                others = ", ".join(repr(other) for other in names if other != name)
                note = f"{path}: the sheet {name!r} is read, not {others}" if others else ""
                return _spelled(cells), None, note
    raise DataError(f"{path}: no sheet of it holds anything")


def _book(raw: bytes, engine: str) -> pd.ExcelFile:
    """Opened by the engine, or by the one that opens them all. Raises ImportError."""
    import pandas as pd

    try:
        return pd.ExcelFile(io.BytesIO(raw), engine=engine)
    except ImportError:
        return pd.ExcelFile(io.BytesIO(raw), engine="calamine")


def _spelled(cells: pd.DataFrame) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([map(_cell, row) for row in cells.itertuples(index=False)])
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    return repr(value) if type(value) is float else str(value)
