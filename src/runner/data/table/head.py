"""The names of a table's columns by its first lines, without the libraries that read it whole."""

from __future__ import annotations

from pathlib import Path

from runner.config import regular_file
from runner.data.table.dialect import SAMPLE_BYTES, Reading, find_layout
from runner.data.table.packing import KINDS, plain
from runner.data.table.text import as_utf8
from runner.errors import RunnerError


def column_names(path: Path) -> tuple[str, ...]:
    """As ``dataset=csv`` names them; () of what is packed, another program's or no table."""
    try:
        with regular_file.opened(path) as file:
            raw = file.read(SAMPLE_BYTES)
        if len(raw) == SAMPLE_BYTES:
            raw = raw[: raw.rfind(b"\n") + 1]  # no letter is cut
        if raw.startswith(tuple(KINDS)):
            return ()
        return find_layout(path, as_utf8(path, plain(path, raw), None).utf8, Reading()).names
    except (RunnerError, OSError):
        return ()
