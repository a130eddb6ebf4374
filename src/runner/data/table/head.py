"""What the first lines of a table tell, without the libraries that read it whole."""

from __future__ import annotations

from pathlib import Path

from runner.data.table.dialect import SAMPLE_BYTES, Layout, Reading, find_layout
from runner.data.table.packing import KINDS, opened, plain
from runner.data.table.text import as_utf8
from runner.errors import DataError, RunnerError


def column_names(path: Path) -> tuple[str, ...]:
    """As ``dataset=csv`` names them; () of another program's table, or of none."""
    try:
        return first_layout(path, Reading())[0].names
    except (RunnerError, OSError):
        return ()


def first_layout(path: Path, reading: Reading) -> tuple[Layout, str]:
    """(the layout, the encoding). Raises ConfigError, DataError or OSError where the first lines are no text of it."""
    with opened(path) as file:
        raw = file.read(SAMPLE_BYTES)
    if raw.startswith(tuple(KINDS)):
        raise DataError(f"{path}: is packed twice, or another program's table")
    if len(raw) == SAMPLE_BYTES:
        raw = raw[: raw.rfind(b"\n") + 1]  # no letter is cut
    encoded = as_utf8(path, plain(path, raw), reading.encoding)
    return find_layout(path, encoded.utf8, reading), encoded.encoding
