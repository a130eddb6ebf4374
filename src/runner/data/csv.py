"""A table of a user's own: any CSV, TSV or the like, with a header or without, gzipped or not, here or at an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from runner.contracts import Column, Data, Source, Task
from runner.data.encodings import as_utf8, unpacked
from runner.data.frame import Frame, read_frame
from runner.data.kinds import Kind
from runner.data.layout import Reading, find_layout
from runner.data.table import Meaning, Table
from runner.data.table_text import Fault, TableText
from runner.data.target import Cells, read_target
from runner.errors import ConfigError, DataError

KINDS: tuple[Kind, ...] = ("numeric", "binary", "categorical", "ignored")
SPLIT_NAMES = {"train": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val", "test": "test"}


class Csv(Source):
    """The rows of the file ``path``; a relative path counts from the current folder, else from ``data_dir``."""

    def __init__(
        self,
        *,
        path: str,
        target: str,
        task: Task | None,
        columns: dict[str, Any],
        missing: Literal["refuse", "impute"],
        unknown: Literal["refuse", "zeros"],
        split_column: str | None,
        split_rows: tuple[int, int] | None,
        header: bool | None,
        names: list[str] | None,
        delimiter: str | None,
        decimal: str | None,
        encoding: str | None,
    ):
        self.path, self.target, self.task = path, target, task
        self.meaning = Meaning(said_columns(columns), missing, unknown)
        self.official = Official(split_column, split_rows)
        self.reading = Reading(delimiter, decimal, encoding, header, None if names is None else tuple(names))

    def load(self, data_dir: Path) -> Data:
        path = find_file(self.path, data_dir)
        return read_table(path, self.reading, self.meaning, self.target, self.task, self.official)


def said_columns(columns: Mapping[str, Any]) -> dict[str, Column | Kind]:
    """``dataset.columns`` checked: a kind, or a list of the categories in their order. Raises ConfigError."""
    faults = [
        f"dataset.columns.{name}={said}: give one of {', '.join(KINDS)}, or the categories of an ordinal in order,"
        f" as [S,M,L]"
        for name, said in columns.items()
        if said not in KINDS and not _is_order(said)
    ]
    if faults:
        raise ConfigError(faults)
    return {
        str(name): Column(str(name), tuple(map(str, said)), ordered=True) if isinstance(said, list) else said
        for name, said in columns.items()
    }


def _is_order(said: Any) -> bool:
    return isinstance(said, list) and len(set(map(str, said))) == len(said) >= 2


@dataclass(frozen=True)
class Official:
    """Where the rows of each split are said: in a column, or by position; in neither: they are drawn."""

    column: str | None = None
    rows: Sequence[int] | None = None  # of train and of validation, from the top; the rest is for the test

    def __post_init__(self) -> None:
        if self.column is not None and self.rows is not None:
            raise ConfigError("dataset.split_column excludes dataset.split_rows; leave one of them null")


def find_file(name: str, data_dir: Path) -> Path:
    """The file of this name, here or in ``data_dir``. Raises DataError."""
    path = Path(name).expanduser()
    places = [path] if path.is_absolute() else [Path.cwd() / path, data_dir / path]
    for place in places:
        if place.is_file():
            return place
    if any(place.is_dir() for place in places):
        raise DataError(f"dataset.path={name}: is a folder; name a file in it")
    raise DataError(f"dataset.path={name}: no such file; looked for {' and '.join(map(str, places))}")


def read_table(
    path: Path,
    reading: Reading,
    meaning: Meaning,
    target: str,
    task: Task | None,
    official: Official,
    classes: Mapping[str, str] | None = None,
) -> Data:
    """The table of a file, to be fitted on its train rows. Raises ConfigError or DataError with line and column."""
    raw = path.read_bytes()
    encoded = as_utf8(path, unpacked(path, raw), reading.encoding)
    layout = find_layout(path, encoded.utf8, reading, [target])
    text = TableText(path, raw, encoded.encoding, layout)
    notes = [encoded.note] if encoded.note else []
    if not layout.has_header and reading.names is None:
        notes.append(f"{path}: line 1 names no columns; they are called {layout.names[0]} to {layout.names[-1]}")
    apart = [target] if official.column is None else [target, official.column]
    check_names(path, layout.names, apart, meaning)
    as_words = {
        name
        for name, said in meaning.columns.items()
        if said not in ("numeric", "ignored") and not (isinstance(said, Column) and not said.categories)
    }
    frame = read_frame(text, as_words, apart)
    val, test = official_rows(text, frame, official)
    drawn = torch.ones(frame.num_rows, dtype=torch.bool)
    for rows in (val, test):
        if rows is not None:
            drawn[rows] = False
    cells = Cells(text, target, frame.apart[target], frame.words.get(target))
    found = read_target(cells, task, classes, drawn.nonzero().flatten())
    if found.note:
        notes.append(found.note)
    notes += [
        f"column {name}: whole numbers above 16,777,216 are rounded to 7 digits (float32)" for name in frame.rounded
    ]
    data = Data(
        x=torch.zeros(0),
        y=found.y_N,
        task=found.task,
        class_names=tuple(classes.values()) if classes else found.labels,
        official_val=val,
        official_test=test,
        target=target,
        notes=tuple(notes),
    )
    return replace(data, x=Table(text, frame, found, meaning, data))


def check_names(path: Path, names: Sequence[str], apart: Sequence[str], meaning: Meaning) -> None:
    keys = dict(zip(("dataset.target", "dataset.split_column"), apart, strict=False))
    faults = []
    for key, name in [*keys.items(), *(("dataset.columns", name) for name in meaning.columns)]:
        if name not in names:
            near = get_close_matches(name, names, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            faults.append(f"{key}={name}: {path} has no such column{hint}\n  it has {', '.join(names[:20])}")
    if faults:
        raise ConfigError(faults)


def official_rows(text: TableText, frame: Frame, official: Official) -> tuple[Tensor | None, Tensor | None]:
    """(validation, test) row numbers where they are said, None where they are to be drawn."""
    if official.rows is not None:
        num_train, num_val = official.rows
        end = num_train + num_val
        if end > frame.num_rows:
            raise DataError(f"{text.path}: has {frame.num_rows:,} rows, fewer than the {end:,} of dataset.split_rows")
        return torch.arange(num_train, end), torch.arange(end, frame.num_rows)
    if official.column is None:
        return None, None
    name = official.column
    words = frame.words.get(name, ())
    split_of = [SPLIT_NAMES.get(word.lower()) for word in words]
    codes_N = frame.apart[name].astype(np.int64) if name in frame.words else np.full(frame.num_rows, -1)
    is_wrong_N = np.array([*(split is None for split in split_of), True])[codes_N]
    if is_wrong_N.any():
        text.refuse([Fault(int(is_wrong_N.argmax()), name, " is no split; write train, val or test")])
    rows = {
        split: torch.from_numpy(np.isin(codes_N, [code for code, s in enumerate(split_of) if s == split]).nonzero()[0])
        for split in ("val", "test")
    }
    return tuple(found if len(found) else None for found in rows.values())  # type: ignore[return-value]
