"""schema.json: what a row of the run's data is and what the answers mean, so that a run answers without its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, get_args

import torch
from torch import Tensor

from runner.contracts import Column, Data, DatePart, Missing, Notation, Task
from runner.data.picture import edges
from runner.errors import DataError
from runner.runs.directory import RunDirectory
from runner.runs.files import read_json, write_json

FORMAT = 1
ROWS_LOOKED_AT = 1000
BRIGHTEST = 255  # of a picture in a file
LARGEST_ROW = 10**8  # numbers: 0.4 GB
LONGEST_SHOWN = 60  # characters of a value that differs


@dataclass(frozen=True)
class Schema:
    """Raw rows, as the data set gives them and the run's transforms take them."""

    task: Task
    class_names: tuple[str, ...]  # K; () for regression
    row_shape: tuple[int, ...]  # [C, H, W] or [F]
    columns: tuple[Column, ...]  # F of a table, named by their place where the data set does not; () for pictures
    black: float  # what a pixel is where a picture is darkest
    white: float  # ... and where it is brightest
    border: float  # brightness of the edge of the train pictures, 0 to 1: which of the two is their background

    @property
    def is_pictures(self) -> bool:
        return len(self.row_shape) == 3


def schema_of(data: Data, train_rows: Tensor) -> Schema:
    """The schema of a data set whose first train rows show which values it takes."""
    row_shape = tuple(data.x.shape[1:])
    columns = data.columns or tuple(Column(f"column_{i}") for i in range(row_shape[0]))
    plain = Schema(data.task, data.class_names, row_shape, columns, 0.0, 1.0, 0.0)
    if not plain.is_pictures:
        return plain
    if not isinstance(data.x, Tensor):  # streams: not read for this alone; bytes are 0..255, the rest is unknown
        return replace(plain, columns=(), white=float(BRIGHTEST) if data.x.dtype == torch.uint8 else 1.0)
    return _with_brightness(replace(plain, columns=()), data.x[train_rows[:ROWS_LOOKED_AT]])


def _with_brightness(schema: Schema, x_NCHW: Tensor) -> Schema:
    """Bytes that are all small are of fewer shades (digits: 0..16); others are meant to reach 255."""
    white, black = float(x_NCHW.max()), 0.0
    if x_NCHW.dtype != torch.uint8:
        black = float(x_NCHW.min())
    elif white > BRIGHTEST // 2:
        white = float(BRIGHTEST)
    mean = torch.cat([edge.flatten() for edge in edges(x_NCHW)]).float().mean().item()
    return replace(schema, black=black, white=white, border=(mean - black) / (white - black or 1.0))


def as_dict(schema: Schema) -> dict[str, Any]:
    """Plain data, for schema.json and for every checkpoint."""
    return {"format": FORMAT, **asdict(schema)}


def write_schema(directory: RunDirectory, schema: Schema) -> None:
    write_json(directory.schema, as_dict(schema))


def read_schema(directory: RunDirectory) -> Schema:
    """schema.json. Raises DataError when it is damaged or of another format."""
    return _checked(read_json(directory.schema), directory.schema)


def saved_schema(saved: Mapping[str, Any], where: Path) -> Schema | None:
    """The schema in a checkpoint, ``where`` it lies; None in one of an early build. Raises DataError."""
    return _checked(dict(saved["schema"]), where) if isinstance(saved.get("schema"), Mapping) else None


def check_same_schema(read: Schema, saved: Schema, path: Path) -> None:
    """Raise DataError, naming what differs, where schema.json is not what the net was trained with."""
    if read != saved:
        raise DataError(
            f"{path}: changed since the run was saved: {_difference('', saved, read)}\n"
            "  put it back, or take it away: the checkpoint has it too"
        )


def _difference(name: str, before: Any, now: Any) -> str:
    """The first thing that is not as it was, by its place: class_names[0] was cat, is dog."""
    if is_dataclass(before):
        field = next(field for field in vars(before) if getattr(before, field) != getattr(now, field))
        return _difference(f"{name}.{field}" if name else field, getattr(before, field), getattr(now, field))
    if isinstance(before, tuple) and len(before) == len(now):
        place = next(place for place, (old, new) in enumerate(zip(before, now, strict=True)) if old != new)
        return _difference(f"{name}[{place}]", before[place], now[place])
    return f"{name} was {_short(before)}, is {_short(now)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} ..."


def _checked(content: dict[str, Any], path: Path) -> Schema:
    if content.pop("format", None) != FORMAT:
        raise DataError(f"{path}: of another format; this build reads format {FORMAT}")
    try:
        schema = _schema(content)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as fault:
        raise DataError(f"{path}: damaged: {fault}") from fault
    has_row = bool(schema.row_shape) and min(schema.row_shape) > 0 and prod(schema.row_shape) <= LARGEST_ROW
    if schema.task not in get_args(Task) or not has_row:
        raise DataError(f"{path}: damaged: task {schema.task}, row_shape {list(schema.row_shape)}")
    return schema


def _schema(content: dict[str, Any]) -> Schema:
    return Schema(
        task=content["task"],
        class_names=tuple(map(str, content["class_names"])),
        row_shape=tuple(map(int, content["row_shape"])),
        columns=tuple(map(_column, content["columns"])),
        black=float(content["black"]),
        white=float(content["white"]),
        border=float(content["border"]),
    )


def _column(content: dict[str, Any]) -> Column:
    missing = content["missing"]
    if missing not in get_args(Missing):
        raise ValueError(f"missing {missing}")
    return Column(
        name=str(content["name"]),
        categories=tuple(map(str, content["categories"])),
        ordered=bool(content["ordered"]),
        missing=missing,
        takes_unknown=bool(content["takes_unknown"]),
        notation=_notation(content.get("notation", {})),
        source=str(content.get("source", "")),
    )


def _notation(content: dict[str, Any]) -> Notation:
    """How cells spell numbers; a run of an older build says nothing of it."""
    decimal, part = str(content.get("decimal", "")), content.get("date_part", "")
    if decimal not in ("", ".", ",") or part not in get_args(DatePart):
        raise ValueError(f"decimal {decimal}, date_part {part}")
    unit, date_format = str(content.get("unit", "")), str(content.get("date_format", ""))
    return Notation(decimal, tuple(map(str, content.get("markers", ()))), unit, date_format, part)
