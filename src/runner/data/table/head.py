"""What the first lines of a table tell, without the libraries that read it whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from runner.data.table.cells import first_of
from runner.data.table.dialect import SAMPLE_BYTES, Layout, Reading, find_layout
from runner.data.table.packing import KINDS, opened, plain
from runner.data.table.text import as_utf8, composed
from runner.errors import DataError, RunnerError
from runner.text import expanded

FORMAT = ("header", "names", "delimiter", "encoding")  # which, where said, a first look does not heed
MOST_NAMES = 20  # of the columns, in a message
MOST_TITLE_LINES = 20  # in which a header is looked for


def column_names(path: Path) -> tuple[str, ...]:
    """As ``dataset=csv`` names them; () of another program's table, or of none."""
    return _head(path)[0]


def target_faults(knobs: Any) -> Iterator[str]:
    """A fault where a table of one's own has no such target, as far as its first lines tell."""
    path, target = (knobs.get("path"), knobs.get("target")) if isinstance(knobs, Mapping) else (None, None)
    if not (isinstance(path, str) and isinstance(target, str)) or any(knobs.get(name) is not None for name in FORMAT):
        return
    if target == "???":  # nobody has said it, which is a fault already
        return
    names, utf8 = _head(expanded(path), [composed(target)])
    if names and composed(target) not in names:
        yield no_such_column("dataset.target", target, Path(path), names, utf8)


def no_such_column(key: str, name: str, path: Path, names: Sequence[str], utf8: bytes) -> str:
    """The fault, with the column that may be meant and those that there are."""
    hint = _hint(key, name, names, utf8)
    return f"{key}={name}: {path} has no such column{hint}\n  it has {first_of(names, MOST_NAMES)}"


def _hint(key: str, name: str, names: Sequence[str], utf8: bytes) -> str:
    """Where the column may be that was meant: two at once, one of nearly this name, or below a title."""
    several = [part.strip() for part in name.split(",")]
    if len(several) > 1 and set(several) <= set(names):
        return f"; one {key.rpartition('.')[2]} at a time: {key}={several[0]}"
    if near := near_column(name, names):
        return f"; did you mean {near}?"
    first_lines = utf8[:SAMPLE_BYTES].decode(errors="ignore").splitlines()[1:MOST_TITLE_LINES]
    cells = ((number, re.split(r"[,;|\t]", line)) for number, line in enumerate(first_lines, start=2))
    line = next((number for number, words in cells if name in (word.strip(' "') for word in words)), None)
    return f"; line {line} holds the word: take out the lines above it" if line else ""


def near_column(name: str, names: Sequence[str]) -> str | None:
    """The column that is most likely meant; None of a number, which is a place."""
    plain_names = {other.casefold(): other for other in names}
    is_none = re.fullmatch(r"-?\d+|\[.*|.*,.*", name)  # a place, or several
    near = [] if is_none else get_close_matches(name.casefold(), plain_names, n=1, cutoff=0.5)
    return plain_names[near[0]] if near else None


def _head(path: Path, said: Sequence[str] = ()) -> tuple[tuple[str, ...], bytes]:
    """(the names of the columns, the first lines in UTF-8); nothing of another program's table, or of none."""
    try:
        layout, _, utf8 = first_layout(path, Reading(), said)
        return layout.names, utf8
    except (RunnerError, OSError):
        return (), b""


def first_layout(path: Path, reading: Reading, said: Sequence[str] = ()) -> tuple[Layout, str, bytes]:
    """(layout, encoding, the first lines in UTF-8). Raises ConfigError, DataError or OSError where they are no text.

    A line 1 that has the words ``said`` is one of names.
    """
    with opened(path) as file:
        raw = file.read(SAMPLE_BYTES)
    if raw.startswith(tuple(KINDS)):
        raise DataError(f"{path}: is packed twice, or another program's table")
    if len(raw) == SAMPLE_BYTES:
        raw = raw[: raw.rfind(b"\n") + 1]  # no letter is cut
    encoded = as_utf8(path, plain(path, raw), reading.encoding)
    return find_layout(path, encoded.utf8, reading, said), encoded.encoding, encoded.utf8
