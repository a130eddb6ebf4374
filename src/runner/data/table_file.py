"""A file on its way to a table: its bytes, its text, its cells, its target and its splits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import torch

from runner.contracts import Column, Data, Task
from runner.data import table_cache
from runner.data.encodings import as_utf8, unpacked
from runner.data.frame import read_frame
from runner.data.layout import SAMPLE_BYTES, Reading, find_layout
from runner.data.official import Official, official_rows
from runner.data.table import Meaning, Table
from runner.data.table_cache import Cells
from runner.data.table_text import TableText
from runner.data.target import TargetCells, read_target, rounding_note
from runner.errors import ConfigError, DataError

MOST_NAMES = 20  # of the columns, in a message
MOST_TITLE_LINES = 20  # in which a header is looked for


@dataclass(frozen=True)
class Goal:
    """What is to be predicted."""

    target: str
    task: Task | None  # None: as the values tell
    classes: Mapping[str, str] | None = None  # what the cells may say -> class, in order; None: as the values tell


def find_file(name: str, data_dir: Path) -> Path:
    """The file of this name, here or in ``data_dir``, where a file that was moved may be too. Raises DataError."""
    path = Path(name).expanduser()
    places = [path, data_dir / path.name] if path.is_absolute() else [Path.cwd() / path, data_dir / path]
    for place in places:
        if place.is_file():
            return place
    if any(place.is_dir() for place in places):
        raise DataError(f"dataset.path={name}: is a folder; name a file in it")
    if any(place.exists() for place in places):
        raise DataError(f"dataset.path={name}: is a pipe or a device, not a file; save the table as one")
    raise DataError(f"dataset.path={name}: no such file; looked for {' and '.join(map(str, places))}")


def read_table(path: Path, reading: Reading, meaning: Meaning, goal: Goal, official: Official) -> Data:
    """The rows of a file, to be fitted on those that train. Raises ConfigError, or DataError with line and column."""
    apart = [goal.target] if official.column is None else [goal.target, official.column]
    how = (reading, apart, sorted(meaning.as_words))
    cells = table_cache.cached(path, how, lambda: _read_cells(path, reading, meaning, apart))
    text = TableText(path, cells.encoding, cells.layout)
    frame = cells.frame
    if frame.num_rows < 2:
        raise DataError(f"{path}: holds {frame.num_rows} row: nothing to learn from and to judge by")
    if not frame.names:
        raise DataError(f"{path}: holds no column beside {' and '.join(apart)}: nothing to predict from")
    rows = official_rows(text, frame, official)
    target_cells = TargetCells(text, goal.target, frame.apart[goal.target], frame.words.get(goal.target))
    target = read_target(target_cells, goal.task, goal.classes, rows.others(frame.num_rows))
    data = Data(
        x=torch.empty(0),
        y=target.y_N,
        task=target.task,
        class_names=tuple(goal.classes.values()) if goal.classes else target.labels,
        official_val=rows.val,
        official_test=rows.test,
        target=goal.target,
        notes=tuple(filter(None, [*_notes(path, cells, reading), target.note])),
    )
    return replace(data, x=Table(text, frame, target, meaning, data))


def _read_cells(path: Path, reading: Reading, meaning: Meaning, apart: Sequence[str]) -> Cells:
    encoded = as_utf8(path, unpacked(path), reading.encoding)
    layout = find_layout(path, encoded.utf8, reading, apart)
    _check_names(path, encoded.utf8, layout.names, apart, meaning.columns)
    text = TableText(path, encoded.encoding, layout, encoded.utf8)
    return Cells(encoded.encoding, encoded.note, layout, read_frame(text, meaning.as_words, apart))


def _check_names(
    path: Path, utf8: bytes, names: Sequence[str], apart: Sequence[str], columns: Mapping[str, Column | str]
) -> None:
    """Raises ConfigError for each column that is spoken of and not there."""
    asked = [("dataset.target", apart[0]), *(("dataset.split_column", name) for name in apart[1:])]
    asked += [("dataset.columns", name) for name in columns]
    lacking = [(key, name) for key, name in asked if name not in names]
    if lacking:
        listed = ", ".join([*names[:MOST_NAMES], *["..."] * (len(names) > MOST_NAMES)])
        raise ConfigError(
            [
                f"{key}={name}: {path} has no such column{_hint(name, names, utf8)}\n  it has {listed}"
                for key, name in lacking
            ]
        )


def _hint(name: str, names: Sequence[str], utf8: bytes) -> str:
    """Where the column may be that was meant: one of nearly this name, or below a title."""
    if near := get_close_matches(name, names, n=1, cutoff=0.5):
        return f"; did you mean {near[0]}?"
    first_lines = utf8[:SAMPLE_BYTES].decode(errors="ignore").splitlines()[1:MOST_TITLE_LINES]
    cells = ((number, re.split(r"[,;|\t]", line)) for number, line in enumerate(first_lines, start=2))
    line = next((number for number, words in cells if name in (word.strip(' "') for word in words)), None)
    return f"; line {line} holds the word: take out the lines above it" if line else ""


def _notes(path: Path, cells: Cells, reading: Reading) -> list[str]:
    """What a user should know of how the file was read."""
    names, notes = cells.layout.names, [cells.note] if cells.note else []
    if not cells.layout.has_header and reading.names is None:
        notes.append(
            f"{path}: line 1 names no columns; they are called {names[0]} to {names[-1]} (dataset.names=[...])"
        )
    for name in cells.frame.rounded:
        notes.append(f"column {rounding_note(name)}")
    return notes
